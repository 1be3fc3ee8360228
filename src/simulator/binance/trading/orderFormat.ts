import { moneyDecimals } from '../../engine/accounts/money';
import type { AccountFill, AccountOrder } from '../../engine/accounts/accountOrder';
import type { AccountEvent } from '../../engine/accounts/account';
import { formatUnits } from '../../engine/units';
import { fixed8, zero8 } from '../format';

const selfTradePreventionMode = 'EXPIRE_MAKER';

/** Money is held in units of 1e-8, which is how Binance writes it. */
export function money(units: bigint): string {
  return formatUnits(units, moneyDecimals);
}

function price(order: AccountOrder, ticks: number | null): string {
  return ticks === null ? zero8 : fixed8(formatUnits(ticks, order.spec.priceDecimals));
}

function amount(order: AccountOrder, lots: number): string {
  return fixed8(formatUnits(lots, order.spec.amountDecimals));
}

function core(order: AccountOrder): object {
  return {
    price: price(order, order.priceTicks),
    origQty: amount(order, order.lots),
    executedQty: amount(order, order.executedLots),
    origQuoteOrderQty: order.requestedCost === null ? zero8 : money(order.requestedCost),
    cummulativeQuoteQty: money(order.executedCost),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    ...(order.stopTicks === null ? {} : { stopPrice: price(order, order.stopTicks) }),
    ...trailing(order),
  };
}

function trailing(order: AccountOrder): object {
  if (order.trailingBips === null) return {};
  return { trailingDelta: order.trailingBips, trailingTime: order.trail?.since ?? -1 };
}

/** The answer to GET order, openOrders and allOrders. */
export function toOrderStatus(order: AccountOrder): object {
  return {
    symbol: order.spec.id,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    ...core(order),
    stopPrice: price(order, order.stopTicks),
    icebergQty: zero8,
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: order.workingAt !== null,
    workingTime: order.workingAt ?? -1,
    selfTradePreventionMode,
  };
}

/** The answer to a new order in one of its three lengths. */
export function toNewOrder(order: AccountOrder, fills: readonly AccountFill[], length: string): object {
  const acknowledgement = {
    symbol: order.spec.id,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: order.createdAt,
  };
  if (length === 'ACK') return acknowledgement;
  const result = { ...acknowledgement, ...core(order), workingTime: order.workingAt ?? -1, selfTradePreventionMode };
  if (length === 'RESULT') return result;
  return {
    ...result,
    fills: fills.map((fill) => ({
      price: price(order, fill.priceTicks),
      qty: amount(order, fill.lots),
      commission: money(fill.fee),
      commissionAsset: fill.feeAsset,
      tradeId: fill.tradeId,
    })),
  };
}

/** The answer to a cancellation, which has a client id of its own. */
export function toCancelled(order: AccountOrder, cancelClientId: string): object {
  return {
    symbol: order.spec.id,
    origClientOrderId: order.clientOrderId,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: cancelClientId,
    transactTime: order.updatedAt,
    ...core(order),
    selfTradePreventionMode,
  };
}

/** A row of myTrades. */
export function toMyTrade(fill: AccountFill): object {
  const { order } = fill;
  return {
    symbol: order.spec.id,
    id: fill.tradeId,
    orderId: order.id,
    orderListId: -1,
    price: price(order, fill.priceTicks),
    qty: amount(order, fill.lots),
    quoteQty: money(fill.cost),
    commission: money(fill.fee),
    commissionAsset: fill.feeAsset,
    time: fill.time,
    isBuyer: order.side === 'BUY',
    isMaker: fill.isMaker,
    isBestMatch: true,
  };
}

/** The event `executionReport` of the user data stream. Source: Binance spot API, user data streams. */
export function toExecutionReport(event: Extract<AccountEvent, { kind: 'order' }>): object {
  const { order, fill, execution, time } = event;
  return {
    e: 'executionReport',
    E: time,
    s: order.spec.id,
    c: order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: amount(order, order.lots),
    p: price(order, order.priceTicks),
    P: price(order, order.stopTicks),
    ...(order.trailingBips === null ? {} : { d: order.trailingBips, D: order.trail?.since ?? -1 }),
    F: zero8,
    g: -1,
    C: execution === 'CANCELED' ? order.clientOrderId : '',
    x: order.status === 'EXPIRED_IN_MATCH' ? 'TRADE_PREVENTION' : execution,
    X: order.status,
    r: 'NONE',
    i: order.id,
    l: fill === null ? zero8 : amount(order, fill.lots),
    z: amount(order, order.executedLots),
    L: fill === null ? zero8 : price(order, fill.priceTicks),
    n: fill === null ? '0' : money(fill.fee),
    N: fill === null ? null : fill.feeAsset,
    T: time,
    t: fill === null ? -1 : fill.tradeId,
    I: order.id,
    w: order.workingAt !== null && (order.status === 'NEW' || order.status === 'PARTIALLY_FILLED'),
    m: fill?.isMaker ?? false,
    M: fill !== null,
    O: order.createdAt,
    Z: money(order.executedCost),
    Y: fill === null ? zero8 : money(fill.cost),
    Q: order.requestedCost === null ? zero8 : money(order.requestedCost),
    W: order.workingAt ?? order.createdAt,
    V: selfTradePreventionMode,
  };
}
