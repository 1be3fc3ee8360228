import type { DecimalString } from '../domain/decimal';
import { entryPriceOf, gainAt, notional } from '../domain/position';
import type { PositionRecord } from '../storage/trading/records';

/** A position as clients see one: plain data, from queries and streams alike. Money in its `currency`. */
export interface PositionView extends Omit<PositionRecord, 'cost' | 'closedAt'> {
  readonly entryPrice: DecimalString;
  /** These three are null while no current price is known. */
  readonly markPrice: DecimalString | null;
  readonly notional: DecimalString | null;
  readonly unrealizedPnl: DecimalString | null;
}

/** A quotient, and the same at every price: of each state of a position it is worked out once. */
const entryPrices = new WeakMap<PositionRecord, DecimalString>();

/** An open position at a price; null where it is closed, and has no entry price any more. */
export function viewPosition(position: PositionRecord, markPrice: DecimalString | null): PositionView | null {
  const { cost, closedAt, ...shown } = position;
  if (closedAt !== null) return null;
  const entryPrice = entryPrices.get(position) ?? entryPriceOf({ ...shown, cost });
  if (entryPrice === null) return null;
  entryPrices.set(position, entryPrice);
  const worth = markPrice === null ? null : notional(position.amount, markPrice);
  return {
    ...shown,
    entryPrice,
    markPrice,
    notional: worth,
    unrealizedPnl: worth === null ? null : gainAt(position, worth),
  };
}
