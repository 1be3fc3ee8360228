import type { ConnectOrder, LoadOrder, LoadReport, StallOrder } from '../client/orders';
import type { ServerKind, ServerReport, ServerSettings, ServerUsage } from '../server/serverKind';

/** What a process can be asked, and what it answers. */
export type Calls = Record<string, { readonly ask: unknown; readonly answer: unknown }>;

export type Handlers<Asked extends Calls> = {
  readonly [Name in keyof Asked]: (ask: Asked[Name]['ask']) => Asked[Name]['answer'] | Promise<Asked[Name]['answer']>;
};

// Type aliases, because an interface is no `Record`.
export type ServerCalls = {
  start: { readonly ask: ServerSettings; readonly answer: ServerReport };
  /** Gives so many markets a state that streams open with. */
  openMarkets: { readonly ask: number; readonly answer: null };
  usage: { readonly ask: { readonly collectGarbage: boolean }; readonly answer: ServerUsage };
};

export type ClientCalls = {
  /** Resolves when every subscription has its first event; gives the bytes of such a frame. */
  connect: { readonly ask: ConnectOrder; readonly answer: number };
  disconnect: { readonly ask: ServerKind; readonly answer: null };
  /** As fast as the readers take it, at most three bursts outstanding. */
  closedLoop: { readonly ask: LoadOrder; readonly answer: LoadReport };
  /** As fast as the order says, whatever the readers do. */
  openLoop: { readonly ask: LoadOrder; readonly answer: LoadReport };
  /** The first so many readers stop reading. */
  stall: { readonly ask: StallOrder; readonly answer: null };
};

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly ask: unknown;
}

export type Answer =
  { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly failure: string };
