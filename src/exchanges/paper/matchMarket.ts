import { Decimal } from '../../domain/decimal';
import type { PublicTrade } from '../../domain/marketData';
import type { PaperLedger, PaperOrder } from '../../domain/paperLedger';
import { isBeyond } from './bookWalk';
import { enterBook, walkFor, type Matching, type OpenView } from './enterBook';
import { fillResting } from './fillResting';
import type { MarketView } from './marketSource';
import { zero } from './money';
import { limitOf, remainingOf, stageOf } from './orderStage';
import { joinSpans, topsOf } from './priceSpan';
import { closableAmount } from './swapSettlement';
import { betterOf, isTriggered } from './triggers';

/**
 * What the live book does to open orders: triggered ones enter it, and resting ones are filled where the other side has come
 * to their price. A resting order was there first, so it is filled as maker at its own price (see `restingPrice`), for as much as
 * stands against it.
 */
export function matchBook(matching: Matching, view: OpenView): void {
  for (const order of openIn(matching, view)) {
    if (view.book.receivedTime < (order.triggeredAt ?? order.placedAt)) continue;
    const stage = stageOf(order);
    if (stage === 'triggered') enterBook(matching, order, view);
    if (stage === 'resting') fillAgainstBook(matching, order, view);
  }
}

function fillAgainstBook(matching: Matching, order: PaperOrder, view: OpenView): void {
  const { draft, takes } = matching;
  const seen = joinSpans(view.before, topsOf(view.book));
  let current = order;
  for (const { level, price, amount } of walkFor(matching, order, view).steps) {
    const filled = fillResting(draft, { order: current, view, met: price, amount, seen });
    if (filled === null) return;
    takes.take(order.terms, level, amount);
    current = filled;
  }
}

/**
 * What public trades do to open orders. Only trades that happened after the order was placed count.
 *
 * A resting order is filled by a trade beyond its price, up to the trade's amount: everything at its price was taken before.
 * By a trade at its price it is filled with what is left of the trade after the queue: all that stood at the price when the order
 * came to rest is ahead of it, and moves on only by trades. Cancellations ahead of it are not counted, nobody can see whose they were.
 * One trade fills one amount, however many orders of the account it meets: the best price first, then the oldest.
 *
 * Stops are triggered by the price of a trade, and enter the next book that arrives.
 */
export function matchTrades(matching: Matching, view: MarketView, trades: readonly PublicTrade[]): void {
  for (const trade of trades) {
    let left = new Decimal(trade.amount);
    for (const order of byPriority(openIn(matching, view))) {
      if (!isAfter(trade, order)) continue;
      const stage = stageOf(order);
      if (stage === 'waiting') followTrigger(matching, order, trade);
      if (stage === 'resting') left = meetTrade(matching, { order, trade, left, view });
    }
  }
}

/** True where one of these trades may matter to an order of the account: cheap, asked for every trade of the market. */
export function doTradesConcern(ledger: PaperLedger, symbol: string, trades: readonly PublicTrade[]): boolean {
  const orders = [...ledger.openOrders.values()].filter(({ terms }) => terms.symbol === symbol);
  if (orders.some((order) => stageOf(order) === 'waiting')) return true;
  return trades.some(({ price }) => orders.some((order) => isReached(order, new Decimal(price))));
}

/** The same for a book: an order waits to enter it, or its best price has come to a resting one. */
export function doesBookConcern(ledger: PaperLedger, { market, book }: OpenView): boolean {
  for (const order of ledger.openOrders.values()) {
    const { symbol, side } = order.terms;
    if (symbol !== market.symbol) continue;
    const stage = stageOf(order);
    if (stage === 'triggered') return true;
    const best = (side === 'BUY' ? book.asks : book.bids)[0];
    if (stage === 'resting' && best !== undefined && isReached(order, new Decimal(best.price))) return true;
  }
  return false;
}

function openIn({ draft }: Matching, { market }: MarketView): readonly PaperOrder[] {
  return draft.openOrders().filter(({ terms }) => terms.symbol === market.symbol);
}

function byPriority(orders: readonly PaperOrder[]): readonly PaperOrder[] {
  return orders.toSorted((a, b) => {
    const [first, second] = [limitOf(a.terms), limitOf(b.terms)];
    if (first === null || second === null || a.terms.side !== b.terms.side) return a.number - b.number;
    const byPrice = a.terms.side === 'BUY' ? second.comparedTo(first) : first.comparedTo(second);
    return byPrice === 0 ? a.number - b.number : byPrice;
  });
}

/** By both clocks: ours may be ahead of the exchange's, or behind. */
function isAfter(trade: PublicTrade, order: PaperOrder): boolean {
  return trade.receivedTime >= order.placedAt && trade.exchangeTime >= order.placedAt;
}

function isReached(order: PaperOrder, price: Decimal): boolean {
  const limit = limitOf(order.terms);
  return limit !== null && !isBeyond(order.terms.side, price, limit);
}

/** Gives what is left of the trade for others. */
function meetTrade(
  matching: Matching,
  met: { readonly order: PaperOrder; readonly trade: PublicTrade; readonly left: Decimal; readonly view: MarketView },
): Decimal {
  const { order, trade, left, view } = met;
  if (left.isZero() || !isReached(order, new Decimal(trade.price))) return left;
  const queueAhead = order.queueAhead ?? zero;
  if (!new Decimal(trade.price).equals(order.terms.price ?? '0')) {
    return left.minus(fillUpTo(matching, { order, trade, most: left, view }));
  }
  // A trade of the order's own side at its price took from the other side of the book.
  if (trade.side === order.terms.side) return left;
  const passed = Decimal.min(queueAhead, left);
  const moved: PaperOrder = { ...order, queueAhead: queueAhead.minus(passed) };
  matching.draft.remember(moved);
  const reaching = left.minus(passed);
  // The queue is the market's, not the account's: its next order at this price has it ahead as well.
  return left.minus(fillUpTo(matching, { order: moved, trade, most: reaching, view }));
}

/** Gives how much was filled. */
function fillUpTo(
  { draft }: Matching,
  fill: { readonly order: PaperOrder; readonly trade: PublicTrade; readonly most: Decimal; readonly view: MarketView },
): Decimal {
  const { order, trade, most, view } = fill;
  const wanted = remainingOf(order) ?? zero;
  const closable = closableAmount(draft, order.terms) ?? wanted;
  const amount = Decimal.min(most, wanted, closable);
  const met = new Decimal(trade.price);
  return fillResting(draft, { order, view, met, amount, seen: view.since }) === null ? zero : amount;
}

function followTrigger({ draft }: Matching, order: PaperOrder, trade: PublicTrade): void {
  const { terms } = order;
  const last = new Decimal(trade.price);
  const bestPrice = terms.type === 'TRAILING_STOP' ? betterOf(terms, { last, best: order.bestPrice }) : null;
  const followed: PaperOrder = { ...order, bestPrice };
  if (isTriggered(terms, { last, best: bestPrice })) {
    draft.put({ ...followed, triggeredAt: draft.now, updatedAt: draft.now });
  } else if (bestPrice !== null && !(order.bestPrice?.equals(bestPrice) ?? false)) draft.put(followed);
}
