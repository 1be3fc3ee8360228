interface CatalogueEntry {
  /** What the client reads where the thrower says nothing more exact. */
  readonly message: string;
  /** True where the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** HTTP status where the failure is the whole answer. */
  readonly status: number;
}

/** Every code a client can meet in `extensions.code`. Codes are never reused for another meaning. */
export const catalogue = {
  UNAUTHENTICATED: { message: 'Sign in first: this needs a valid access token.', retryable: false, status: 401 },
  SIGNATURE_REQUIRED: {
    message: 'Requests of this API key are signed. Send `Signature-Input` and `Signature` as docs/API_KEYS.md says.',
    retryable: false,
    status: 401,
  },
  SIGNATURE_REFUSED: {
    message: 'The signature is not of this request, or not of this key. Sign as docs/API_KEYS.md says.',
    retryable: false,
    status: 401,
  },
  SIGNATURE_OUT_OF_TIME: {
    message: 'The signature is of another time. Set your clock, and sign each request when you send it.',
    retryable: false,
    status: 401,
  },
  SIGNATURE_REPLAYED: {
    message: 'This nonce was used before. Sign each request anew, with a nonce of its own.',
    retryable: false,
    status: 401,
  },
  SIGNATURE_UNCHECKABLE: {
    message: 'Which nonces were used cannot be told just now. Sign anew, and try again in a moment.',
    retryable: true,
    status: 503,
  },
  FORBIDDEN: { message: 'Your role does not allow this.', retryable: false, status: 403 },
  MFA_REQUIRED: {
    message:
      'This needs a second factor. Enrol one (`enrollMfa` of /auth/graphql), or prove the one that you have (`stepUp`).',
    retryable: false,
    status: 403,
  },
  STEP_UP_REQUIRED: {
    message: 'This needs a second factor that was proven within 5 minutes. Send a code to `stepUp` of /auth/graphql.',
    retryable: false,
    status: 403,
  },
  SERVICE_LOCKED: {
    message: 'The operator has locked this service for now. Try again later.',
    retryable: true,
    status: 503,
  },
  RATE_LIMITED: { message: 'Too many requests. Wait, then try again.', retryable: true, status: 429 },
  QUERY_TOO_DEEP: { message: 'The document is nested too deeply.', retryable: false, status: 400 },
  QUERY_TOO_COSTLY: { message: 'The document asks for too much at once.', retryable: false, status: 400 },
  QUERY_TOO_LARGE: { message: 'The request is too large.', retryable: false, status: 400 },
  QUERY_TOO_MANY_ALIASES: { message: 'The document uses too many aliases.', retryable: false, status: 400 },
  QUERY_TOO_MANY_DIRECTIVES: { message: 'The document uses too many directives.', retryable: false, status: 400 },
  BATCH_REFUSED: { message: 'Send one operation a request: batches are refused.', retryable: false, status: 400 },
  /** The message is what Apollo's clients look for before they send the whole document. */
  PERSISTED_QUERY_NOT_SUPPORTED: { message: 'PersistedQueryNotSupported', retryable: false, status: 400 },
  OPERATION_NOT_TRUSTED: {
    message: 'This server runs only the operations it was built with.',
    retryable: false,
    status: 400,
  },
  TOO_MANY_SUBSCRIPTIONS: {
    message: 'Too many subscriptions on this socket. Complete one first.',
    retryable: true,
    status: 429,
  },
  NOT_STREAMABLE: { message: 'A stream does not carry this field.', retryable: false, status: 400 },
  BAD_USER_INPUT: { message: 'An argument is not acceptable.', retryable: false, status: 400 },
  BAD_REQUEST: { message: 'The request is not a GraphQL request.', retryable: false, status: 400 },
  NOT_FOUND: { message: 'Nothing is served here. GraphQL is at POST /graphql.', retryable: false, status: 404 },
  GRAPHQL_PARSE_FAILED: { message: 'The document is not valid GraphQL.', retryable: false, status: 400 },
  GRAPHQL_VALIDATION_FAILED: { message: 'The document does not fit the schema.', retryable: false, status: 400 },
  INTERNAL_SERVER_ERROR: {
    message: 'Something went wrong here. Quote the request id when you ask about it.',
    retryable: true,
    status: 500,
  },
  LOGIN_FAILED: { message: 'E-mail or password is wrong.', retryable: false, status: 401 },
  MFA_FAILED: {
    message: 'This code is wrong, was used before, or is not of now; or the sign-in took too long.',
    retryable: false,
    status: 401,
  },
  PASSWORD_NOT_ACCEPTABLE: { message: 'Choose another password.', retryable: false, status: 400 },
  RESET_FAILED: {
    message: 'This token sets no password: it was used, has expired, or was replaced. Ask for another.',
    retryable: false,
    status: 401,
  },
  MAIL_NOT_CONFIGURED: {
    message: 'This server sends no mails. Ask its operator for a one-time token (`npm run user -- reset`).',
    retryable: false,
    status: 501,
  },
  EMAIL_TAKEN: { message: 'There is a user with this e-mail address already.', retryable: false, status: 409 },
  USER_NOT_FOUND: { message: 'There is no such user.', retryable: false, status: 404 },
  LAST_ADMIN: {
    message: 'Nobody else can administer users: make another admin first.',
    retryable: false,
    status: 409,
  },
  ACCOUNT_NOT_FOUND: { message: 'You have no such account.', retryable: false, status: 404 },
  ACCOUNT_HAS_ORDERS: {
    message: 'Orders are open on an account. Cancel them first.',
    retryable: false,
    status: 409,
  },
  ACCOUNT_HAS_POSITIONS: {
    message: 'Positions are open on an account. Close them first.',
    retryable: false,
    status: 409,
  },
  APPROVAL_NOT_YOURS: {
    message: 'The account is yours: an admin who is somebody else has to approve it.',
    retryable: false,
    status: 403,
  },
  APPROVAL_KEY_CHANGED: {
    message: 'The account has another key than the one that you name. Ask its owner which, and look at it again.',
    retryable: false,
    status: 409,
  },
  FLATTEN_NEEDS_HALT: { message: 'To flatten, trading has to stop.', retryable: false, status: 400 },
  REASON_NOT_ACCEPTABLE: { message: 'Say why.', retryable: false, status: 400 },
  LIMIT_NOT_ACCEPTABLE: { message: 'A limit is not acceptable.', retryable: false, status: 400 },
  MARKET_NOT_FOUND: { message: 'No such market. List them with the query `markets`.', retryable: false, status: 404 },
  EXCHANGE_UNAVAILABLE: {
    message: 'The exchange does not answer. Try again in a moment.',
    retryable: true,
    status: 503,
  },
  EXCHANGE_RATE_LIMITED: {
    message: 'The exchange asks us to slow down. Try again in a moment.',
    retryable: true,
    status: 503,
  },
  SEALING_UNAVAILABLE: {
    message: 'Keys cannot be sealed or opened just now, and nothing was changed. Try again in a moment.',
    retryable: true,
    status: 503,
  },
  CREDENTIALS_REFUSED: {
    message: 'The exchange refuses these keys: they are wrong, switched off, or may not do this.',
    retryable: false,
    status: 400,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text);
}
