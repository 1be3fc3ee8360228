import type { EpochMs } from '../../domain/marketData';
import type { ExchangeTransfer } from '../../exchanges/tradingPort';
import type { AccountTransaction } from '../../storage/trading/accountTransaction';
import type { AccountDesk } from '../accountDesk';
import type { Booking } from '../booking';
import { movement } from '../postings';
import { bookFunding } from './bookFunding';
import { bookExplained } from './explainTransfer';

/** Exchanges list some transfers hours after they happened (a withdrawal, when it is confirmed). One that comes later stays unexplained. */
const toldWithinMs = 24 * 3_600_000;

/**
 * Books deposits, withdrawals and funding, each once. openedAt: what was there before is in the opening balance. One whose money was
 * booked as UNEXPLAINED, because the exchange had not listed it yet, explains that instead.
 */
export async function learnTransfers(
  desk: AccountDesk,
  { openedAt, since }: { readonly openedAt: EpochMs; readonly since: EpochMs },
): Promise<void> {
  const from = Math.max(openedAt, Math.min(since, desk.now() - toldWithinMs));
  const transfers = await desk.port.transfersSince(from);
  if (transfers.length === 0) return;
  await desk.book(async (booking, tx) => {
    const names = transfers.map(nameOf);
    const posted = await tx.ledger.postedAmong([...names, ...names.map(explanationOf)]);
    const known = new Set(posted);
    for (const transfer of transfers) {
      const name = nameOf(transfer);
      if (known.has(name) || known.has(explanationOf(name))) continue;
      known.add(name);
      await bookTransfer(desk, { booking, tx }, transfer);
    }
  });
}

async function bookTransfer(
  desk: AccountDesk,
  { booking, tx }: { readonly booking: Booking; readonly tx: AccountTransaction },
  transfer: ExchangeTransfer,
): Promise<void> {
  const { symbol, currency, amount, kind } = transfer;
  const marketId = symbol === null ? null : desk.marketIdOf(symbol);
  const book = kind === 'FUNDING' ? 'FUNDING' : 'TRANSFERS';
  const id = nameOf(transfer);
  const isExplained = await bookExplained(tx, { ...transfer, id: explanationOf(id), book, marketId }, desk.now());
  // At the moment of booking, so that it counts in the day whose valuation is the first to see it.
  if (!isExplained) await tx.post({ id, lines: movement(currency, amount, book), marketId, at: desk.now() });
  if (marketId !== null) await bookFunding(tx, transfer, marketId);
  booking.balancesChanged();
}

function nameOf({ kind, id }: ExchangeTransfer): string {
  return `${kind.toLowerCase()}:${id}`;
}

function explanationOf(name: string): string {
  return `explained:${name}`;
}
