import { Decimal } from '../../domain/decimal';
import type { OrderBook, PriceLevel } from '../../domain/marketData';
import type { OrderSide } from '../../domain/orders';
import { zero } from './money';
import type { PendingTakes } from './takenLiquidity';

/** How much an order still wants: base units, or for quote units what they buy, in whole steps of base units. */
export type Wanted =
  | { readonly kind: 'base'; readonly amount: Decimal }
  | { readonly kind: 'quote'; readonly amount: Decimal; readonly step: Decimal };

export interface WalkStep {
  readonly level: PriceLevel;
  readonly price: Decimal;
  readonly amount: Decimal;
}

export interface BookWalk {
  readonly steps: readonly WalkStep[];
  /** True where the book has all that is wanted. */
  readonly isComplete: boolean;
}

/** What an order would take from the book, level by level, the best first. limit: null takes at any price. */
export function walkBook(order: {
  readonly symbol: string;
  readonly side: OrderSide;
  readonly limit: Decimal | null;
  readonly wanted: Wanted;
  readonly book: OrderBook;
  readonly takes: PendingTakes;
}): BookWalk {
  const { side, limit, book, takes } = order;
  const steps: WalkStep[] = [];
  let wanted = order.wanted;
  for (const level of side === 'BUY' ? book.asks : book.bids) {
    const price = new Decimal(level.price);
    if (limit !== null && isBeyond(side, price, limit)) break;
    const most = baseAt(wanted, price);
    if (most.isZero()) return { steps, isComplete: true };
    const amount = Decimal.min(most, takes.available(order, level));
    if (amount.isZero()) continue;
    steps.push({ level, price, amount });
    wanted = { ...wanted, amount: wanted.amount.minus(wanted.kind === 'base' ? amount : amount.times(price)) };
    if (amount.equals(most)) return { steps, isComplete: true };
  }
  return { steps, isComplete: false };
}

/** True where the price is worse for the order than its limit. */
export function isBeyond(side: OrderSide, price: Decimal, limit: Decimal): boolean {
  return side === 'BUY' ? price.greaterThan(limit) : price.lessThan(limit);
}

/** What stands at the price on the order's own side of the book. */
export function amountAt(book: OrderBook, side: OrderSide, price: Decimal): Decimal {
  const levels = side === 'BUY' ? book.bids : book.asks;
  const level = levels.find((candidate) => price.equals(candidate.price));
  return level === undefined ? zero : new Decimal(level.amount);
}

function baseAt(wanted: Wanted, price: Decimal): Decimal {
  if (wanted.kind === 'base') return wanted.amount;
  return wanted.amount.dividedToIntegerBy(price.times(wanted.step)).times(wanted.step);
}
