import { Decimal, type DecimalString } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import type { OrderTerms } from '../../domain/orders';
import type { PaperOrder, PositionSlot } from '../../domain/paperLedger';
import { applyFillToPosition, flatPosition, type PositionState } from '../../domain/position';
import { feeRateOf } from './feeRate';
import type { LedgerDraft } from './ledgerDraft';
import { toCharge, zero } from './money';
import type { Settlement } from './spotSettlement';

/** Of every swap: one tenth of a position's worth is held for it. Fixed; the exchange's own setting is per account and symbol. */
export const leverage = new Decimal(10);

export function slotOf(terms: OrderTerms): PositionSlot {
  return terms.positionSide ?? 'NET';
}

/** What an order of a swap holds: the margin of what it would open, and its fee. Never more than it held before. */
export function heldForSwap(
  { order, market }: { readonly order: PaperOrder; readonly market: Market },
  remaining: Decimal,
): Decimal {
  if (order.reservePrice === null) return zero;
  return Decimal.min(order.reserved, openingCharge(market, order.reservePrice.times(remaining)));
}

/** Margin and taker's fee for opening so much. notional: in the settle currency. */
export function openingCharge(market: Market, notional: Decimal): Decimal {
  return toCharge(notional.dividedBy(leverage).plus(notional.times(feeRateOf(market, 'taker'))));
}

/** What of the amount would not close an opposite position, but open one. */
export function openingAmount(draft: LedgerDraft, terms: OrderTerms, amount: Decimal): Decimal {
  if (mayOnlyClose(terms)) return zero;
  const state = draft.position(terms.symbol, slotOf(terms))?.state;
  if (state === undefined || !closes(terms, state)) return amount;
  return Decimal.max(zero, amount.minus(state.amount));
}

/** What an order that may only close has left to close, base units; null of orders that may open. */
export function closableAmount(draft: LedgerDraft, terms: OrderTerms): Decimal | null {
  if (!mayOnlyClose(terms)) return null;
  const state = draft.position(terms.symbol, slotOf(terms))?.state;
  return state === undefined || !closes(terms, state) ? zero : new Decimal(state.amount);
}

/** reduceOnly, or in hedge mode the side that leads out of the position. */
function mayOnlyClose({ reduceOnly, positionSide, side }: OrderTerms): boolean {
  return reduceOnly || (positionSide !== null && (positionSide === 'LONG') !== (side === 'BUY'));
}

function closes(terms: OrderTerms, state: PositionState): boolean {
  return (state.side === 'LONG') !== (terms.side === 'BUY');
}

/**
 * Books a fill into its position: realized profit and fee at once into the wallet, one tenth of the position's cost as margin.
 * False, and nothing is changed, where what is free does not cover it.
 */
export function settleSwap(draft: LedgerDraft, { market, order, fill, released, isInsured }: Settlement): boolean {
  const currency = order.reservedCurrency;
  const slot = slotOf(order.terms);
  const before = draft.position(fill.symbol, slot);
  const state = before?.state ?? flatPosition(fill.positionSide ?? 'LONG');
  const terms = { type: market.type, base: market.base, quote: currency, otherFees: '0' as DecimalString };
  const change = applyFillToPosition(state, fill, terms);
  const oldMargin = before?.margin ?? zero;
  const margin = toCharge(new Decimal(change.position.cost).dividedBy(leverage));
  const gain = new Decimal(change.realizedPnl).minus(change.fees);
  const unheld = released.plus(oldMargin).minus(margin);
  const left = draft.free(currency).plus(unheld).plus(gain);
  if (left.isNegative() && !isInsured) return false;
  if (left.isNegative()) insure(draft, { id: fill.tradeId, currency, amount: left.negated() });
  draft.move(currency, { gain, unheld });
  draft.putPosition({
    symbol: fill.symbol,
    slot,
    state: change.position,
    margin,
    settleCurrency: currency,
    openedAt: before?.openedAt ?? draft.now,
  });
  return true;
}

/** Pays for the account what it cannot: an exchange has an insurance fund for it. Booked as a transfer, so that the books add up. */
export function insure(
  draft: LedgerDraft,
  { id, currency, amount }: { readonly id: string; readonly currency: string; readonly amount: Decimal },
): void {
  draft.credit(currency, amount);
  draft.addTransfer({ id: `insurance ${id}`, kind: 'TRANSFER', symbol: null, currency, amount });
}
