import { Decimal } from '../../domain/decimal';
import type { OrderBook } from '../../domain/marketData';
import type { OrderSide } from '../../domain/orders';

/** The lowest and the highest price that were seen. */
export interface PriceSpan {
  readonly low: Decimal;
  readonly high: Decimal;
}

export function joinSpans(a: PriceSpan | null, b: PriceSpan | null): PriceSpan | null {
  if (a === null || b === null) return a ?? b;
  return { low: Decimal.min(a.low, b.low), high: Decimal.max(a.high, b.high) };
}

export function spanOf(price: Decimal): PriceSpan {
  return { low: price, high: price };
}

/** From the best bid to the best ask; null of a book without either. */
export function topsOf(book: OrderBook): PriceSpan | null {
  const tops = [book.bids[0], book.asks[0]].flatMap((level) => (level === undefined ? [] : [new Decimal(level.price)]));
  return tops.map(spanOf).reduce<PriceSpan | null>(joinSpans, null);
}

/**
 * At which price a resting order is filled by something at `met`: its own, but none that the market has not been at. An order whose
 * price the market has long left behind (the rest of one that took all there was) would otherwise pay what nobody asks any more.
 */
export function restingPrice(
  order: { readonly side: OrderSide; readonly limit: Decimal },
  met: Decimal,
  seen: PriceSpan | null,
): Decimal {
  if (seen === null) return met;
  return order.side === 'BUY'
    ? Decimal.max(met, Decimal.min(order.limit, seen.high))
    : Decimal.min(met, Decimal.max(order.limit, seen.low));
}
