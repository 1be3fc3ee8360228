import type { Role } from '../identity/principal';
import type { RateName } from './limits';

/**
 * THE PERMISSION TABLE. Who may do what, field by field. What is not written here is denied, and a field of the
 * schema without a row keeps the server from starting.
 *
 *   who    the group of people who may use the field (see `audiences`)
 *   rate   how often one user (or, signed out, one address) may use it (see `limits.ts`)
 *   cost   what it adds to the cost of a document; a list costs its size times what is asked of each item
 *   shared for streams: `public` where all who may read it are sent the same, `user` where all connections of one user are.
 *          Readers who are sent the same share one execution. A stream that says nothing is executed for each reader;
 *          a type that says nothing is shared by nobody but the user's own connections.
 */

/** The groups that the table speaks of. */
export const audiences = {
  anyone: { roles: 'everybody', meaning: 'everybody, signed in or not' },
  signedIn: { roles: ['VIEWER', 'ANALYST', 'TRADER', 'AUDITOR', 'ADMIN'], meaning: 'everybody who is signed in' },
  marketReaders: {
    roles: ['VIEWER', 'ANALYST', 'TRADER', 'AUDITOR', 'ADMIN'],
    alsoEverybodyWhen: 'publicMarketData',
    meaning: 'everybody who is signed in; everybody at all where PUBLIC_MARKET_DATA=true',
  },
  schemaReaders: {
    roles: ['ANALYST', 'TRADER', 'AUDITOR', 'ADMIN'],
    meaning: 'analysts, traders, auditors and admins, where INTROSPECTION=true',
  },
} as const satisfies Record<string, AudienceDefinition>;

/** Root fields of `/graphql`. */
export const permissions = {
  Query: {
    serverTime: { who: 'anyone', rate: 'light', cost: 1 },
    me: { who: 'signedIn', rate: 'light', cost: 1 },
    node: { who: 'marketReaders', rate: 'light', cost: 1 },

    markets: { who: 'marketReaders', rate: 'light', cost: 1, times: 'first' },
    market: { who: 'marketReaders', rate: 'light', cost: 1 },
    ticker: { who: 'marketReaders', rate: 'read', cost: 5 },
    tickers: { who: 'marketReaders', rate: 'read', cost: 5, times: 'markets' },
    orderBook: { who: 'marketReaders', rate: 'read', cost: 5 },
    trades: { who: 'marketReaders', rate: 'read', cost: 1, times: 'first' },
    candles: { who: 'marketReaders', rate: 'history', cost: 1, times: 'first' },
  },
  Subscription: {
    tickers: { who: 'marketReaders', rate: 'stream', cost: 10, times: 'markets', shared: 'public' },
    orderBook: { who: 'marketReaders', rate: 'stream', cost: 20, shared: 'public' },
    trades: { who: 'marketReaders', rate: 'stream', cost: 10, times: 'markets', shared: 'public' },
    candles: { who: 'marketReaders', rate: 'stream', cost: 10, shared: 'public' },
  },
} as const satisfies Record<string, Record<string, FieldPermission>>;

/** Root fields of `/auth/graphql`, a schema of its own. */
export const authPermissions = {
  Query: {
    signingKeys: { who: 'anyone', rate: 'light', cost: 1 },
  },
  Mutation: {
    login: { who: 'anyone', rate: 'login', cost: 1 },
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
  StreamMeta: { who: 'reachable', shared: 'public' },
  TickerEvent: { who: 'reachable', shared: 'public' },
  OrderBookEvent: { who: 'reachable', shared: 'public' },
  PublicTradeEvent: { who: 'reachable', shared: 'public' },
  CandleEvent: { who: 'reachable', shared: 'public' },
} as const satisfies Record<string, ObjectTypePermission>;

/** Object types of `/auth/graphql`. */
export const authObjectTypes = {
  LoginPayload: { who: 'reachable' },
} as const satisfies Record<string, ObjectTypePermission>;

export type AudienceName = keyof typeof audiences;

export interface AudienceDefinition {
  readonly roles: readonly Role[] | 'everybody';
  readonly alsoEverybodyWhen?: 'publicMarketData';
  readonly meaning: string;
}

export interface FieldPermission {
  readonly who: AudienceName;
  readonly rate: RateName;
  readonly cost: number;
  /** The list argument (or the number argument) whose size multiplies the cost. */
  readonly times?: string;
  readonly shared?: StreamScope;
}

/** Whom the events of a stream are the same for. */
export type StreamScope = 'public' | 'user';

export interface ObjectTypePermission {
  readonly who: 'reachable';
  readonly shared?: 'public';
  readonly fieldCosts?: Readonly<Record<string, number>>;
}

/** One schema's part of the table. */
export interface PermissionTable {
  readonly roots: Readonly<Record<string, Readonly<Record<string, FieldPermission>>>>;
  readonly objectTypes: Readonly<Record<string, ObjectTypePermission>>;
}

export const mainTable: PermissionTable = { roots: permissions, objectTypes };
export const authTable: PermissionTable = { roots: authPermissions, objectTypes: authObjectTypes };
