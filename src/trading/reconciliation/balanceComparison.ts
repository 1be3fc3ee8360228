import type { DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import { difference } from '../../domain/money';
import type { ExchangeBalance } from '../../exchanges/tradingPort';
import type { AccountTransaction } from '../../storage/trading/accountTransaction';
import type { AccountDesk } from '../accountDesk';
import type { Booking } from '../booking';
import { movement } from '../postings';
import type { Difference } from './difference';

const zero = '0' as DecimalString;

export interface BalanceDifference extends Difference {
  readonly currency: string;
  /** What the exchange has more than the ledger. */
  readonly amount: DecimalString;
}

/** Money moved while the account was being opened: what of it is in the opening balance cannot be told, so it begins anew. */
class OpeningDisturbed extends Error {
  constructor() {
    super('the account was traded while its opening balance was taken');
    this.name = 'OpeningDisturbed';
  }
}

/** Totals by currency, as the exchange tells them. */
function totalsOf(balances: readonly ExchangeBalance[]): ReadonlyMap<string, DecimalString> {
  return new Map(balances.map(({ currency, total }) => [currency, total]));
}

/** When the ledger was opened; null where it is not open yet. What was executed before that is in its opening balance. */
export function ledgerOpenedAt(desk: AccountDesk): Promise<EpochMs | null> {
  return desk.book((_booking, tx) => tx.ledger.postedAt('opening'));
}

/**
 * Opens the ledger by the exchange's word. A trade that comes in between would be counted twice, once in the balance and once as
 * itself: only a balance that was the same before and after the history was read is taken. Rejects with OpeningDisturbed.
 */
export async function openLedger(desk: AccountDesk, before: readonly ExchangeBalance[]): Promise<void> {
  const seq = await desk.eventSeq();
  // Executions are told with the exchange's time: by ours, some could be left out of both the balance and what follows.
  const at = desk.now() - (await desk.port.clockSkewMs());
  const there = totalsOf(await desk.port.balances());
  const earlier = totalsOf(before);
  const isSteady = there.size === earlier.size && [...there].every(([name, total]) => earlier.get(name) === total);
  if (!isSteady) throw new OpeningDisturbed();
  await desk.book(async (booking, tx) => {
    if (tx.account.eventSeq !== seq) throw new OpeningDisturbed();
    const here = new Map((await tx.balances()).map(({ currency, total }) => [currency, total]));
    const lines = [...there.keys()].sort().flatMap((currency) => {
      const amount = difference(there.get(currency) ?? zero, here.get(currency) ?? zero);
      return amount === zero ? [] : movement(currency, amount, 'TRANSFERS');
    });
    const posting = { id: 'opening', lines: lines.length > 0 ? lines : nothingThere, marketId: null, at };
    await tx.post(posting);
    booking.balancesChanged();
  });
}

/** What the exchange has, held against the ledger. */
export async function compareBalances(
  told: readonly ExchangeBalance[],
  tx: Pick<AccountTransaction, 'balances'>,
): Promise<readonly BalanceDifference[]> {
  const there = totalsOf(told);
  const here = new Map((await tx.balances()).map(({ currency, total }) => [currency, total]));
  return [...new Set([...here.keys(), ...there.keys()])].sort().flatMap((currency) => {
    const own = here.get(currency) ?? zero;
    const total = there.get(currency) ?? zero;
    const amount = difference(total, own);
    if (amount === zero) return [];
    const text = `balance of ${currency}: ${total} at the exchange, ${own} here`;
    return [{ key: `balance ${currency} ${amount}`, text, currency, amount }];
  });
}

/** Takes over what the exchange says, so that balances are its own, and PnL shows what does not add up. */
export async function bookUnexplained(
  booking: Booking,
  tx: AccountTransaction,
  { currency, amount, text, at }: BalanceDifference & { readonly at: EpochMs },
): Promise<void> {
  const id = `unexplained:${currency}:${String(at)}`;
  await tx.post({ id, lines: movement(currency, amount, 'UNEXPLAINED'), marketId: null, at });
  await tx.audit({ at, actor: 'reconciliation', action: 'balance.unexplained', target: currency, outcome: text });
  booking.balancesChanged();
}

/** An account without money is open all the same. */
const nothingThere = [
  { book: 'ASSETS', currency: 'NONE', amount: zero },
  { book: 'TRANSFERS', currency: 'NONE', amount: zero },
] as const;
