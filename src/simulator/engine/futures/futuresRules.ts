import { costOf, moneyDecimals } from '../accounts/money';
import type { MarketSpec } from '../marketSpec';
import { parseBigUnits, parseUnits } from '../units';
import type { FuturesAccount } from './futuresAccount';
import { closesPart, type FuturesRequest } from './futuresOrder';
import { FuturesRefused } from './futuresRefused';

export const maxOpenOrders = 200;
export const maxOpenConditions = 100;
/** A limit may be this far from the mark price, in percent. */
export const percentPrice = 5;
export const maxPrice = '4529764';
/** A market order may be this fraction of the largest limit order. */
export const marketAmountDivisor = 8;

/** A price in ticks. Throws PRICE_FILTER. */
export function toTicks(spec: MarketSpec, price: string): number {
  const ticks = parseUnits(price, spec.priceDecimals);
  const most = parseUnits(maxPrice, spec.priceDecimals) ?? 0;
  if (ticks === null || ticks < 1 || ticks > most) throw new FuturesRefused('PRICE_FILTER');
  return ticks;
}

/** An amount in lots. Throws LOT_SIZE, TOO_SMALL or TOO_LARGE. */
export function toLots(spec: MarketSpec, amount: string, isLimit: boolean): number {
  const lots = parseUnits(amount, spec.amountDecimals);
  const most = isLimit ? (parseUnits(spec.maxAmount, spec.amountDecimals) ?? 0) : largestMarketLots(spec);
  if (lots === null) throw new FuturesRefused('LOT_SIZE');
  if (lots < 1) throw new FuturesRefused('TOO_SMALL');
  if (lots > most) throw new FuturesRefused('TOO_LARGE');
  return lots;
}

/** What a market order may be about at most. */
export function largestMarketLots(spec: MarketSpec): number {
  return Math.floor((parseUnits(spec.maxAmount, spec.amountDecimals) ?? 0) / marketAmountDivisor);
}

/** Price × amount must be worth while, unless the order only reduces. Throws MIN_NOTIONAL. */
export function checkNotional(
  spec: MarketSpec,
  order: { readonly priceTicks: number; readonly lots: number; readonly isReducing: boolean },
): void {
  const least = parseBigUnits(spec.minNotional, moneyDecimals);
  if (!order.isReducing && costOf(spec, order.priceTicks, order.lots) < least) throw new FuturesRefused('MIN_NOTIONAL');
}

/** A buyer may not bid far above the mark price, a seller not ask far below it. markTicks may be a fraction. */
export function checkPercentPrice(side: FuturesRequest['side'], priceTicks: number, markTicks: number): void {
  const share = percentPrice / 100;
  if (side === 'BUY' && priceTicks > markTicks * (1 + share)) throw new FuturesRefused('PERCENT_PRICE_ABOVE');
  if (side === 'SELL' && priceTicks < markTicks * (1 - share)) throw new FuturesRefused('PERCENT_PRICE_BELOW');
}

/** The part of the position must fit the account's mode. Throws WRONG_POSITION_SIDE. */
export function checkPositionSide(account: FuturesAccount, positionSide: FuturesRequest['positionSide']): void {
  if (account.isHedged === (positionSide === 'BOTH')) throw new FuturesRefused('WRONG_POSITION_SIDE');
}

/** How many lots an order may still take off the position; null where it may make it larger. Throws REDUCE_ONLY where there is nothing to take. */
export function reducibleLots(
  account: FuturesAccount,
  spec: MarketSpec,
  order: Pick<FuturesRequest, 'side' | 'positionSide' | 'isReduceOnly'>,
): number | null {
  if (!order.isReduceOnly && !closesPart(order)) return null;
  const { lots } = account.position(spec, order.positionSide);
  const isOpposite = order.side === 'BUY' ? lots < 0 : lots > 0;
  if (!isOpposite) throw new FuturesRefused('REDUCE_ONLY');
  return Math.abs(lots);
}
