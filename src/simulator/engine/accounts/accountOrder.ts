import type { EpochMs } from '../../../domain/marketData';
import type { Side } from '../bookSide';
import type { MarketSpec } from '../marketSpec';
import type { Condition, Trail } from './stopWatch';
import type { TimeInForce } from '../matchingEngine';

export const orderTypes = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
] as const;
export type OrderType = (typeof orderTypes)[number];

export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';

/** What a client asks for. Prices and amounts are decimal text that has not been checked yet. */
export interface OrderRequest {
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly price: string | null;
  /** In base units. Null for a market order that is given by its cost. */
  readonly amount: string | null;
  /** In quote units: what a market order may cost, or should bring. */
  readonly cost: string | null;
  readonly stopPrice: string | null;
  /** How far a stop trails behind the best price, in basis points; null where it does not. */
  readonly trailingBips: number | null;
  /** Null lets the exchange choose one. */
  readonly clientOrderId: string | null;
}

/** An order of an account, as the exchange knows it. Money is in units of 1e-8. */
export interface AccountOrder {
  readonly id: number;
  readonly clientOrderId: string;
  readonly spec: MarketSpec;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly priceTicks: number | null;
  readonly stopTicks: number | null;
  readonly trailingBips: number | null;
  readonly requestedCost: bigint | null;
  readonly createdAt: EpochMs;
  /** For an order by cost: what that came to. */
  lots: number;
  status: OrderStatus;
  updatedAt: EpochMs;
  /** When it came into the book; null for a stop that has not been triggered. */
  workingAt: EpochMs | null;
  executedLots: number;
  executedCost: bigint;
  /** Of a trailing stop that has begun to follow the price. */
  trail: Trail | null;
  /** What is set aside for it still: quote units for a buyer, base units for a seller. */
  locked: bigint;
}

/** One account's side of a trade. */
export interface AccountFill {
  readonly tradeId: number;
  readonly order: AccountOrder;
  readonly priceTicks: number;
  readonly lots: number;
  /** In money units of the base asset. */
  readonly amount: bigint;
  readonly cost: bigint;
  readonly fee: bigint;
  readonly feeAsset: string;
  readonly isMaker: boolean;
  readonly time: EpochMs;
}

export function isOpen(order: AccountOrder): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

export function isStop(type: OrderType): boolean {
  return type.startsWith('STOP_LOSS') || type.startsWith('TAKE_PROFIT');
}

/** What a stop waits for. */
export function conditionOf(
  order: Pick<OrderRequest, 'side' | 'type' | 'trailingBips'> & { readonly stopTicks: number | null },
): Condition {
  const { side, stopTicks, trailingBips } = order;
  return { side, stopTicks, trailingBips, kind: order.type.startsWith('STOP_LOSS') ? 'STOP' : 'TAKE_PROFIT' };
}

/** True for types whose price is a limit. */
export function isLimit(type: OrderType): boolean {
  return type.startsWith('LIMIT') || type.endsWith('_LIMIT');
}
