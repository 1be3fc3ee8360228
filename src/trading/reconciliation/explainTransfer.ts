import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { AccountTransaction } from '../../storage/trading/accountTransaction';
import type { Unexplained } from '../../storage/trading/heldLedger';
import { transition } from '../postings';

/** The exchange's clock is not ours. */
const clockMarginMs = 60_000;

/**
 * A transfer whose money was booked as UNEXPLAINED by the time that the exchange tells of it: moves it from there to the book that it
 * belongs to, by a posting of the same moment, so that the day which saw the money has its explanation. The balance stays as it is.
 * False where nothing unexplained holds as much.
 */
export async function bookExplained(
  tx: AccountTransaction,
  transfer: {
    readonly id: string;
    readonly book: 'FUNDING' | 'TRANSFERS';
    readonly currency: string;
    readonly amount: DecimalString;
    readonly marketId: string | null;
    readonly exchangeTime: EpochMs;
  },
  now: EpochMs,
): Promise<boolean> {
  const { id, book, currency, amount, marketId, exchangeTime } = transfer;
  const candidates = await tx.ledger.unexplained(currency, exchangeTime - clockMarginMs);
  const found = candidates.find((each) => each.amount === amount) ?? candidates.find((each) => holds(each, amount));
  if (found === undefined) return false;
  const lines = transition(currency, amount, { from: 'UNEXPLAINED', to: book });
  await tx.post({ id, lines, marketId, at: found.at });
  const outcome = `${amount} ${currency} of what was not explained`;
  await tx.audit({ at: now, actor: 'reconciliation', action: 'balance.explained', target: id, outcome });
  return true;
}

/** Of the same direction, and no smaller. */
function holds(unexplained: Unexplained, amount: DecimalString): boolean {
  const [all, part] = [unexplained.amount, amount];
  if (all.startsWith('-') !== part.startsWith('-')) return false;
  return part.startsWith('-') ? compareDecimals(all, part) <= 0 : compareDecimals(all, part) >= 0;
}
