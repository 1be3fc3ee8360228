import type { DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import { difference, product, sum } from '../../domain/money';
import { drawdown, nextHighWaterMark } from '../../domain/pnl';
import type { AccountChange } from '../../storage/trading/accountTable';
import type { AmountsByCurrency, EquityDayRecord, EquityMark } from '../../storage/trading/equityDays';
import type { AccountSnapshot } from '../../storage/trading/riskStore';
import type { EquityFacts } from './judgeIntent';
import { worthOf, type Valuation } from './valuation';

const zero = '0' as DecimalString;
const startMark: EquityMark = { revaluation: zero, holdings: {}, rates: {}, transferred: {}, broughtIn: zero };

/** What a valuation adds to an account's course. */
export interface EquityStep {
  readonly facts: EquityFacts;
  readonly highWaterMark: DecimalString;
  readonly change: AccountChange;
  /** Rows to be written: the last day's where it closes, and today's. */
  readonly days: readonly EquityDayRecord[];
}

/**
 * Carries an account's course on by a valuation. What was brought in or taken out since the last one moves the high-water mark and the
 * day's opening with it: it is neither gain nor loss, and hides none. It counts at the prices of the valuation that sees it. So does what
 * nothing explains: it is no result of trading, has an alarm of its own, and is a transfer of which the exchange has not told yet,
 * which must be neither a loss now nor a gain on the day on which it is told.
 */
export function nextEquityStep(snapshot: AccountSnapshot, valuation: Valuation, now: EpochMs): EquityStep {
  const { account, day, transferred } = snapshot;
  const { equity } = valuation;
  const last = day?.mark ?? startMark;
  const rates = { ...last.rates, ...valuation.rates };
  const moved = worthOf(changeOf(transferred, last.transferred), rates);
  // Nothing is known of the time before the first valuation: its marks begin with what is there.
  const transfers = day === null ? zero : moved;
  const highWaterMark = nextHighWaterMark(account.highWaterMark, { equity, transfers });
  // A clock that was set back goes on with the day that is open.
  const today = later(utcDayOf(now), account.day);
  const isSameDay = account.day === today && account.dayOpeningEquity !== null;
  const dayOpeningEquity = isSameDay ? sum(account.dayOpeningEquity, transfers) : equity;
  return {
    facts: {
      equity,
      dayPnl: difference(equity, dayOpeningEquity),
      drawdown: drawdown(equity, highWaterMark),
    },
    highWaterMark,
    change: { highWaterMark, day: today, dayOpeningEquity },
    days: daysOf(snapshot, { ...valuation, rates }, { today, now, last, moved }),
  };
}

/** "2026-01-31" */
export function utcDayOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10);
}

function later(today: string, day: string | null): string {
  return day === null || day < today ? today : day;
}

/** An account begins with nothing, as its ledger does: its first deposit is a transfer of its first day. */
function daysOf(
  { account, day, transferred }: AccountSnapshot,
  valuation: Valuation,
  {
    today,
    now,
    last,
    moved,
  }: { readonly today: string; readonly now: EpochMs; readonly last: EquityMark; readonly moved: DecimalString },
): readonly EquityDayRecord[] {
  const revaluation = sum(last.revaluation, revaluationSince(last, valuation.rates));
  const closing = {
    closingEquity: valuation.equity,
    closingUnrealized: sum(valuation.unrealized, revaluation),
    updatedAt: now,
    mark: {
      revaluation,
      holdings: valuation.holdings,
      rates: valuation.rates,
      transferred,
      broughtIn: sum(last.broughtIn, moved),
    },
  };
  if (day === null)
    return [{ accountId: account.id, day: today, openingEquity: zero, openingUnrealized: zero, ...closing }];
  const closed = { ...day, ...closing };
  if (day.day >= today) return [closed];
  const { closingEquity: openingEquity, closingUnrealized: openingUnrealized } = closing;
  return [closed, { ...closed, day: today, openingEquity, openingUnrealized }];
}

/** What price moves have brought since, of what was held then. */
function revaluationSince({ holdings, rates }: EquityMark, now: AmountsByCurrency): DecimalString {
  return sum(
    ...Object.entries(holdings).map(([currency, amount]) => {
      const [before, after] = [rates[currency], now[currency]];
      return before === undefined || after === undefined ? zero : product(amount, difference(after, before));
    }),
  );
}

function changeOf(after: AmountsByCurrency, before: AmountsByCurrency): AmountsByCurrency {
  return Object.fromEntries(
    Object.entries(after).map(([currency, amount]) => [currency, difference(amount, before[currency] ?? zero)]),
  );
}
