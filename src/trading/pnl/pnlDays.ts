import type { DecimalString } from '../../domain/decimal';
import { parseMarketId } from '../../domain/market';
import type { EpochMs } from '../../domain/marketData';
import { difference, sum } from '../../domain/money';
import { pnlOfDay, type DayBookings, type PnlDay } from '../../domain/pnl';
import type { AccountReader } from '../../storage/trading/accountReader';
import type { AmountsByCurrency, EquityDayRecord } from '../../storage/trading/equityDays';
import type { FeeBookings, PeriodBookings, PnlStore } from '../../storage/trading/pnlStore';
import { utcDayOf } from '../risk/equityCourse';
import { worthOf } from '../risk/valuation';

/** One day's row, all of it in the account's currency. */
export interface AccountPnlDay extends PnlDay {
  /** "2026-01-31", UTC. */
  readonly day: string;
  readonly currency: string;
}

/**
 * Profit and loss day by day, as the ledger and the valuations tell them: Δequity = realized + Δunrealized − fees + funding + transfers +
 * difference, exact.
 *
 * A day runs from the valuation that closed the last one to its own last valuation, two seconds ago at most while the server
 * runs. Coins that are not part of a position count as unrealized by their price moves. What was booked in another currency is converted:
 * a transfer at the rate of the valuation that saw it, a fee in base currency at the price of its trade, the rest at the rate of the
 * day's last valuation. What a rate moved between a booking and that valuation, what was booked in a coin that nobody ever priced,
 * and what reconciliation found and nothing has explained since show in `difference`.
 */
export class PnlDays {
  constructor(private readonly parts: { readonly pnl: PnlStore; readonly clock: () => EpochMs }) {}

  /** Null where there is no such account, and where it is not this reader's to see. */
  async read(
    reader: AccountReader,
    accountId: string,
    range: { readonly since: EpochMs | null; readonly until: EpochMs | null },
  ): Promise<readonly AccountPnlDay[] | null> {
    const { pnl, clock } = this.parts;
    const until = Math.max((range.until ?? clock() + dayMs) - 1, 0);
    const days = { since: range.since === null ? '' : utcDayOf(range.since), until: utcDayOf(until + dayMs) };
    const found = await pnl.days(reader, accountId, days);
    if (found === null) return null;
    const rows: AccountPnlDay[] = [];
    let { before } = found;
    for (const day of found.days) {
      const period = { after: before?.updatedAt ?? null, until: day.updatedAt };
      const bookings = convert(await pnl.bookings(reader, accountId, period), day.mark.rates);
      const fromOutside = difference(day.mark.broughtIn, before?.mark.broughtIn ?? zero);
      const transfers = difference(fromOutside, bookings.unexplained);
      const { realized, fees, funding } = bookings;
      rows.push({ ...pnlOf(day, { realized, fees, funding, transfers }), day: day.day, currency: found.currency });
      before = day;
    }
    return rows;
  }
}

const dayMs = 86_400_000;
const zero = '0' as DecimalString;

function pnlOf(day: EquityDayRecord, bookings: DayBookings): PnlDay {
  return pnlOfDay(
    { equity: day.openingEquity, unrealized: day.openingUnrealized },
    { equity: day.closingEquity, unrealized: day.closingUnrealized },
    bookings,
  );
}

function convert(
  bookings: PeriodBookings,
  rates: AmountsByCurrency,
): Omit<DayBookings, 'transfers'> & { readonly unexplained: DecimalString } {
  const worth = (currency: string, amount: DecimalString): DecimalString => worthOf({ [currency]: amount }, rates);
  return {
    realized: sum(
      ...bookings.markets.map(({ marketId, realized }) => worth(currenciesOf(marketId).settlement, realized)),
    ),
    fees: sum(...bookings.fees.map((fee) => worth(...feeOf(fee)))),
    funding: worthOf(bookings.funding, rates),
    unexplained: worthOf(bookings.unexplained, rates),
  };
}

function feeOf({ marketId, currency, amount, amountAtPrice }: FeeBookings): [currency: string, amount: DecimalString] {
  const { base, settlement } = currenciesOf(marketId);
  return currency === base ? [settlement, amountAtPrice] : [currency, amount];
}

/** Of ccxt's unified symbols: "BTC/USDT", or "BTC/USDT:USDT" of a swap. */
function currenciesOf(marketId: string): { readonly base: string; readonly settlement: string } {
  const [pair = '', settle] = parseMarketId(marketId)?.symbol.split(':') ?? [];
  const [base = '', quote = ''] = pair.split('/');
  return { base, settlement: settle ?? quote };
}
