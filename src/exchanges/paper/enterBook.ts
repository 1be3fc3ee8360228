import { Decimal } from '../../domain/decimal';
import type { OrderBook } from '../../domain/marketData';
import type { PaperOrder } from '../../domain/paperLedger';
import { amountAt, walkBook, type BookWalk, type Wanted } from './bookWalk';
import { endOrder, execute } from './execution';
import type { LedgerDraft } from './ledgerDraft';
import type { MarketView } from './marketSource';
import { limitOf, wantedOf } from './orderStage';
import { closableAmount } from './swapSettlement';
import type { PendingTakes } from './takenLiquidity';

/** A change under way, and what it takes from the books. */
export interface Matching {
  readonly draft: LedgerDraft;
  readonly takes: PendingTakes;
}

/** A view in which the book is known. */
export type OpenView = MarketView & { readonly book: OrderBook };

/** What the order would take from the book as it is. */
export function walkFor({ draft, takes }: Matching, order: PaperOrder, view: OpenView): BookWalk {
  const { symbol, side } = order.terms;
  const wanted = wantedNow(draft, order, view);
  return walkBook({ symbol, side, limit: limitOf(order.terms), wanted, book: view.book, takes });
}

/**
 * Lets an order meet the book: it takes what its limit allows, each level at the level's price. Then a limit order rests;
 * what is left of every other ends as EXPIRED, as on Binance. So does an order that may not take (POST_ONLY) and would, one
 * that wants all or nothing (FOK) and cannot have it, and one that the account cannot pay to the end.
 */
export function enterBook(matching: Matching, order: PaperOrder, view: OpenView): PaperOrder {
  const { draft, takes } = matching;
  const { terms } = order;
  const walk = walkFor(matching, order, view);
  const isRefused =
    (terms.timeInForce === 'POST_ONLY' && walk.steps.length > 0) || (terms.timeInForce === 'FOK' && !walk.isComplete);
  if (isRefused) return endOrder(draft, order, 'EXPIRED');
  let current = order;
  for (const { level, price, amount } of walk.steps) {
    const next = execute(draft, { market: view.market, order: current, price, amount, takerOrMaker: 'taker' });
    if (next === null) return endOrder(draft, current, 'EXPIRED');
    takes.take(terms, level, amount);
    current = next;
  }
  if (current.status !== 'OPEN') return current;
  // Orders in quote units leave less than one step over; that is done, not cut short.
  const isDone = walk.isComplete && terms.amount === null && walk.steps.length > 0;
  if (isDone) return endOrder(draft, current, 'CLOSED');
  const limit = limitOf(terms);
  const hasNothingToClose = closableAmount(draft, terms)?.isZero() ?? false;
  if (limit === null || terms.timeInForce === 'IOC' || hasNothingToClose) return endOrder(draft, current, 'EXPIRED');
  const resting: PaperOrder = { ...current, queueAhead: amountAt(view.book, terms.side, limit) };
  draft.put(resting);
  return resting;
}

/** An order that may only close wants no more than there is to close. */
function wantedNow(draft: LedgerDraft, order: PaperOrder, view: MarketView): Wanted {
  const wanted = wantedOf(order, view.market);
  const closable = closableAmount(draft, order.terms);
  return closable === null ? wanted : { ...wanted, amount: Decimal.min(wanted.amount, closable) };
}
