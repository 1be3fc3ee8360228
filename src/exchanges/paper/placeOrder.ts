import { isAlgoOrder } from '../../domain/checkMarketRules';
import { Decimal } from '../../domain/decimal';
import type { OrderTerms } from '../../domain/orders';
import type { PaperOrder } from '../../domain/paperLedger';
import type { RefusalCode } from '../tradingPort';
import { enterBook, walkFor, type Matching, type OpenView } from './enterBook';
import type { LedgerDraft } from './ledgerDraft';
import { zero } from './money';
import { heldForSpot } from './spotSettlement';
import { closableAmount, openingAmount, openingCharge } from './swapSettlement';
import { termsProblem } from './termsProblem';
import { isTriggered, triggerPriceOf } from './triggers';

export interface NewPaperOrder {
  /** Null of orders that the paper exchange makes itself. */
  readonly clientOrderId: string | null;
  readonly terms: OrderTerms;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
}

export type Placement = { readonly kind: 'accepted'; readonly order: PaperOrder } | Refusal;

/**
 * Takes a new order in: holds what it needs, then lets it meet the book, or wait for its trigger. Refused orders leave no trace.
 * Market rules were checked before.
 */
export function placeOrder(matching: Matching, request: NewPaperOrder, view: OpenView): Placement {
  const { draft } = matching;
  const problem = termsProblem(request.terms, { market: view.market, positionMode: draft.positionMode });
  if (problem !== null) return refused('EXCHANGE_REFUSED', problem);
  const order = newOrder(draft, request, view);
  const refusal = isAlgoOrder(order.terms.type) ? refuseStop(order, view) : refuseEntering(matching, order, view);
  if (refusal !== null) return refusal;
  if (draft.free(order.reservedCurrency).lessThan(order.reserved)) return cannotPay(order);
  const numbered = { ...order, number: draft.nextOrderNumber() };
  draft.hold(numbered.reservedCurrency, numbered.reserved);
  draft.put(numbered);
  return { kind: 'accepted', order: isAlgoOrder(numbered.terms.type) ? numbered : enterBook(matching, numbered, view) };
}

function newOrder(draft: LedgerDraft, { clientOrderId, terms }: NewPaperOrder, view: OpenView): PaperOrder {
  const { market } = view;
  const bestPrice = terms.type === 'TRAILING_STOP' ? view.last : null;
  const reservePrice = terms.price === null ? triggerPriceOf(terms, bestPrice) : new Decimal(terms.price);
  const amount = new Decimal(terms.amount ?? '0');
  const spotCurrency = terms.side === 'SELL' ? market.base : market.quote;
  const isSpot = market.type === 'SPOT';
  const opening = isSpot ? zero : openingAmount(draft, terms, amount);
  return {
    number: 0,
    clientOrderId,
    terms,
    status: 'OPEN',
    placedAt: draft.now,
    updatedAt: draft.now,
    filled: zero,
    cost: zero,
    reservePrice,
    reservedCurrency: isSpot ? spotCurrency : (market.settle ?? market.quote),
    reserved: isSpot
      ? heldForSpot({ terms, reservePrice }, amount)
      : openingCharge(market, opening.times(reservePrice ?? zero)),
    triggeredAt: null,
    queueAhead: null,
    bestPrice,
  };
}

/** A stop whose condition is met already would not wait: Binance refuses it. */
function refuseStop(order: PaperOrder, { last }: OpenView): Refusal | null {
  if (last === null) return refused('MARKET_CLOSED', 'there is no last price that the trigger could be held against');
  const isMet = isTriggered(order.terms, { last, best: order.bestPrice });
  return isMet ? refused('WOULD_TRIGGER', `the last price ${last.toString()} triggers it at once`) : null;
}

/** What cannot be paid at once is refused as a whole, not filled in part. */
function refuseEntering(matching: Matching, order: PaperOrder, view: OpenView): Refusal | null {
  const { draft } = matching;
  const { terms } = order;
  if (closableAmount(draft, terms)?.isZero() === true) {
    return refused('REDUCE_ONLY_REFUSED', 'there is no position that it could reduce');
  }
  const { steps } = walkFor(matching, order, view);
  if (terms.timeInForce === 'POST_ONLY' && steps.length > 0) return refused('WOULD_TAKE', 'it would take at once');
  if (order.reservePrice !== null) return null;
  const cost = steps.reduce((sum, { price, amount }) => sum.plus(price.times(amount)), zero);
  const amount = steps.reduce((sum, step) => sum.plus(step.amount), zero);
  const needed = terms.quoteAmount === null ? neededAtOnce(draft, order, { view, cost, amount }) : terms.quoteAmount;
  return draft.free(order.reservedCurrency).lessThan(needed) ? cannotPay(order) : null;
}

/** What a market order needs that would take so much. */
function neededAtOnce(
  draft: LedgerDraft,
  { terms }: PaperOrder,
  taken: { readonly view: OpenView; readonly cost: Decimal; readonly amount: Decimal },
): Decimal {
  const { view, cost, amount } = taken;
  if (view.market.type === 'SPOT') return terms.side === 'SELL' ? new Decimal(terms.amount ?? '0') : cost;
  if (amount.isZero()) return zero;
  const opening = openingAmount(draft, terms, amount);
  return openingCharge(view.market, cost.times(opening).dividedBy(amount));
}

function cannotPay(order: PaperOrder): Refusal {
  return refused('INSUFFICIENT_BALANCE', `not enough ${order.reservedCurrency} is free`);
}

export function refused(code: RefusalCode, message: string): Refusal {
  return { kind: 'refused', code, message };
}
