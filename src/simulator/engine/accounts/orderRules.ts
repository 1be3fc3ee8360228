import type { SimulatedMarket } from '../simulatedMarket';
import { parseBigUnits, parseUnits } from '../units';
import type { Account } from './account';
import { isLimit, isStop, type OrderRequest } from './accountOrder';
import { costOf, moneyDecimals } from './money';
import { OrderRefused } from './orderRefused';

export const maxOpenOrders = 200;
export const maxStopOrders = 5;
/** A limit may be this many times the average price of the last minutes, or that fraction of it. */
export const percentPriceFactor = 5;
/** A market order may be this fraction of the largest limit order. */
export const marketAmountDivisor = 4;
/** A trailing stop may trail this far, in basis points. */
export const trailingBipsRange = { from: 10, to: 2000 };
export const maxPrice = '1000000';

/** An order in whole ticks and lots that has passed every rule but the account's balance. */
export interface CheckedOrder {
  readonly priceTicks: number | null;
  readonly stopTicks: number | null;
  /** Null where the order is given by its cost. */
  readonly lots: number | null;
  readonly requestedCost: bigint | null;
}

/** Checks an order against the rules of its market, in the exchange's order. Throws OrderRefused. */
export function checkOrder(market: SimulatedMarket, account: Account, request: OrderRequest): CheckedOrder {
  const { spec } = market;
  const priceTicks = request.price === null ? null : toTicks(market, request.price);
  const stopTicks = request.stopPrice === null ? null : toTicks(market, request.stopPrice);
  const lots = request.amount === null ? null : toLots(market, request.amount, isLimit(request.type));
  const requestedCost = request.cost === null ? null : parseBigUnits(request.cost, moneyDecimals);
  const averageTicks = Number(parseBigUnits(market.averagePrice(), spec.priceDecimals));

  if (priceTicks !== null) {
    const isFar = priceTicks > averageTicks * percentPriceFactor || priceTicks < averageTicks / percentPriceFactor;
    if (isFar) throw new OrderRefused('PERCENT_PRICE_BY_SIDE');
  }
  const cost = requestedCost ?? costOf(spec, priceTicks ?? averageTicks, lots ?? 0);
  if (cost < parseBigUnits(spec.minNotional, moneyDecimals)) throw new OrderRefused('NOTIONAL');

  const { trailingBips } = request;
  if (trailingBips !== null && (trailingBips < trailingBipsRange.from || trailingBips > trailingBipsRange.to)) {
    throw new OrderRefused('TRAILING_DELTA');
  }

  const open = account.openOrders(spec.id);
  if (open.length >= maxOpenOrders) throw new OrderRefused('MAX_NUM_ORDERS');
  if (isStop(request.type) && open.filter((order) => isStop(order.type)).length >= maxStopOrders) {
    throw new OrderRefused('MAX_NUM_ALGO_ORDERS');
  }
  if (open.some((order) => order.clientOrderId === request.clientOrderId)) {
    throw new OrderRefused('DUPLICATE_CLIENT_ID');
  }
  if (request.type === 'LIMIT_MAKER' && market.engine.wouldCross(request.side, priceTicks)) {
    throw new OrderRefused('WOULD_TAKE');
  }
  return { priceTicks, stopTicks, lots, requestedCost };
}

function toTicks(market: SimulatedMarket, price: string): number {
  const { priceDecimals } = market.spec;
  const ticks = parseUnits(price, priceDecimals);
  const most = parseUnits(maxPrice, priceDecimals);
  if (ticks === null || ticks < 1 || (most !== null && ticks > most)) throw new OrderRefused('PRICE_FILTER');
  return ticks;
}

function toLots(market: SimulatedMarket, amount: string, isLimitOrder: boolean): number {
  const { amountDecimals, maxAmount } = market.spec;
  const lots = parseUnits(amount, amountDecimals);
  const most = parseUnits(maxAmount, amountDecimals);
  if (lots === null || most === null || lots < 1 || lots > most) throw new OrderRefused('LOT_SIZE');
  if (!isLimitOrder && lots > most / marketAmountDivisor) throw new OrderRefused('MARKET_LOT_SIZE');
  return lots;
}
