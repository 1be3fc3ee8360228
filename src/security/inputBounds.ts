import { limits } from './limits';

/** What a value that a client sends has to be like before anything looks at it; `null` and what is left out pass. */
export type Bound =
  | {
      /** Characters; `line` has no control characters, `lines` none but tabs and line breaks, `any` is judged where it is used. */
      readonly kind: 'line' | 'lines' | 'any';
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'number'; readonly from: number; readonly to: number }
  | {
      readonly kind: 'list';
      readonly from: number;
      readonly to: number;
      /** None twice. */
      readonly isSet: boolean;
      /** Of each item, where its type does not bound it. */
      readonly item: Bound | null;
    };

const line = (from: number, to: number): Bound => ({ kind: 'line', from, to });
const lines = (from: number, to: number): Bound => ({ kind: 'lines', from, to });
const any = (from: number, to: number): Bound => ({ kind: 'any', from, to });
const number = (from: number, to: number): Bound => ({ kind: 'number', from, to });
const listOf =
  (isSet: boolean) =>
  (from: number, to: number, item: Bound | null = null): Bound => ({ kind: 'list', from, to, isSet, item });
const list = listOf(false);
/** Of values that are counted once each. */
const set = listOf(true);

const { list: lists, stream, document } = limits;

const largestInt = 2_147_483_647;
/** Of a market, the longest: `exchange:symbol`. What is no id of anything is not found. */
const id = line(0, 128);
const page = number(1, lists.maxPage);
const interval = number(0, stream.maxIntervalMs);
const depth = number(1, lists.maxBookDepth);
const streamMarkets = set(1, lists.maxMarketsPerStream);
const filter = list(0, lists.maxFilterValues);
const filterIds = list(0, lists.maxFilterValues, id);
const groups = set(0, 6);
/** What is longer than a password may be is no password. */
const password = any(0, 512);
/** Of a second factor, a recovery code with whatever is typed between its characters. */
const code = line(0, 64);
const email = line(1, 254);
/** A user has one at least. */
const roles = set(1, 5);
/** An hour: beyond it the order path's own bound is stricter by far. */
const priceAge = number(0, 3_600_000);

/**
 * What rooms refuse by a code of their own, as data that names the field (LABEL_NOT_ACCEPTABLE, IDEMPOTENCY_KEY_NOT_ACCEPTABLE …), they
 * judge more strictly; here stands what is never handed to them.
 */
const label = any(0, 256);
const key = line(0, 256);
const exchangeKey = any(0, 1_024);
const exchangeSecret = any(0, 8_192);
const currency = line(1, 32);
const reason = lines(0, 1_024);

type Bounds = Readonly<Record<string, Readonly<Record<string, Bound>>>>;

/**
 * Every argument and every input field that is text, a number, an id or a list: by the field that takes it, or by its input type. One that
 * is missing keeps the server from starting. What is not here is bounded by its type: enums, Boolean, and the scalars of `boundedScalars`.
 */
export const mainBounds: Bounds = {
  'Query.node': { id },
  'Query.markets': {
    exchange: line(1, 40),
    search: line(1, lists.maxSearchLength),
    first: number(1, lists.maxMarkets),
  },
  'Query.tickers': { markets: set(1, lists.maxTickers) },
  'Query.orderBook': { depth },
  'Query.trades': { first: number(1, lists.maxTrades) },
  'Query.candles': { first: number(1, lists.maxCandles) },
  'Query.account': { id },
  'Query.order': { id },
  'Query.orders': { first: page, last: page },
  'Query.myTrades': { first: page, last: page },
  'Query.positions': { account: id, first: number(1, lists.maxPositions) },
  'Query.risk': { account: id },
  'Query.pnl': { account: id },
  'Query.accountsAwaitingApproval': { first: page },
  'Query.users': { first: page },
  'Query.auditLog': { action: line(1, 128), actor: line(1, 128), first: page },
  'Query.explainAccess': { document: lines(0, document.maxVariablesBytes) },

  'Order.trades': { first: number(1, lists.maxPerOrder) },
  'Order.history': { first: number(1, lists.maxPerOrder) },
  'OrderConnection.aggregate': { by: groups },
  'TradeConnection.aggregate': { by: groups },

  'Mutation.replaceCredentials': {
    account: id,
    apiKey: exchangeKey,
    secret: exchangeSecret,
    passphrase: exchangeKey,
  },
  'Mutation.approveAccount': { id, keyHint: line(1, 16) },
  'Mutation.removeAccount': { id },
  'Mutation.grantAccess': { account: id, userId: id },
  'Mutation.revokeAccess': { account: id, userId: id },
  'Mutation.createApiKey': {
    label: line(1, 80),
    scopes: set(1, 6),
    allowedIps: list(0, 20, line(1, 64)),
    publicKey: lines(1, 1_024),
  },
  'Mutation.revokeApiKey': { id },
  'Mutation.revokeSession': { id },
  'Mutation.editOrder': { id, idempotencyKey: key, expectedVersion: number(0, largestInt) },
  'Mutation.cancelOrder': { id },
  'Mutation.cancelAllOrders': { account: id },
  'Mutation.closePosition': { id, idempotencyKey: key },
  'Mutation.setRiskLimits': { account: id },
  'Mutation.setTradingState': { account: id, reason },
  'Mutation.setGlobalTradingState': { reason },
  'Mutation.eraseMyAccount': { password },
  'Mutation.createUser': { email, password, roles },
  'Mutation.setUserRoles': { id, roles },
  'Mutation.setUserDisabled': { id },
  'Mutation.resetUserMfa': { id },

  'Subscription.orders': { account: id },
  'Subscription.positions': { account: id, intervalMs: interval },
  'Subscription.balances': { account: id },
  'Subscription.risk': { account: id },
  'Subscription.tickers': { markets: streamMarkets, intervalMs: interval },
  'Subscription.orderBook': { depth, intervalMs: interval },
  'Subscription.trades': { markets: streamMarkets },

  OrderWhere: { account: filterIds, market: filter, type: filter, status: filter },
  TradeWhere: { account: filterIds, market: filter },
  CreateOrderInput: { idempotencyKey: key, account: id, maxPriceAgeMs: priceAge },
  CreateAccountInput: {
    label,
    exchange: line(0, 128),
    currency,
    apiKey: exchangeKey,
    secret: exchangeSecret,
    passphrase: exchangeKey,
    paperBalances: list(0, 100),
  },
  BalanceInput: { currency },
  RiskLimitsInput: { maxOrdersPerMinute: number(0, largestInt), maxPriceAgeMs: number(0, largestInt) },
};

/** Of `/auth/graphql`. */
export const authBounds: Bounds = {
  'Mutation.login': { email, password },
  'Mutation.verifyMfa': { challenge: id, code },
  'Mutation.confirmMfa': { code },
  'Mutation.stepUp': { code },
  'Mutation.changePassword': { current: password, next: password },
  'Mutation.requestPasswordReset': { email },
  'Mutation.resetPassword': { token: line(1, 128), next: password },
};

/**
 * Scalars that read nothing longer than they say: graphql/scalar/scalars.ts. JSON is no larger and no deeper than the text and the
 * variables of a document may be (`limits.document`).
 */
export const boundedScalars: ReadonlySet<string> = new Set([
  'Boolean',
  'Decimal',
  'DateTime',
  'MarketId',
  'Cursor',
  'Sequence',
  'JSON',
]);
export type { Bounds };
