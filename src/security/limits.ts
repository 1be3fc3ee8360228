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
  jwks: {
    /** For how long whoever checks tokens by itself may keep the public keys. A new key signs no earlier than that after it is published. */
    maxAgeS: 300,
  },
  /** Sum of the costs of `permissions.ts`, list arguments and variables included. */
  cost: {
    /** Of one document, by who asks. */
    anonymous: 1_000,
    signedIn: 5_000,
    apiKey: 20_000,
    /** As much as so many documents at that limit may be asked for in a minute, by one user, API key's owner, or address. */
    documentsAMinute: 20,
  },
  http: {
    maxBodyBytes: 98_304,
    maxHeaderBytes: 16_384,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 15_000,
    keepAliveTimeoutMs: 65_000,
    /** How long requests that are running may take to end when the server closes. */
    drainTimeoutMs: 5_000,
    /** For how long a browser may go by what its preflight was told: an origin that is taken off the list may be asked for until then. */
    preflightMaxAgeS: 600,
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
    /** Of orders and trades. */
    defaultPage: 50,
    maxPage: 500,
    /** Of the trades and the steps of one order. */
    maxPerOrder: 500,
    maxPositions: 500,
    maxPnlDays: 100,
    /** Values of one filter, e.g. accounts. */
    maxFilterValues: 100,
    /** Rows of one aggregate: beyond it the question has to be narrowed. */
    maxGroups: 1_000,
  },
  /** What one person is given of themselves in one answer; what is beyond is told as a number. */
  export: {
    maxRowsPerTable: 10_000,
    /** Of all tables together, as JSON. */
    maxBytes: 16_777_216,
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
    /** Placing, editing or canceling orders. */
    trade: { max: 1_200, windowMs: 60_000 },
    /** Opening accounts and judging keys: each may ask an exchange three times. Making users: one argon2 hash each. */
    accounts: { max: 20, windowMs: 60_000 },
    /** Kill switches and risk limits. */
    control: { max: 60, windowMs: 60_000 },
    /** What reviewers ask: judging a document, printing the matrix. */
    review: { max: 60, windowMs: 60_000 },
    /** Recomputing the whole audit chain. */
    verification: { max: 6, windowMs: 60_000 },
    /** Everything that is kept of somebody: reads every table. */
    export: { max: 5, windowMs: 3_600_000 },
    /** Opening a stream. */
    stream: { max: 240, windowMs: 60_000 },
    /** One argon2 verification each. */
    login: { max: 5, windowMs: 60_000 },
    /** Refreshing and ending sessions, of one address: a household may be an office. */
    session: { max: 120, windowMs: 60_000 },
  },
  /** Entries of the audit log about mutations that were denied; what is beyond is told as a number once the window is over. */
  denials: {
    windowMs: 60_000,
    maxPerCaller: 10,
    maxWritten: 120,
    maxCallers: 60,
  },
  /** Attempts to sign in to one account, over all windows at once. */
  loginThrottle: {
    /** Of one user's second factor: a guess meets one of a million. */
    codes: { max: 10, windowMs: 60 * 60_000 },
    /** To one account's address, whoever asks for them. */
    resetMails: { max: 3, windowMs: 60 * 60_000 },
    /** How long an address counts as one that its user signs in from. */
    knownForMs: 90 * 24 * 3_600_000,
    /** Each by itself. */
    ofKnownAddress: [
      { max: 5, windowMs: 60_000 },
      { max: 20, windowMs: 15 * 60_000 },
      { max: 40, windowMs: 60 * 60_000 },
    ],
    /** All of them together, whoever they are. */
    ofAllOthers: [
      { max: 5, windowMs: 60_000 },
      { max: 12, windowMs: 15 * 60_000 },
      { max: 20, windowMs: 60 * 60_000 },
    ],
  },
  mail: {
    /** Requests for one and their mails, waiting ones too; a further one is passed over. */
    maxUnderWay: 50,
    /** All within four minutes. */
    maxAttempts: 4,
    attemptTimeoutMs: 20_000,
    /** Then 20 s and 80 s, each between half of it and all. */
    firstRetryMs: 5_000,
    /** How long mails on their way may take to end when the server stops. */
    drainTimeoutMs: 2_000,
  },
  signature: {
    /** A signature is good for 5 s before and after it was made, by the clocks of nodes that may differ by 5 s. */
    nonce: { max: 1, windowMs: 15_000 },
  },
  rateLimiter: {
    /** Identities counted at once of each crowd (`reservations.ts`); a further one is refused until others fall idle. */
    maxIdentities: 100_000,
    /** Of these, how many may be of one /48 of IPv6. */
    maxShareOfNetwork: 0.01,
    redisTimeoutMs: 250,
  },
} as const;

export type RateName = keyof typeof limits.rate;
export interface Rate {
  readonly max: number;
  readonly windowMs: number;
}
