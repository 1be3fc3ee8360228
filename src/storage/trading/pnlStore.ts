import { toDecimalString, type DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { Readers } from '../readers';
import { mayRead, readerValues, type AccountReader } from './accountReader';
import { equityDayTable, type AmountsByCurrency, type EquityDayRecord } from './equityDays';
import { isUuid } from './isUuid';
import { isUnexplained } from './unexplained';

/** What was executed in one market in a time. */
export interface MarketBookings {
  readonly marketId: string;
  /** In the currency that the market settles in. */
  readonly realized: DecimalString;
}

/** What the fees of one market were paid in. */
export interface FeeBookings {
  readonly marketId: string;
  readonly currency: string;
  readonly amount: DecimalString;
  /** amount × price of its trade: what a fee in base currency was worth in quote currency at its moment. */
  readonly amountAtPrice: DecimalString;
}

export interface PeriodBookings {
  readonly markets: readonly MarketBookings[];
  readonly fees: readonly FeeBookings[];
  /** Received. */
  readonly funding: AmountsByCurrency;
  /** Of what came from outside: what is no transfer. */
  readonly unexplained: AmountsByCurrency;
}

/** What the profits of an account are made of. */
export class PnlStore {
  constructor(private readonly parts: { readonly readers: Readers }) {}

  /**
   * Days of an account from `since` to before `until` ("2026-01-31"), the oldest first, and the one before them where there is one.
   * Null where there is no such account, and where it is not this reader's to see.
   */
  async days(
    reader: AccountReader,
    accountId: string,
    range: { readonly since: string; readonly until: string },
  ): Promise<{
    readonly currency: string;
    readonly before: EquityDayRecord | null;
    readonly days: readonly EquityDayRecord[];
  } | null> {
    if (!isUuid(accountId)) return null;
    const run = this.parts.readers.as(reader);
    const [account] = await run(`SELECT a.currency FROM accounts a WHERE ${mayRead('a', 1)} AND a.id = $4`, [
      ...readerValues(reader),
      accountId,
    ]);
    if (account === undefined) return null;
    const days = await run(
      `SELECT ${equityDayTable.list()} FROM equity_days WHERE account_id = $1 AND day >= $2 AND day < $3 ORDER BY day`,
      [accountId, range.since, range.until],
    );
    const [before] = await run(
      `SELECT ${equityDayTable.list()} FROM equity_days WHERE account_id = $1 AND day < $2 ORDER BY day DESC LIMIT 1`,
      [accountId, range.since],
    );
    return {
      currency: account.currency as string,
      before: before === undefined ? null : equityDayTable.read(before),
      days: days.map((day) => equityDayTable.read(day)),
    };
  }

  /** What the ledger booked after `after` (null: from the beginning) up to `until`. For whoever was given the account's days. */
  async bookings(
    reader: AccountReader,
    accountId: string,
    { after, until }: { readonly after: EpochMs | null; readonly until: EpochMs },
  ): Promise<PeriodBookings> {
    const run = this.parts.readers.as(reader);
    const values = [accountId, after === null ? null : new Date(after), new Date(until)];
    const inPeriod = 'account_id = $1 AND ($2::timestamptz IS NULL OR at > $2) AND at <= $3';
    const markets = await run(
      `SELECT market_id, sum(realized_pnl) AS realized FROM fills WHERE ${inPeriod} GROUP BY market_id`,
      values,
    );
    const fees = await run(
      `SELECT market_id, fee.currency, sum(fee.cost) AS amount, sum(fee.cost * price) AS amount_at_price
       FROM fills CROSS JOIN LATERAL jsonb_to_recordset(fees) AS fee (currency text, cost numeric)
       WHERE ${inPeriod} GROUP BY market_id, fee.currency`,
      values,
    );
    const sumOf = async (condition: string): Promise<AmountsByCurrency> => {
      const rows = await run(
        `SELECT currency, -sum(amount) AS amount FROM ledger_entries WHERE ${inPeriod} AND ${condition} GROUP BY currency`,
        values,
      );
      return Object.fromEntries(rows.map(({ currency, amount }) => [currency as string, toDecimalString(amount)]));
    };
    return {
      markets: markets.map((row) => ({
        marketId: row.market_id as string,
        realized: toDecimalString(row.realized),
      })),
      fees: fees.map((row) => ({
        marketId: row.market_id as string,
        currency: row.currency as string,
        amount: toDecimalString(row.amount),
        amountAtPrice: toDecimalString(row.amount_at_price),
      })),
      funding: await sumOf(`book = 'FUNDING'`),
      unexplained: await sumOf(isUnexplained),
    };
  }
}
