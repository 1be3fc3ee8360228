import type { DecimalString } from '../domain/decimal';
import { statusOf, type OrderStatus } from '../domain/orderPhases';
import { averageOf, remainingOf } from '../domain/orderState';
import type { OrderRecord } from '../storage/trading/records';

type Shown = Pick<
  OrderRecord,
  | 'id'
  | 'accountId'
  | 'origin'
  | 'clientOrderId'
  | 'exchangeOrderId'
  | 'marketId'
  | 'type'
  | 'side'
  | 'positionSide'
  | 'timeInForce'
  | 'price'
  | 'triggerPrice'
  | 'trailingDelta'
  | 'quoteAmount'
  | 'filled'
  | 'cost'
  | 'fees'
  | 'rejectCode'
  | 'reduceOnly'
  | 'version'
  | 'createdAt'
  | 'updatedAt'
>;

/** An order as clients see one: plain data, from queries and streams alike. */
export interface OrderView extends Shown {
  /** Of an order by quote amount what was executed so far: how much it is to be, nobody knows before. */
  readonly amount: DecimalString;
  readonly remaining: DecimalString;
  /** Null while nothing was executed. */
  readonly average: DecimalString | null;
  readonly status: OrderStatus;
}

export function viewOrder(order: OrderRecord): OrderView {
  const { id, accountId, origin, clientOrderId, exchangeOrderId, marketId } = order;
  const { type, side, positionSide, timeInForce, price, triggerPrice, trailingDelta, quoteAmount } = order;
  const { filled, cost, fees, rejectCode, reduceOnly, version, createdAt, updatedAt } = order;
  return {
    id,
    accountId,
    origin,
    clientOrderId,
    exchangeOrderId,
    marketId,
    type,
    side,
    positionSide,
    timeInForce,
    price,
    triggerPrice,
    trailingDelta,
    amount: order.amount ?? filled,
    quoteAmount,
    filled,
    remaining: remainingOf(order) ?? ('0' as DecimalString),
    average: averageOf(order),
    cost,
    fees,
    status: statusOf(order.phase),
    rejectCode,
    reduceOnly,
    version,
    createdAt,
    updatedAt,
  };
}
