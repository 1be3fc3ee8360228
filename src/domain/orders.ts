import type { DecimalString } from './decimal';
import type { EpochMs } from './marketData';

export const orderSides = ['BUY', 'SELL'] as const;
export type OrderSide = (typeof orderSides)[number];

export const positionSides = ['LONG', 'SHORT'] as const;
export type PositionSide = (typeof positionSides)[number];

export const orderTypes = [
  'MARKET',
  'LIMIT',
  'STOP',
  'STOP_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
  'TRAILING_STOP',
] as const;
export type OrderType = (typeof orderTypes)[number];

export const timesInForce = ['GTC', 'IOC', 'FOK', 'POST_ONLY'] as const;
export type TimeInForce = (typeof timesInForce)[number];

/** Whether a market's position is one number, or a long and a short one beside each other. */
export type PositionMode = 'ONE_WAY' | 'HEDGE';

/** What is asked of an exchange, whichever exchange it is. */
export interface OrderTerms {
  /** ccxt's unified symbol, e.g. "BTC/USDT" or "BTC/USDT:USDT". */
  readonly symbol: string;
  readonly type: OrderType;
  readonly side: OrderSide;
  /** Base units (of a swap: contracts × contract size). Null where `quoteAmount` is given. */
  readonly amount: DecimalString | null;
  /** Quote units; MARKET BUY alone. */
  readonly quoteAmount: DecimalString | null;
  /** Quote units a base unit; null for types that have no limit. */
  readonly price: DecimalString | null;
  /** Of stops and take profits. */
  readonly triggerPrice: DecimalString | null;
  /** Of TRAILING_STOP: how far behind the best price, as a fraction: "0.01" is 1 %. */
  readonly trailingDelta: DecimalString | null;
  readonly timeInForce: TimeInForce | null;
  /** Of accounts in hedge mode alone. */
  readonly positionSide: PositionSide | null;
  readonly reduceOnly: boolean;
}

/** What one fee cost, in its own currency. Negative where the exchange pays (a rebate). */
export interface Fee {
  readonly currency: string;
  readonly cost: DecimalString;
}

/** One execution, as the exchange tells it. Unique by exchange, account, symbol and `tradeId`. */
export interface Fill {
  readonly tradeId: string;
  readonly exchangeOrderId: string;
  /** Null where the exchange does not repeat it with the trade. */
  readonly clientOrderId: string | null;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly positionSide: PositionSide | null;
  readonly price: DecimalString;
  /** Base units. */
  readonly amount: DecimalString;
  /** Quote units: price × amount. */
  readonly cost: DecimalString;
  readonly takerOrMaker: 'taker' | 'maker' | null;
  readonly fees: readonly Fee[];
  readonly exchangeTime: EpochMs;
}

/** What an exchange says of an order. */
export const reportedStatuses = ['OPEN', 'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED'] as const;
export type ReportedStatus = (typeof reportedStatuses)[number];

/** An order as the exchange knows it at one moment. `filled` only grows; it is a cross-check of the fills, never their source. */
export interface OrderReport {
  readonly exchangeOrderId: string;
  readonly clientOrderId: string | null;
  readonly symbol: string;
  readonly status: ReportedStatus;
  readonly terms: OrderTerms;
  readonly filled: DecimalString;
  /** Quote units. */
  readonly cost: DecimalString | null;
  readonly average: DecimalString | null;
  readonly exchangeTime: EpochMs;
  /** The executions, where the answer names them. */
  readonly fills: readonly Fill[];
}
