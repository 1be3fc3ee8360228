import type { DecimalString } from '../domain/decimal';
import type { EpochMs } from '../domain/marketData';
import type { Fill, OrderReport, OrderTerms, PositionMode, PositionSide } from '../domain/orders';

/** Names one order to the exchange: by our id, which was given before it was sent, and by the exchange's where that is known. */
export interface OrderReference {
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly exchangeOrderId: string | null;
}

/** An order of which nothing is known but what it executed: it may be somebody else's, who gave it an id of theirs, or none. */
export interface ExecutedOrderReference {
  readonly symbol: string;
  readonly clientOrderId: null;
  readonly exchangeOrderId: string;
}

/**
 * What came of an order that was sent.
 *   accepted  the exchange has it; the report may already hold fills
 *   refused   the exchange does not have it and never will: it said so, in a way that excludes the contrary
 *   unknown   anything else (time-out, 5xx, -1006, -1007, an answer that cannot be read): it may or may not be there
 */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly report: OrderReport }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why an exchange refused, in our words. `message` of the outcome is the exchange's own and stays in the log. */
export type RefusalCode =
  | 'INSUFFICIENT_BALANCE'
  | 'MARKET_RULE_VIOLATED'
  | 'WOULD_TAKE'
  | 'WOULD_TRIGGER'
  | 'REDUCE_ONLY_REFUSED'
  | 'TOO_MANY_ORDERS'
  | 'DUPLICATE_CLIENT_ORDER_ID'
  | 'MARKET_CLOSED'
  | 'NOT_PERMITTED'
  | 'CLOCK_SKEWED'
  | 'EXCHANGE_RATE_LIMITED'
  /** No connection came about: nothing was sent. */
  | 'EXCHANGE_UNREACHABLE'
  | 'EXCHANGE_REFUSED';

/** `gone`: the exchange has no such open order (any more); what became of it has to be asked. */
export type CancelOutcome =
  | { readonly kind: 'accepted'; readonly report: OrderReport | null }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface ExchangeBalance {
  readonly currency: string;
  readonly free: DecimalString;
  readonly used: DecimalString;
  readonly total: DecimalString;
}

/** A position of a swap as the exchange knows it. */
export interface ExchangePosition {
  readonly symbol: string;
  readonly side: PositionSide;
  /** Base units, above zero. */
  readonly amount: DecimalString;
  readonly entryPrice: DecimalString;
  readonly markPrice: DecimalString | null;
  readonly leverage: DecimalString | null;
  readonly liquidationPrice: DecimalString | null;
}

/** Money that moved without a trade. amount: positive where the account gained. */
export interface ExchangeTransfer {
  readonly id: string;
  readonly kind: 'FUNDING' | 'TRANSFER';
  /** Of FUNDING; null for the rest. */
  readonly symbol: string | null;
  readonly currency: string;
  readonly amount: DecimalString;
  readonly exchangeTime: EpochMs;
}

/** What a key may do, as the exchange says. Null: the exchange does not tell, which counts as the worse. */
export interface KeyPermissions {
  readonly mayTrade: boolean | null;
  readonly mayWithdraw: boolean | null;
  readonly mayTransfer: boolean | null;
  readonly isIpRestricted: boolean | null;
}

/**
 * What the private stream tells. An order or a fill may be told more than once. After `disconnected` nothing is known to be complete until everything was asked again.
 */
export type AccountEvent =
  | { readonly type: 'order'; readonly report: OrderReport }
  | { readonly type: 'fill'; readonly fill: Fill }
  | { readonly type: 'balances'; readonly balances: readonly ExchangeBalance[] }
  | { readonly type: 'positions'; readonly positions: readonly ExchangePosition[] }
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected' };

/** URGENT: the fate of an order hangs on the answer. It goes ahead of what can wait, and those who can wait make up for its share of the exchange's rate limit. */
export type Urgency = 'URGENT' | 'PATIENT';

export interface AccountUpstream {
  /** Nothing is told any more from this call on. Never rejects. */
  close(): Promise<void>;
}

/**
 * One account at one exchange: what is sent there and what is asked. Every call is made once; nothing below repeats it.
 * Questions throw EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED, CREDENTIALS_REFUSED; what is sent answers with an outcome instead.
 * Lists are PATIENT where nothing is said; what is asked about one order never waits.
 */
export interface TradingPort {
  readonly exchange: string;
  /** signedAt: stands in the request; the exchange refuses it later than 5 s (recvWindow) after that. */
  placeOrder(order: {
    readonly clientOrderId: string;
    readonly terms: OrderTerms;
    readonly signedAt: EpochMs;
  }): Promise<SendOutcome>;
  cancelOrder(reference: OrderReference): Promise<CancelOutcome>;
  /** Null where the exchange says that it has no such order. */
  findOrder(reference: OrderReference | ExecutedOrderReference): Promise<OrderReport | null>;
  openOrders(symbol: string | null, urgency?: Urgency): Promise<readonly OrderReport[]>;
  /** Orders of a market, done ones included, placed or changed since then. */
  ordersSince(symbol: string, since: EpochMs, urgency?: Urgency): Promise<readonly OrderReport[]>;
  /** Every execution of a market since then, oldest first. */
  fillsSince(symbol: string, since: EpochMs, urgency?: Urgency): Promise<readonly Fill[]>;
  balances(): Promise<readonly ExchangeBalance[]>;
  /** Of swaps; empty where the exchange has none. */
  positions(): Promise<readonly ExchangePosition[]>;
  transfersSince(since: EpochMs): Promise<readonly ExchangeTransfer[]>;
  positionMode(): Promise<PositionMode>;
  keyPermissions(): Promise<KeyPermissions>;
  /** What the exchange calls the account behind the key; null where it does not tell. */
  exchangeAccount(): Promise<string | null>;
  /** Our clock minus the exchange's, in milliseconds: as much of it as the answer proves, 0 where it may have been on its way for so long. */
  clockSkewMs(): Promise<number>;
  watch(listener: (event: AccountEvent) => void): AccountUpstream;
  close(): Promise<void>;
}
