import { compareDecimals } from './compareDecimals';
import type { DecimalString } from './decimal';
import type { OrderBook } from './marketData';
import { difference, product, quotient, sum } from './money';
import type { OrderTerms } from './orders';

/** What an order would come to by the book of this moment. Money in quote units. */
export interface ExecutionEstimate {
  readonly averagePrice: DecimalString;
  readonly cost: DecimalString;
  /** Of `cost`, what is taken from the book at once, and what waits in it. */
  readonly takenCost: DecimalString;
  readonly restingCost: DecimalString;
  /** How much worse than the best price what is taken at once is, as a fraction; null where nothing is. */
  readonly slippage: DecimalString | null;
}

const zero = '0' as DecimalString;

/**
 * Walks the book with an order, the best level first. A limit takes what is not worse than it, and the rest waits at it; what has a
 * trigger is worth its limit, or else the trigger. Null where the book is not deep enough: what the rest would cost, nobody knows.
 */
export function estimateExecution(terms: OrderTerms, book: Pick<OrderBook, 'bids' | 'asks'>): ExecutionEstimate | null {
  const waitsAt = terms.triggerPrice === null ? null : (terms.price ?? terms.triggerPrice);
  if (waitsAt !== null || terms.trailingDelta !== null) return waitsAt === null ? null : resting(terms, waitsAt);
  const taken = take(terms, terms.side === 'BUY' ? book.asks : book.bids);
  const rest = taken.missing === zero || terms.price === null ? zero : product(taken.missing, terms.price);
  if (taken.missing !== zero && terms.price === null) return null;
  const cost = sum(taken.cost, rest);
  const amount = sum(taken.amount, terms.price === null ? zero : taken.missing);
  if (amount === zero) return null;
  return {
    averagePrice: quotient(cost, amount),
    cost,
    takenCost: taken.cost,
    restingCost: rest,
    slippage: taken.best === null ? null : slippageOf(terms, taken.best, quotient(taken.cost, taken.amount)),
  };
}

function resting({ amount }: OrderTerms, price: DecimalString): ExecutionEstimate | null {
  if (amount === null) return null;
  const cost = product(amount, price);
  return { averagePrice: price, cost, takenCost: zero, restingCost: cost, slippage: null };
}

interface Taken {
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  /** Base units (of an order by quote amount, quote units) that the book does not have at the price wanted. */
  readonly missing: DecimalString;
  /** The price of the first that was taken. */
  readonly best: DecimalString | null;
}

function take(terms: OrderTerms, levels: OrderBook['asks']): Taken {
  const byQuote = terms.amount === null;
  let missing = terms.amount ?? terms.quoteAmount ?? zero;
  let amount = zero;
  let cost = zero;
  let best: DecimalString | null = null;
  for (const level of levels) {
    if (missing === zero || isWorse(terms, level.price)) break;
    const worth = byQuote ? product(level.amount, level.price) : level.amount;
    const isWhole = compareDecimals(worth, missing) <= 0;
    const part = isWhole ? worth : missing;
    const base = byQuote ? (isWhole ? level.amount : quotient(part, level.price)) : part;
    best ??= level.price;
    amount = sum(amount, base);
    cost = sum(cost, byQuote ? part : product(base, level.price));
    missing = difference(missing, part);
  }
  return { amount, cost, missing, best };
}

function isWorse({ side, price }: OrderTerms, than: DecimalString): boolean {
  if (price === null) return false;
  const order = compareDecimals(than, price);
  return side === 'BUY' ? order > 0 : order < 0;
}

function slippageOf({ side }: OrderTerms, best: DecimalString, average: DecimalString): DecimalString {
  return quotient(side === 'BUY' ? difference(average, best) : difference(best, average), best);
}
