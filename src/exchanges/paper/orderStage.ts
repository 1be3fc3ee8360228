import { isAlgoOrder } from '../../domain/checkMarketRules';
import { Decimal } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import type { OrderTerms } from '../../domain/orders';
import type { PaperOrder } from '../../domain/paperLedger';
import type { Wanted } from './bookWalk';

/**
 * Where an open order is on its way.
 *   waiting    for its trigger
 *   triggered  for the next book, which it enters
 *   resting    in the book
 */
export function stageOf(order: PaperOrder): 'waiting' | 'triggered' | 'resting' {
  if (order.queueAhead !== null) return 'resting';
  return isAlgoOrder(order.terms.type) && order.triggeredAt === null ? 'waiting' : 'triggered';
}

export function limitOf(terms: OrderTerms): Decimal | null {
  return terms.price === null ? null : new Decimal(terms.price);
}

/** Base units that are left; null of orders that are given in quote units. */
export function remainingOf(order: PaperOrder): Decimal | null {
  return order.terms.amount === null ? null : new Decimal(order.terms.amount).minus(order.filled);
}

export function wantedOf(order: PaperOrder, market: Market): Wanted {
  const remaining = remainingOf(order);
  if (remaining !== null) return { kind: 'base', amount: remaining };
  const amount = new Decimal(order.terms.quoteAmount ?? '0').minus(order.cost);
  return { kind: 'quote', amount, step: new Decimal(market.amountPrecision) };
}
