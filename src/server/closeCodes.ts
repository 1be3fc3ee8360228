export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

/** How we end a WebSocket; graphql-ws itself closes with 4400, 4401 and 4429, ws with 1007 and 1009. */
export const closeCodes = {
  /** The server restarts: come back. */
  restart: { code: 1012, reason: 'Service restart' },
  /** A fault of ours; the log tells. */
  internal: { code: 4500, reason: 'Internal server error' },
  /** Bad credentials: fatal, coming back with the same ones is useless. */
  unauthenticated: { code: 4401, reason: 'Unauthorized' },
  /** The access token has expired: come back with a fresh one. */
  tokenExpired: { code: 4403, reason: 'Token expired' },
  /** Nobody can tell just now whether credentials are good. */
  tryAgainLater: { code: 1013, reason: 'Try again later' },
  /** Not a message that a client sends. */
  badMessage: { code: 4400, reason: 'Invalid message received' },
  /** The reason as the protocol has it, and what to use. */
  otherSubprotocol: { code: 4406, reason: 'Subprotocol not acceptable: use graphql-transport-ws' },
  /** No `connection_init` in time. */
  initTimeout: { code: 4408, reason: 'Connection initialisation timeout' },
  /** An operation id that is still in use. */
  duplicateId: { code: 4409, reason: 'Subscriber already exists' },
  /** What waits for the reader has grown past the limit. */
  slowReader: { code: 4421, reason: 'Slow reader' },
  tooManyMessages: { code: 4422, reason: 'Too many messages' },
  /** The operator has locked the service, and this is nobody who is let in all the same. */
  serviceLocked: { code: 4423, reason: 'Service locked' },
  tooManySockets: { code: 4420, reason: 'Too many connections' },
} as const satisfies Record<string, CloseReason>;
