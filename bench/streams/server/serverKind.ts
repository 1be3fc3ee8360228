/** The servers that take part, by the name that results use. */
export const serverNames = {
  raw: 'raw ws.send',
  rawWithToken: 'raw ws.send, token checked',
  floor: 'frames built once, one write a turn',
  tickgate: 'Tickgate',
  tickgateWindowed: 'Tickgate, 20 ms flush window',
  tickgateUnshared: 'Tickgate without shared execution',
  graphqlWs: 'graphql-ws',
  graphqlWsGuarded: 'graphql-ws with shield',
  mercurius: 'Mercurius',
} as const;

export type ServerKind = keyof typeof serverNames;

export function isOurs(kind: ServerKind): boolean {
  return kind.startsWith('tickgate');
}

/** Servers that let nobody in without a token. */
export const guardedServers: ReadonlySet<ServerKind> = new Set([
  'rawWithToken',
  'tickgate',
  'tickgateWindowed',
  'tickgateUnshared',
  'graphqlWsGuarded',
] satisfies ServerKind[]);

/** Servers that speak no GraphQL: a socket gets every market's events, unasked. */
export const rawServers: ReadonlySet<ServerKind> = new Set(['raw', 'rawWithToken', 'floor'] satisfies ServerKind[]);

export interface ServerSettings {
  readonly kind: ServerKind;
  /** The key behind the tokens that readers bring, PEM. */
  readonly signingKeyPem: string;
}

export interface ServerReport {
  readonly port: number;
  /** Where the client says what to publish. */
  readonly controlPort: number;
  /** Limits that are higher than a user would find them, by name. */
  readonly raisedLimits: Readonly<Record<string, number>>;
}

export interface ServerUsage {
  /** User and system time of the process since it began, what the kernel did to send included. */
  readonly cpuUs: number;
  /** Heap and external memory in use. */
  readonly heapBytes: number;
  /** Shared executions since the process began; 0 of a server that shares nothing. */
  readonly sharedExecutions: number;
  /** TCP connections that are open. */
  readonly connections: number;
}
