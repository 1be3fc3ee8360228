import { Decimal } from '../../domain/decimal';
import type { OrderTerms } from '../../domain/orders';

/** What a stop looks at: the last price, and of TRAILING_STOP the best one since it was placed. */
export interface TriggerPrices {
  readonly last: Decimal;
  readonly best: Decimal | null;
}

/** The best price for a trailing stop: the highest for one that sells, the lowest for one that buys. */
export function betterOf(terms: OrderTerms, { last, best }: TriggerPrices): Decimal {
  if (best === null) return last;
  return terms.side === 'SELL' ? Decimal.max(best, last) : Decimal.min(best, last);
}

/** Where the order is triggered; null of orders that have no trigger, and of a trailing one that has seen no price. */
export function triggerPriceOf(terms: OrderTerms, best: Decimal | null): Decimal | null {
  if (terms.type !== 'TRAILING_STOP') return terms.triggerPrice === null ? null : new Decimal(terms.triggerPrice);
  if (best === null || terms.trailingDelta === null) return null;
  const distance = best.times(terms.trailingDelta);
  return terms.side === 'SELL' ? best.minus(distance) : best.plus(distance);
}

/** Stops wait for a price that is worse for what they protect, take profits for a better one. */
export function isTriggered(terms: OrderTerms, { last, best }: TriggerPrices): boolean {
  const trigger = triggerPriceOf(terms, best);
  if (trigger === null) return false;
  const isTakeProfit = terms.type === 'TAKE_PROFIT' || terms.type === 'TAKE_PROFIT_LIMIT';
  const waitsForRise = (terms.side === 'BUY') !== isTakeProfit;
  return waitsForRise ? last.greaterThanOrEqualTo(trigger) : last.lessThanOrEqualTo(trigger);
}
