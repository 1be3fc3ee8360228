import type { Decimal } from './decimal';
import type { EpochMs } from './marketData';
import type { Fill, OrderTerms, PositionMode, PositionSide, ReportedStatus } from './orders';
import type { PositionState } from './position';

/** Money of one currency on a paper account. Neither part is ever negative. */
export interface PaperBalance {
  readonly free: Decimal;
  /** Held for open orders, and as margin of positions. */
  readonly used: Decimal;
}

export interface PaperOrder {
  /** Counts up within the account, from 1. */
  readonly number: number;
  /** Null of orders that the paper exchange made itself: liquidations. */
  readonly clientOrderId: string | null;
  readonly terms: OrderTerms;
  readonly status: ReportedStatus;
  readonly placedAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Base units. */
  readonly filled: Decimal;
  /** Quote units. */
  readonly cost: Decimal;
  /** The price that what it needs is counted at; null of orders that hold nothing: they are done at once. */
  readonly reservePrice: Decimal | null;
  readonly reservedCurrency: string;
  /** What of `used` is held for what is left of it. */
  readonly reserved: Decimal;
  /** Of stops: when their condition was met. */
  readonly triggeredAt: EpochMs | null;
  /** Base units that stood before it at its price when it came to rest; null while it does not rest in the book. */
  readonly queueAhead: Decimal | null;
  /** Of TRAILING_STOP: the best last price since it was placed. */
  readonly bestPrice: Decimal | null;
}

/** Which position of a market: in one-way mode there is one, NET. */
export type PositionSlot = 'NET' | PositionSide;

/** A position of a linear swap. */
export interface PaperPosition {
  readonly symbol: string;
  readonly slot: PositionSlot;
  /** Money in the settle currency. Flat once it is closed. */
  readonly state: PositionState;
  /** What of `used` is held for it. */
  readonly margin: Decimal;
  readonly settleCurrency: string;
  readonly openedAt: EpochMs;
}

/** Money that moved without a trade. amount: positive where the account gained. */
export interface PaperTransfer {
  /** Unique within the account: what is booked once stays booked once. */
  readonly id: string;
  readonly kind: 'FUNDING' | 'TRANSFER';
  readonly symbol: string | null;
  readonly currency: string;
  readonly amount: Decimal;
  readonly at: EpochMs;
}

/** The state of a paper account: all that is needed to go on with it. */
export interface PaperLedger {
  readonly accountId: string;
  /** Counts the changes; a change is made to the version that it was decided on, or not at all. */
  readonly version: number;
  readonly positionMode: PositionMode;
  readonly lastOrderNumber: number;
  readonly lastTradeNumber: number;
  readonly balances: ReadonlyMap<string, PaperBalance>;
  /** By number, the oldest first. */
  readonly openOrders: ReadonlyMap<number, PaperOrder>;
  /** By `positionKey`. */
  readonly positions: ReadonlyMap<string, PaperPosition>;
}

export function positionKey(position: { readonly symbol: string; readonly slot: PositionSlot }): string {
  return `${position.symbol} ${position.slot}`;
}

/** One change of a paper account. All of it is stored, or nothing. */
export interface PaperChange {
  readonly accountId: string;
  readonly expectedVersion: number;
  readonly lastOrderNumber: number;
  readonly lastTradeNumber: number;
  /** What they are now, of the currencies that changed. */
  readonly balances: readonly (PaperBalance & { readonly currency: string })[];
  /** As they are now: new ones and changed ones. */
  readonly orders: readonly PaperOrder[];
  readonly fills: readonly Fill[];
  /** As they are now; flat: closed. */
  readonly positions: readonly PaperPosition[];
  readonly transfers: readonly PaperTransfer[];
}
