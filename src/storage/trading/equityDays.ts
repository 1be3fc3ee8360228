import type { DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import { TableColumns } from './columns';

export type AmountsByCurrency = Readonly<Record<string, DecimalString>>;

/** What a valuation saw, so that the next one can tell what of a change came from prices. Money in the account's currency. */
export interface EquityMark {
  /** Gained so far by price moves of what the account held otherwise than in positions. */
  readonly revaluation: DecimalString;
  /** What it held otherwise than in positions, by currency: coins, less those of positions, plus what these had cost. */
  readonly holdings: AmountsByCurrency;
  /** What one unit of each currency was worth, the newest that was seen. */
  readonly rates: AmountsByCurrency;
  /** All that ever came from outside, explained or not, less what went there, by currency. */
  readonly transferred: AmountsByCurrency;
  /** What that was worth, each part at the valuation that saw it first. */
  readonly broughtIn: DecimalString;
}

/**
 * A UTC day of an account, from the valuation that closed the last one to the one that closes this. A day on which nobody looked
 * has no row: it counts with the last one before it, so that each opens where the other closed.
 */
export interface EquityDayRecord {
  readonly accountId: string;
  /** "2026-01-31" */
  readonly day: string;
  readonly openingEquity: DecimalString;
  readonly openingUnrealized: DecimalString;
  readonly closingEquity: DecimalString;
  readonly closingUnrealized: DecimalString;
  /** When it was valued last. */
  readonly updatedAt: EpochMs;
  readonly mark: EquityMark;
}

export const equityDayTable = new TableColumns<EquityDayRecord>('equity_days', {
  accountId: ['account_id', 'text'],
  day: ['day', 'text'],
  openingEquity: ['opening_equity', 'money'],
  openingUnrealized: ['opening_unrealized', 'money'],
  closingEquity: ['closing_equity', 'money'],
  closingUnrealized: ['closing_unrealized', 'money'],
  updatedAt: ['updated_at', 'time'],
  mark: ['mark', 'json'],
});
