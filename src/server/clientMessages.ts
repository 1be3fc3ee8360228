import { MessageType, parseMessage, type Message } from 'graphql-ws';

/** What clients answer to every ping of ours: it is the one message that comes often. */
const barePongText = '{"type":"pong"}';
const barePong: Message = { type: MessageType.Pong };

/** Null for what is no message of the protocol: graphql-ws says so. */
export function readMessage(text: string): Message | null {
  if (text === barePongText) return barePong;
  try {
    return parseMessage(text);
  } catch {
    return null;
  }
}

/** What a payload gives in place of headers, which no browser lets a page set on a WebSocket. */
export type PayloadHeaders = Readonly<Record<string, unknown>>;

/** The fresh credentials that a `ping` may bring; null where it brings none. */
export function headersOf(pingPayload: unknown): PayloadHeaders | null {
  const isGiven = typeof pingPayload === 'object' && pingPayload !== null && 'authorization' in pingPayload;
  return isGiven ? { ...pingPayload } : null;
}

/** graphql-ws's complaint about a message that only a server sends. */
export function isForeignMessage(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type');
}
