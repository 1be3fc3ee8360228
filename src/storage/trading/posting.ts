import { Decimal, type DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { LedgerBook } from './records';

export interface LedgerLine {
  readonly book: LedgerBook;
  readonly currency: string;
  /** Positive where the book gains. */
  readonly amount: DecimalString;
}

/** Lines that sum to zero in each currency. `id` is unique in its account: what was posted is not posted again. */
export interface Posting {
  readonly id: string;
  readonly lines: readonly LedgerLine[];
  readonly marketId: string | null;
  readonly at: EpochMs;
}

export function assertBalanced({ id, lines }: Posting): void {
  const sums = new Map<string, Decimal>();
  for (const { currency, amount } of lines) sums.set(currency, (sums.get(currency) ?? new Decimal(0)).plus(amount));
  for (const [currency, sum] of sums) {
    if (!sum.isZero()) throw new Error(`posting ${id} does not balance in ${currency}`);
  }
}
