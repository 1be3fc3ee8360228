import { compareDecimals } from '../domain/compareDecimals';
import { toDecimalString } from '../domain/decimal';
import type { PriceLevel } from '../domain/marketData';

const nothing = toDecimalString('0');

/**
 * What turns one view of a side into another: new and changed levels as they are, levels that have left with amount "0".
 * Both views are sorted, best first; the difference is too.
 */
export function differenceOf(
  side: 'bids' | 'asks',
  before: readonly PriceLevel[],
  after: readonly PriceLevel[],
): readonly PriceLevel[] {
  const changes: PriceLevel[] = [];
  let old = 0;
  let fresh = 0;
  for (;;) {
    const known = before[old];
    const level = after[fresh];
    if (known === undefined && level === undefined) return changes;
    const order = orderOf(side, known, level);
    if (order < 0 && known !== undefined) {
      changes.push({ price: known.price, amount: nothing });
      old += 1;
    } else if (order > 0 && level !== undefined) {
      changes.push(level);
      fresh += 1;
    } else {
      if (level !== undefined && level.amount !== known?.amount) changes.push(level);
      old += 1;
      fresh += 1;
    }
  }
}

/** Negative where the known level comes first, positive where the new one does. */
function orderOf(side: 'bids' | 'asks', known: PriceLevel | undefined, level: PriceLevel | undefined): number {
  if (known === undefined) return 1;
  if (level === undefined) return -1;
  // The same object is the same level: views share what has not changed.
  if (known === level) return 0;
  const difference = compareDecimals(known.price, level.price);
  return side === 'bids' ? -difference : difference;
}
