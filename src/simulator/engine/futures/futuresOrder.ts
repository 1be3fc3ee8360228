import type { EpochMs } from '../../../domain/marketData';
import type { Trail } from '../accounts/stopWatch';
import type { Side } from '../bookSide';
import type { MarketSpec } from '../marketSpec';
import type { PositionSide } from './position';

export const conditionalTypes = [
  'STOP',
  'STOP_MARKET',
  'TAKE_PROFIT',
  'TAKE_PROFIT_MARKET',
  'TRAILING_STOP_MARKET',
] as const;
export type ConditionalType = (typeof conditionalTypes)[number];
export type FuturesTimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTX';
export type FuturesStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';
export type AlgoStatus = 'NEW' | 'TRIGGERING' | 'TRIGGERED' | 'FINISHED' | 'CANCELED' | 'EXPIRED' | 'REJECTED';

/** What a client asks for. Prices and amounts are decimal text that has not been checked yet. */
export interface FuturesRequest {
  readonly side: Side;
  readonly type: 'LIMIT' | 'MARKET' | 'LIQUIDATION';
  readonly timeInForce: FuturesTimeInForce;
  readonly price: string | null;
  readonly amount: string;
  readonly positionSide: PositionSide;
  readonly isReduceOnly: boolean;
  /** Null lets the exchange choose one. */
  readonly clientOrderId: string | null;
  /** Of an order that a condition released: what the client had asked for. */
  readonly algo: AlgoOrder | null;
}

/** An order in or through the book, as the exchange knows it. */
export interface FuturesOrder {
  readonly id: number;
  readonly clientOrderId: string;
  readonly spec: MarketSpec;
  readonly side: Side;
  readonly type: FuturesRequest['type'];
  readonly timeInForce: FuturesTimeInForce;
  readonly priceTicks: number | null;
  readonly positionSide: PositionSide;
  /** It may only make a position smaller. */
  readonly isReduceOnly: boolean;
  readonly algo: AlgoOrder | null;
  readonly createdAt: EpochMs;
  /** Shrinks with the position where it may only reduce it. */
  lots: number;
  status: FuturesStatus;
  updatedAt: EpochMs;
  executedLots: number;
  executedCost: bigint;
}

/** An order that waits outside the book for a price. */
export interface AlgoOrder {
  readonly id: number;
  readonly clientAlgoId: string;
  readonly spec: MarketSpec;
  readonly side: Side;
  readonly type: ConditionalType;
  readonly timeInForce: FuturesTimeInForce;
  readonly price: string | null;
  /** Null where it closes whatever the position is then. */
  readonly amount: string | null;
  /** Of a trailing stop: the price from which on it trails; null is from the start. */
  readonly triggerTicks: number | null;
  readonly trailingBips: number | null;
  readonly workingType: 'CONTRACT_PRICE' | 'MARK_PRICE';
  readonly positionSide: PositionSide;
  readonly isReduceOnly: boolean;
  readonly createdAt: EpochMs;
  status: AlgoStatus;
  updatedAt: EpochMs;
  triggeredAt: EpochMs | null;
  trail: Trail | null;
  /** The order that it became. */
  order: FuturesOrder | null;
  failure: string | null;
}

/** One account's side of a trade. */
export interface FuturesFill {
  readonly tradeId: number;
  readonly order: FuturesOrder;
  readonly priceTicks: number;
  readonly lots: number;
  readonly cost: bigint;
  readonly fee: bigint;
  readonly profit: bigint;
  readonly isMaker: boolean;
  readonly time: EpochMs;
}

export function isWorking(order: FuturesOrder): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

/** Lots above zero for a buyer. */
export function signed(side: Side, lots: number): number {
  return side === 'BUY' ? lots : -lots;
}

/** Whether an order closes, by its side and the part of the position that it is for. BOTH: it depends on what is held. */
export function closesPart(order: { readonly side: Side; readonly positionSide: PositionSide }): boolean {
  return order.positionSide !== 'BOTH' && (order.side === 'BUY') === (order.positionSide === 'SHORT');
}
