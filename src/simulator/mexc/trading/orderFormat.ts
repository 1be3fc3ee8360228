import type { AccountFill, AccountOrder } from '../../engine/accounts/accountOrder';
import { isOpen } from '../../engine/accounts/accountOrder';
import { costOf, moneyDecimals } from '../../engine/accounts/money';
import { formatUnits } from '../../engine/units';
import type { PrivateDeal, PrivateOrder } from '../protobuf';

const idPrefix = 'C02__';
const tradeSuffix = 'X1';
/** MEXC's numbers of types. Source: MEXC spot v3, spot account orders, `orderType`. */
const typeNumbers: Readonly<Record<string, number>> = {
  LIMIT: 1,
  LIMIT_MAKER: 2,
  IMMEDIATE_OR_CANCEL: 3,
  FILL_OR_KILL: 4,
  MARKET: 5,
};
/** Of conditions that are set elsewhere: MEXC shows what is set on its site. */
const stopNumber = 100;
const statusNumbers = { NEW: 1, FILLED: 2, PARTIALLY_FILLED: 3, CANCELED: 4, PARTIALLY_CANCELED: 5 } as const;

/** Without zeros at the end, as MEXC writes. */
function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export function money(units: bigint): string {
  return plain(formatUnits(units, moneyDecimals));
}

/** MEXC's ids are text. */
export function orderIdOf({ id }: Pick<AccountOrder, 'id'>): string {
  return `${idPrefix}${id}`;
}

/** Null for what is no order id. */
export function readOrderId(text: string): number | null {
  const digits = text.startsWith(idPrefix) ? text.slice(idPrefix.length) : '';
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

function tradeIdOf({ tradeId }: AccountFill): string {
  return `${tradeId}${tradeSuffix}`;
}

function price(order: AccountOrder, ticks: number | null): string {
  return ticks === null ? '0' : plain(formatUnits(ticks, order.spec.priceDecimals));
}

function amount(order: AccountOrder, lots: number): string {
  return plain(formatUnits(lots, order.spec.amountDecimals));
}

function typeOf({ type, timeInForce }: AccountOrder): string {
  if (type !== 'LIMIT' || timeInForce === 'GTC') return type;
  return timeInForce === 'IOC' ? 'IMMEDIATE_OR_CANCEL' : 'FILL_OR_KILL';
}

/** Here nothing expires: what cannot rest is canceled. */
function statusOf(order: AccountOrder): keyof typeof statusNumbers {
  if (order.status === 'FILLED' || order.status === 'NEW' || order.status === 'PARTIALLY_FILLED') return order.status;
  return order.executedLots > 0 ? 'PARTIALLY_CANCELED' : 'CANCELED';
}

/** What the whole of it costs; of a market order what may be spent, where it was given so. */
function quoteAmount(order: AccountOrder): string {
  if (order.requestedCost !== null) return money(order.requestedCost);
  return order.priceTicks === null ? '0' : money(costOf(order.spec, order.priceTicks, order.lots));
}

/** The answer to a new order: neither its client id nor what came of it. */
export function toPlaced(order: AccountOrder): object {
  return { ...core(order), transactTime: order.createdAt };
}

/** The answer to GET order, openOrders and allOrders. */
export function toOrderStatus(order: AccountOrder): object {
  return {
    ...toExecuted(order),
    clientOrderId: order.clientOrderId,
    stopPrice: null,
    icebergQty: null,
    time: order.createdAt,
    updateTime: order.updatedAt,
    isWorking: isOpen(order),
    origQuoteOrderQty: quoteAmount(order),
  };
}

/** The answer to a cancellation, made before it is carried out: it tells the order as it was. */
export function toCancelled(order: AccountOrder): object {
  return { ...toExecuted(order), origClientOrderId: order.clientOrderId, clientOrderId: null };
}

function core(order: AccountOrder): object {
  return {
    symbol: order.spec.id,
    orderId: orderIdOf(order),
    orderListId: -1,
    price: price(order, order.priceTicks),
    origQty: amount(order, order.lots),
    type: typeOf(order),
    side: order.side,
  };
}

function toExecuted(order: AccountOrder): object {
  return {
    ...core(order),
    executedQty: amount(order, order.executedLots),
    cummulativeQuoteQty: money(order.executedCost),
    status: statusOf(order),
    timeInForce: null,
  };
}

/** A row of myTrades. */
export function toMyTrade(fill: AccountFill): object {
  const { order } = fill;
  return {
    symbol: order.spec.id,
    id: tradeIdOf(fill),
    orderId: orderIdOf(order),
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
    isSelfTrade: false,
    clientOrderId: order.clientOrderId,
  };
}

/** What the channel of orders tells. */
export function toPrivateOrder(order: AccountOrder): PrivateOrder {
  const { executedLots, executedCost, lots } = order;
  return {
    id: orderIdOf(order),
    clientId: order.clientOrderId,
    price: price(order, order.priceTicks),
    quantity: amount(order, lots),
    amount: quoteAmount(order),
    avgPrice: executedLots === 0 ? '0' : averageOf(order),
    orderType: typeNumbers[typeOf(order)] ?? stopNumber,
    tradeType: order.side === 'BUY' ? 1 : 2,
    remainAmount: order.requestedCost === null ? '0' : money(order.requestedCost - executedCost),
    remainQuantity: amount(order, lots - executedLots),
    cumulativeQuantity: amount(order, executedLots),
    cumulativeAmount: money(executedCost),
    status: statusNumbers[statusOf(order)],
    createTime: order.createdAt,
  };
}

/** Rounded to eight decimals, as a price of MEXC has at most. */
function averageOf({ executedCost, executedLots, spec }: AccountOrder): string {
  return money((executedCost * 10n ** BigInt(spec.amountDecimals)) / BigInt(executedLots));
}

/** What the channel of deals tells. */
export function toPrivateDeal(fill: AccountFill): PrivateDeal {
  const { order } = fill;
  return {
    price: price(order, fill.priceTicks),
    quantity: amount(order, fill.lots),
    amount: money(fill.cost),
    tradeType: order.side === 'BUY' ? 1 : 2,
    isMaker: fill.isMaker,
    isSelfTrade: false,
    tradeId: tradeIdOf(fill),
    clientOrderId: order.clientOrderId,
    orderId: orderIdOf(order),
    feeAmount: money(fill.fee),
    feeCurrency: fill.feeAsset,
    time: fill.time,
  };
}
