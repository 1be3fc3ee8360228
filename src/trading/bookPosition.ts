import type { DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import { sum } from '../domain/money';
import type { Fee, Fill, PositionSide } from '../domain/orders';
import { applyFillToPosition, flatPosition, isFlat, type PositionState } from '../domain/position';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import type { PositionRecord } from '../storage/trading/records';

export interface PositionBooking {
  readonly market: Market;
  readonly fill: Fill;
  readonly newId: () => string;
  readonly worthOfFee: (exchange: string, fee: Fee, quote: string) => DecimalString;
}

/** Applies a fill to the position of its market; a fill that turns a position closes one and opens another. Gives what it realized. */
export async function bookPosition(
  tx: AccountTransaction,
  { market, fill, newId, worthOfFee }: PositionBooking,
): Promise<{ readonly realizedPnl: DecimalString }> {
  const open = (await tx.positions()).filter((position) => position.marketId === market.id);
  const before = chooseBefore(open, market, fill);
  const change = applyFillToPosition(before ?? flatPosition(sideOf(market, fill)), fill, {
    type: market.type,
    base: market.base,
    quote: market.quote,
    otherFees: sum(
      ...fill.fees.filter((fee) => isThird(fee, market)).map((fee) => worthOfFee(market.exchange, fee, market.quote)),
    ),
  });
  const after = change.position;
  const hasTurned = before !== null && after.side !== before.side && !isFlat(after);
  if (before !== null && hasTurned) tx.savePosition(closed(before, after, fill));
  else if (before !== null) tx.savePosition(continued(before, after, fill));
  if (!isFlat(after) && (before === null || hasTurned))
    tx.savePosition(opened({ tx, market, fill, newId, state: after, isTurned: hasTurned }));
  return change;
}

/** Spot and hedge-mode fills belong to a side; those of one-way mode to whatever is open. */
function chooseBefore(open: readonly PositionRecord[], market: Market, fill: Fill): PositionRecord | null {
  const side = market.type === 'SPOT' ? 'LONG' : fill.positionSide;
  return open.find((position) => side === null || position.side === side) ?? null;
}

function sideOf(market: Market, fill: Fill): PositionSide {
  if (market.type === 'SPOT') return 'LONG';
  return fill.positionSide ?? (fill.side === 'BUY' ? 'LONG' : 'SHORT');
}

function isThird(fee: Fee, market: Market): boolean {
  return fee.currency !== market.base && fee.currency !== market.quote;
}

function continued(before: PositionRecord, after: PositionState, fill: Fill): PositionRecord {
  const closedAt = isFlat(after) ? fill.exchangeTime : null;
  return { ...before, ...after, updatedAt: fill.exchangeTime, closedAt };
}

/** What the old position realized and paid stays with it. */
function closed(before: PositionRecord, after: PositionState, fill: Fill): PositionRecord {
  const { realizedPnl, feesPaid } = after;
  const zero = '0' as DecimalString;
  return {
    ...before,
    amount: zero,
    cost: zero,
    realizedPnl,
    feesPaid,
    updatedAt: fill.exchangeTime,
    closedAt: fill.exchangeTime,
  };
}

function opened(parts: {
  readonly tx: AccountTransaction;
  readonly market: Market;
  readonly fill: Fill;
  readonly newId: () => string;
  readonly state: PositionState;
  readonly isTurned: boolean;
}): PositionRecord {
  const { tx, market, fill, newId, state, isTurned } = parts;
  const zero = '0' as DecimalString;
  return {
    ...state,
    ...(isTurned ? { realizedPnl: zero, feesPaid: zero, fundingPaid: zero } : {}),
    id: newId(),
    accountId: tx.account.id,
    marketId: market.id,
    contractSize: market.contractSize,
    leverage: null,
    liquidationPrice: null,
    currency: market.settle ?? market.quote,
    openedAt: fill.exchangeTime,
    updatedAt: fill.exchangeTime,
    closedAt: null,
  };
}
