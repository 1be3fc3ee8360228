import type { AlgoOrder, FuturesFill, FuturesOrder } from '../../engine/futures/futuresOrder';
import { marginAsset } from '../../engine/futures/contracts';
import type { MarketSpec } from '../../engine/marketSpec';
import { formatUnits } from '../../engine/units';
import { money } from '../trading/orderFormat';

export const selfTradePreventionMode = 'EXPIRE_MAKER';

export function price(spec: MarketSpec, ticks: number | null): string {
  return ticks === null ? '0' : formatUnits(ticks, spec.priceDecimals);
}

export function amount(spec: MarketSpec, lots: number): string {
  return formatUnits(lots, spec.amountDecimals);
}

export function averagePrice(order: FuturesOrder): string {
  if (order.executedLots === 0) return '0.00';
  return money((order.executedCost * 10n ** BigInt(order.spec.amountDecimals)) / BigInt(order.executedLots));
}

/** The answer to every call about an order. Source: Binance USD-M API, query order. */
export function toUsdmOrder(order: FuturesOrder): object {
  const { spec } = order;
  return {
    orderId: order.id,
    symbol: spec.id,
    status: order.status,
    clientOrderId: order.clientOrderId,
    price: price(spec, order.priceTicks),
    avgPrice: averagePrice(order),
    origQty: amount(spec, order.lots),
    executedQty: amount(spec, order.executedLots),
    cumQty: amount(spec, order.executedLots),
    cumQuote: money(order.executedCost),
    timeInForce: order.timeInForce,
    type: order.type,
    reduceOnly: order.isReduceOnly,
    closePosition: order.algo !== null && order.algo.amount === null,
    side: order.side,
    positionSide: order.positionSide,
    stopPrice: price(spec, order.algo?.triggerTicks ?? null),
    workingType: order.algo?.workingType ?? 'CONTRACT_PRICE',
    priceProtect: false,
    origType: order.algo?.type ?? order.type,
    priceMatch: 'NONE',
    selfTradePreventionMode,
    goodTillDate: 0,
    time: order.createdAt,
    updateTime: order.updatedAt,
  };
}

/** A row of userTrades. */
export function toUserTrade(fill: FuturesFill): object {
  const { order } = fill;
  return {
    symbol: order.spec.id,
    id: fill.tradeId,
    orderId: order.id,
    side: order.side,
    price: price(order.spec, fill.priceTicks),
    qty: amount(order.spec, fill.lots),
    realizedPnl: money(fill.profit),
    quoteQty: money(fill.cost),
    commission: money(fill.fee),
    commissionAsset: marginAsset,
    time: fill.time,
    positionSide: order.positionSide,
    buyer: order.side === 'BUY',
    maker: fill.isMaker,
  };
}

/** The answer to every call about a conditional order. Source: Binance USD-M API, query algo order. */
export function toAlgoOrder(algo: AlgoOrder): object {
  const { spec, order } = algo;
  const isTrailing = algo.trailingBips !== null;
  return {
    algoId: algo.id,
    clientAlgoId: algo.clientAlgoId,
    algoType: 'CONDITIONAL',
    orderType: algo.type,
    symbol: spec.id,
    side: algo.side,
    positionSide: algo.positionSide,
    timeInForce: algo.timeInForce,
    quantity: algo.amount ?? '0',
    algoStatus: algo.status,
    actualOrderId: order === null ? '' : String(order.id),
    actualPrice: order === null ? '0.00000' : averagePrice(order),
    triggerPrice: isTrailing ? '0' : price(spec, algo.triggerTicks),
    price: algo.price ?? '0',
    icebergQuantity: null,
    selfTradePreventionMode,
    workingType: algo.workingType,
    priceMatch: 'NONE',
    closePosition: algo.amount === null,
    priceProtect: false,
    reduceOnly: algo.isReduceOnly,
    ...(isTrailing ? { activatePrice: price(spec, algo.triggerTicks), callbackRate: callbackRate(algo) } : {}),
    createTime: algo.createdAt,
    updateTime: algo.updatedAt,
    triggerTime: algo.triggeredAt ?? 0,
    goodTillDate: 0,
  };
}

/** Basis points as the percentage that was asked for. */
function callbackRate(algo: AlgoOrder): string {
  return formatUnits(algo.trailingBips ?? 0, 2);
}
