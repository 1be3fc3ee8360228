/**
 * Every number that protects this server, in one place. What has no limit here does not start.
 * Sizes in bytes, times in milliseconds, rates as "at most `max` in any `windowMs`" a user (or address) and field.
 */
export const limits = {
  /** The text of one GraphQL request, over HTTP and WebSocket alike. */
  document: {
    maxBytes: 16_384,
    maxVariablesBytes: 65_536,
    maxVariablesDepth: 32,
    maxTokens: 1_000,
    maxDepth: 8,
    maxAliases: 15,
    maxDirectives: 20,
    /** Fields selected, every fragment written out. */
    maxSelections: 2_000,
    /** One field asked for again and again in one place: comparing them with each other takes the square of their number. */
    maxRepetitions: 20,
    /** Valid documents kept parsed, for clients that come back with the same. */
    maxRemembered: 500,
    maxOperations: 1,
    /** Validation and variable coercion stop after so many errors. */
    maxErrors: 10,
  },
  /** Sum of the costs of `permissions.ts`, list arguments and variables included. */
  cost: {
    anonymous: 1_000,
    signedIn: 5_000,
  },
  http: {
    maxBodyBytes: 98_304,
    maxHeaderBytes: 16_384,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 15_000,
    keepAliveTimeoutMs: 65_000,
    /** How long requests that are running may take to end when the server closes. */
    drainTimeoutMs: 5_000,
  },
  socket: {
    maxPayloadBytes: 65_536,
    /** Time from the upgrade to `connection_init`. */
    initTimeoutMs: 3_000,
    maxUninitializedSockets: 200,
    maxSocketsPerUser: 5,
    /** One address, or one /64 of IPv6. */
    maxSocketsPerAddress: 20,
    maxOperationsPerSocket: 50,
    /** Answers to our own pings are not counted. */
    maxMessagesPerMinute: 100,
    /** What may wait for a reader that does not read, before its next message ends the socket. */
    maxBufferedBytes: 4_194_304,
    /** The id a client picks for an operation comes back in every frame. */
    maxOperationIdLength: 64,
    keepAliveIntervalMs: 15_000,
    /** So many pings in a row without any sign of life mean that nobody is there. */
    maxMissedPings: 3,
    /** After so much a reader is asked whether it has come that far; what comes of market data while two such questions are open is conflated. */
    creditBytes: 32_768,
    maxOpenCredits: 2,
    /** A reader that leaves such a question open for so long is gone. */
    creditTimeoutMs: 60_000,
    /** How often ages are looked at: time to `connection_init`, tokens, slow readers. */
    sweepIntervalMs: 250,
    /** How long a closing socket may take to say goodbye. */
    closeTimeoutMs: 2_000,
  },
  /** Arguments that say how much to send. */
  list: {
    maxMarkets: 500,
    maxTickers: 100,
    maxTrades: 1_000,
    maxCandles: 1_000,
    maxBookDepth: 500,
    maxMarketsPerStream: 50,
    maxSearchLength: 40,
  },
  stream: {
    maxIntervalMs: 60_000,
    /** Distinct streams that one user may have opened at a time; each costs an execution an event, however many read it. */
    maxGroupsPerUser: 100,
    /** The latest events of a stream, for readers that come back. */
    maxReplayEvents: 1_000,
    maxReplayBytes: 262_144,
    /** How far a reader of orders, positions and balances may fall behind, of which nothing is left out. */
    maxBehindMs: 10_000,
    maxBehindEvents: 1_000,
    maxBehindBytes: 4_194_304,
  },
  rate: {
    /** Answers from memory. */
    light: { max: 600, windowMs: 60_000 },
    /** May ask an exchange. */
    read: { max: 300, windowMs: 60_000 },
    /** Asks an exchange for much. */
    history: { max: 120, windowMs: 60_000 },
    /** Opening a stream. */
    stream: { max: 240, windowMs: 60_000 },
    /** One argon2 verification each. */
    login: { max: 5, windowMs: 60_000 },
  },
  rateLimiter: {
    /** Identities counted at once; a further one is refused until others fall idle. */
    maxIdentities: 100_000,
    redisTimeoutMs: 250,
  },
} as const;

export type RateName = keyof typeof limits.rate;
export interface Rate {
  readonly max: number;
  readonly windowMs: number;
}
