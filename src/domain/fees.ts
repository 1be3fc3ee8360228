import { sum } from './money';
import type { Fee } from './orders';

/** Both lists together, one sum for each currency, in the order of their first appearance. */
export function addFees(paid: readonly Fee[], more: readonly Fee[]): readonly Fee[] {
  const totals = new Map<string, Fee['cost']>();
  for (const { currency, cost } of [...paid, ...more]) {
    const before = totals.get(currency);
    totals.set(currency, before === undefined ? cost : sum(before, cost));
  }
  return [...totals].map(([currency, cost]) => ({ currency, cost }));
}
