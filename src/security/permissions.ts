import type { LockdownLevel } from '../domain/lockdown';
import type { Role, Scope } from '../identity/principal';
import type { RateName } from './limits';

/**
 * THE PERMISSION TABLE. Who may do what, field by field. What is not written here is denied, and a field of the
 * schema without a row keeps the server from starting.
 *
 *   who    the group of people who may use the field (see `audiences`)
 *   keys   the scope of API keys that opens the field as well, of several any; without one, no key does. A key never does
 *          what its owner may not, and trades by the mode of the account alone. What everybody may do asks for nothing, be it with a key.
 *   stepUp asks for a second factor that was proven within the last 5 minutes; a text says when it does
 *   rate   how often one user (or, signed out, one address) may use it (see `limits.ts`)
 *   cost   what it adds to the cost of a document; a list costs its size times what is asked of each item
 *   alone  an operation has one field at most that says so
 *   openIn the strictest lockdown in which the field stays open, of a mutation that stays so in READONLY; other mutations are closed in it,
 *          queries and streams are not
 *   shared for streams: `public` where all who may read it are sent the same, `user` where all connections of one user are.
 *          Readers who are sent the same share one execution. A stream that says nothing is executed for each reader;
 *          a type that says nothing is shared by nobody but the user's own connections.
 */

/**
 * The groups that the table speaks of. `yes`: on whatever the field reaches; `own`: on what is theirs; `granted`: also on what its
 * owner let them read. Whose an object is, is asked where it is found: by the services, and in the SQL.
 */
export const audiences = {
  anyone: { roles: 'everybody', meaning: 'everybody, signed in or not' },
  signedIn: {
    roles: { VIEWER: 'own', ANALYST: 'own', TRADER: 'own', AUDITOR: 'own', ADMIN: 'own' },
    meaning: 'everybody who is signed in, on what is their own',
  },
  enrollers: {
    roles: { VIEWER: 'own', ANALYST: 'own', TRADER: 'own', AUDITOR: 'own', ADMIN: 'own' },
    adminsWithoutMfa: true,
    meaning: 'everybody who is signed in, on what is their own; admins also before they have proven a second factor',
  },
  marketReaders: {
    roles: { VIEWER: 'yes', ANALYST: 'yes', TRADER: 'yes', AUDITOR: 'yes', ADMIN: 'yes' },
    alsoEverybodyWhen: 'publicMarketData',
    meaning: 'everybody who is signed in; everybody at all where PUBLIC_MARKET_DATA=true',
  },
  nodeReaders: {
    roles: { VIEWER: 'yes', ANALYST: 'yes', TRADER: 'yes', AUDITOR: 'yes', ADMIN: 'yes' },
    alsoEverybodyWhen: 'publicMarketData',
    meaning: 'whoever may read markets; each thing is found for those alone who may ask for it by its own name',
  },
  accountReaders: {
    roles: { VIEWER: 'own', ANALYST: 'granted', TRADER: 'own', ADMIN: 'own' },
    meaning: 'owners of accounts; analysts also those that granted it, or all where ANALYSTS_SEE_ALL=true',
  },
  traders: { roles: { TRADER: 'own' }, meaning: 'traders, on their own accounts' },
  stoppers: {
    roles: { TRADER: 'own', ADMIN: 'yes' },
    meaning: 'traders, on their own accounts; admins, on any',
  },
  admins: { roles: { ADMIN: 'yes' }, meaning: 'admins' },
  approvers: { roles: { ADMIN: 'yes' }, meaning: 'admins, on accounts of others' },
  reviewers: { roles: { AUDITOR: 'yes', ADMIN: 'yes' }, meaning: 'auditors and admins' },
  schemaReaders: {
    roles: { ANALYST: 'yes', TRADER: 'yes', AUDITOR: 'yes', ADMIN: 'yes' },
    meaning: 'analysts, traders, auditors and admins, where INTROSPECTION=true; by an API key also where not',
  },
} as const satisfies Record<string, AudienceDefinition>;

/** What a scope lets an API key do, for its owner and on what is the owner's own. */
export const scopeMeanings: Readonly<Record<Scope, string>> = {
  MARKET_READ: 'read market data',
  ACCOUNT_READ: 'read the accounts of its owner',
  TRADE_PAPER: 'trade on PAPER accounts of its owner',
  TRADE_LIVE: 'trade on LIVE accounts of its owner',
  AI_USE: 'ask for insight',
  SCHEMA_READ: 'read the schema and the permission matrix',
};

/** Reading the schema itself (`__schema`, `__type`) is asked here too. */
export const schemaReading = { who: 'schemaReaders', keys: 'SCHEMA_READ' } as const satisfies AccessRule;

/** Root fields of `/graphql`: a row, a line. */
// prettier-ignore
export const permissions = {
  Query: {
    serverTime: { who: 'anyone', rate: 'light', cost: 1 },
    me: { who: 'signedIn', rate: 'light', cost: 1 },
    sessions: { who: 'signedIn', rate: 'light', cost: 10 },
    apiKeys: { who: 'signedIn', rate: 'light', cost: 10 },
    node: { who: 'nodeReaders', keys: ['MARKET_READ', 'ACCOUNT_READ'], rate: 'light', cost: 1 },

    markets: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'light', cost: 1, times: 'first' },
    market: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'light', cost: 1 },
    ticker: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'read', cost: 5 },
    tickers: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'read', cost: 5, times: 'markets' },
    orderBook: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'read', cost: 5 },
    trades: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'read', cost: 1, times: 'first' },
    candles: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'history', cost: 1, times: 'first' },

    accounts: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 20 },
    account: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 1 },
    positions: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 1, times: 'first' },
    order: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 1 },
    orders: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 1, times: ['first', 'last'], otherwise: 50 },
    myTrades: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 1, times: ['first', 'last'], otherwise: 50 },
    risk: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'read', cost: 10 },
    pnl: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'history', cost: 100 },
    estimateOrder: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'read', cost: 10 },

    permissionMatrix: { who: 'reviewers', keys: 'SCHEMA_READ', rate: 'review', cost: 100 },
    explainAccess: { who: 'reviewers', rate: 'review', cost: 100 },
    accountsAwaitingApproval: { who: 'approvers', rate: 'read', cost: 1, times: 'first' },
    users: { who: 'reviewers', rate: 'read', cost: 1, times: 'first' },
    auditLog: { who: 'reviewers', rate: 'read', cost: 1, times: 'first' },
    verifyAuditLog: { who: 'reviewers', rate: 'verification', cost: 100 },
    securityChecks: { who: 'reviewers', rate: 'verification', cost: 100 },
  },
  Mutation: {
    revokeSession: { who: 'signedIn', rate: 'control', cost: 5, openIn: 'READONLY' },
    createApiKey: { who: 'signedIn', stepUp: 'for TRADE_LIVE', rate: 'accounts', cost: 20 },
    exportMyData: { who: 'signedIn', stepUp: true, rate: 'export', cost: 500 },
    eraseMyAccount: { who: 'signedIn', stepUp: true, rate: 'login', cost: 100, alone: true },
    revokeApiKey: { who: 'signedIn', rate: 'control', cost: 5, openIn: 'READONLY' },
    createAccount: { who: 'traders', keys: 'TRADE_PAPER', stepUp: 'for mode LIVE', rate: 'accounts', cost: 20 },
    replaceCredentials: { who: 'traders', stepUp: true, rate: 'accounts', cost: 20 },
    removeAccount: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'accounts', cost: 20 },
    grantAccess: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'accounts', cost: 20 },
    revokeAccess: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'accounts', cost: 20 },
    createOrder: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'trade', cost: 10, alone: true },
    editOrder: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'trade', cost: 10, alone: true },
    cancelOrder: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'trade', cost: 10, alone: true, openIn: 'READONLY' },
    cancelAllOrders: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'trade', cost: 50, alone: true, openIn: 'READONLY' },
    closePosition: { who: 'traders', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'trade', cost: 10, alone: true },
    setRiskLimits: { who: 'traders', stepUp: 'to loosen a limit', rate: 'control', cost: 10 },
    setTradingState: { who: 'stoppers', keys: ['TRADE_PAPER', 'TRADE_LIVE'], rate: 'control', cost: 10 },
    setGlobalTradingState: { who: 'admins', rate: 'control', cost: 100 },
    approveAccount: { who: 'approvers', stepUp: true, rate: 'control', cost: 20 },
    createUser: { who: 'admins', stepUp: true, rate: 'accounts', cost: 20 },
    setUserRoles: { who: 'admins', stepUp: true, rate: 'control', cost: 20 },
    setUserDisabled: { who: 'admins', stepUp: true, rate: 'control', cost: 20 },
    resetUserMfa: { who: 'admins', stepUp: true, rate: 'control', cost: 20 },
  },
  Subscription: {
    tickers: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'stream', cost: 10, times: 'markets', shared: 'public' },
    orderBook: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'stream', cost: 20, shared: 'public' },
    trades: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'stream', cost: 10, times: 'markets', shared: 'public' },
    candles: { who: 'marketReaders', keys: 'MARKET_READ', rate: 'stream', cost: 10, shared: 'public' },

    positions: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'stream', cost: 10, shared: 'user' },
    orders: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'stream', cost: 10, shared: 'user' },
    balances: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'stream', cost: 10, shared: 'user' },
    risk: { who: 'accountReaders', keys: 'ACCOUNT_READ', rate: 'stream', cost: 10, shared: 'user' },
  },
} as const satisfies Record<string, Record<string, FieldPermission>>;

/** Root fields of `/auth/graphql`, a schema of its own. */
export const authPermissions = {
  Query: {
    signingKeys: { who: 'anyone', rate: 'light', cost: 1, openIn: 'FULL' },
  },
  Mutation: {
    login: { who: 'anyone', rate: 'login', cost: 1, alone: true, openIn: 'FULL' },
    verifyMfa: { who: 'anyone', rate: 'login', cost: 1, alone: true, openIn: 'FULL' },
    enrollMfa: { who: 'enrollers', rate: 'login', cost: 1, alone: true },
    confirmMfa: { who: 'enrollers', rate: 'login', cost: 1, alone: true },
    stepUp: { who: 'enrollers', rate: 'login', cost: 1, alone: true, openIn: 'READONLY' },
    changePassword: { who: 'signedIn', rate: 'login', cost: 1, alone: true },
    requestPasswordReset: { who: 'anyone', rate: 'login', cost: 1, alone: true },
    resetPassword: { who: 'anyone', rate: 'login', cost: 1, alone: true },
  },
} as const satisfies Record<string, Record<string, FieldPermission>>;

/**
 * Object types. `reachable`: whoever was let in at the root may read its fields.
 * A field of such a type that does work of its own states what it costs.
 */
export const objectTypes = {
  Market: { who: 'reachable', fieldCosts: { ticker: 5, feed: 1 } },
  FeedHealth: { who: 'reachable' },
  Ticker: { who: 'reachable', shared: 'public' },
  OrderBook: { who: 'reachable' },
  PriceLevel: { who: 'reachable', shared: 'public' },
  PublicTrade: { who: 'reachable', shared: 'public' },
  Candle: { who: 'reachable', shared: 'public' },
  User: { who: 'reachable' },
  Session: { who: 'reachable' },
  ApiKey: { who: 'reachable' },
  NewApiKey: { who: 'reachable' },
  UserError: { who: 'reachable' },
  Account: { who: 'reachable', fieldCosts: { balances: 10, positions: 10, risk: 10, reconciliation: 2 } },
  AccountPayload: { who: 'reachable' },
  AwaitedApproval: { who: 'reachable' },
  Balance: { who: 'reachable' },
  Reconciliation: { who: 'reachable' },
  RiskStatus: { who: 'reachable' },
  RiskLimits: { who: 'reachable' },
  PnlDay: { who: 'reachable' },
  Order: {
    who: 'reachable',
    fieldCosts: { trades: { times: 'first', itemsPerCost: 10 }, history: { times: 'first', itemsPerCost: 20 } },
  },
  OrderTransition: { who: 'reachable' },
  OrderConnection: { who: 'reachable', fieldCosts: { totalCount: 1, aggregate: 10 } },
  OrderEdge: { who: 'reachable' },
  OrderPayload: { who: 'reachable' },
  OrderEstimate: { who: 'reachable' },
  Trade: { who: 'reachable' },
  TradeConnection: { who: 'reachable', fieldCosts: { totalCount: 1, aggregate: 10 } },
  TradeEdge: { who: 'reachable' },
  AggregateRow: { who: 'reachable' },
  Fee: { who: 'reachable' },
  Position: { who: 'reachable' },
  PageInfo: { who: 'reachable' },
  PermissionCell: { who: 'reachable' },
  AccessExplanation: { who: 'reachable' },
  AuditEntry: { who: 'reachable' },
  AuditEdge: { who: 'reachable' },
  AuditConnection: { who: 'reachable' },
  AuditVerification: { who: 'reachable' },
  Check: { who: 'reachable' },
  StreamMeta: { who: 'reachable', shared: 'public' },
  TickerEvent: { who: 'reachable', shared: 'public' },
  OrderBookEvent: { who: 'reachable', shared: 'public' },
  PublicTradeEvent: { who: 'reachable', shared: 'public' },
  CandleEvent: { who: 'reachable', shared: 'public' },
  PositionEvent: { who: 'reachable' },
  OrderEvent: { who: 'reachable' },
  BalanceEvent: { who: 'reachable' },
  RiskEvent: { who: 'reachable' },
} as const satisfies Record<string, ObjectTypePermission>;

/** Object types of `/auth/graphql`. */
export const authObjectTypes = {
  LoginPayload: { who: 'reachable' },
  MfaEnrollment: { who: 'reachable' },
  StepUpPayload: { who: 'reachable' },
} as const satisfies Record<string, ObjectTypePermission>;

export type AudienceName = keyof typeof audiences;

/** What somebody may use a field on. */
export type Reach = 'yes' | 'own' | 'granted';

export interface AudienceDefinition {
  readonly roles: Readonly<Partial<Record<Role, Reach>>> | 'everybody';
  readonly alsoEverybodyWhen?: 'publicMarketData';
  /** The role ADMIN counts here before a second factor was proven: how else would one be enrolled. */
  readonly adminsWithoutMfa?: boolean;
  readonly meaning: string;
}

/** How many items a field gives at most. */
export interface ListSize {
  /** The list argument (or the number argument) whose size multiplies the cost; of several the largest. */
  readonly times?: string | readonly string[];
  /** What is given where none of them says anything; 1 where this does not either. */
  readonly otherwise?: number;
}

/** Who is let in. */
export interface AccessRule {
  readonly who: AudienceName;
  readonly keys?: Scope | readonly Scope[];
  /** True: asks for a fresh second factor. A text: only then, which whoever knows the arguments decides (`assertSteppedUp`). */
  readonly stepUp?: true | string;
}

export interface FieldPermission extends AccessRule, ListSize {
  readonly rate: RateName;
  readonly cost: number;
  readonly shared?: StreamScope;
  /** True of what trades or proves who somebody is: an operation has one such field at most, under whatever names. */
  readonly alone?: boolean;
  readonly openIn?: LockdownLevel;
}

/** The cost of a list below the root: 1, and what is asked of an item, for each so many items. */
export interface NestedListCost extends ListSize {
  readonly itemsPerCost: number;
}

/** Whom the events of a stream are the same for. */
export type StreamScope = 'public' | 'user';

export interface ObjectTypePermission {
  readonly who: 'reachable';
  readonly shared?: 'public';
  readonly fieldCosts?: Readonly<Record<string, number | NestedListCost>>;
}

/** One schema's part of the table. */
export interface PermissionTable {
  readonly roots: Readonly<Record<string, Readonly<Record<string, FieldPermission>>>>;
  readonly objectTypes: Readonly<Record<string, ObjectTypePermission>>;
}

export const mainTable: PermissionTable = { roots: permissions, objectTypes };
export const authTable: PermissionTable = { roots: authPermissions, objectTypes: authObjectTypes };
