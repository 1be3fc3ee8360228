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

/** A payload as headers, whose names are the same in capitals: `Authorization` that nobody looks for would be taken for no credentials. */
export function headersOf(payload: unknown): PayloadHeaders {
  const headers = new Map<string, unknown>();
  for (const [written, value] of Object.entries(typeof payload === 'object' && payload !== null ? payload : {})) {
    const name = written.toLowerCase();
    // Of two, nobody can say which is meant: together they are good for nothing.
    headers.set(name, headers.has(name) ? [headers.get(name), value] : value);
  }
  return Object.fromEntries(headers);
}

/** The fresh credentials that a `ping` may bring; null where it brings none. */
export function freshHeadersOf(pingPayload: unknown): PayloadHeaders | null {
  const headers = headersOf(pingPayload);
  return 'authorization' in headers ? headers : null;
}

/** graphql-ws's complaint about a message that only a server sends. */
export function isForeignMessage(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type');
}
