import type { TradingState } from '../../domain/accounts';
import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import { difference } from '../../domain/money';
import type { AccountRecord } from '../../storage/trading/records';

/** How far an account is down. Null where that is not known. */
export interface Losses {
  /** Equity since 00:00 UTC, what was brought in or taken out left aside; null until the day's opening was seen. */
  readonly dayPnl: DecimalString | null;
  /** How far below the high-water mark, as a fraction of it; null until there is one. */
  readonly drawdown: DecimalString | null;
}

/** A limit of loss that is reached, and what follows for the account. */
export interface Breach {
  readonly code: 'MAX_DRAWDOWN' | 'MAX_DAILY_LOSS';
  readonly state: Exclude<TradingState, 'ACTIVE'>;
  readonly reason: string;
}

/**
 * What an account's losses demand; the graver first.
 *   MAX_DRAWDOWN    HALTED: what trades this account has lost more than its owner wants to lose at all, and is not trusted with
 *                   another order, not even one that reduces. A person flattens, or lets it reduce.
 *   MAX_DAILY_LOSS  REDUCING: the day has gone badly. Nothing is added to; what is held can still be got rid of.
 * Where a figure is not known there is no breach; orders are refused then (RISK_UNKNOWN).
 */
export function findBreach(
  { limits, currency }: Pick<AccountRecord, 'limits' | 'currency'>,
  { dayPnl, drawdown }: Losses,
): Breach | null {
  const { maxDrawdown, maxDailyLoss } = limits;
  if (isDrawnDown(drawdown, maxDrawdown)) {
    const reason = `MAX_DRAWDOWN: equity is ${drawdown} below its high-water mark, as a fraction; the limit is ${maxDrawdown}.`;
    return { code: 'MAX_DRAWDOWN', state: 'HALTED', reason };
  }
  if (hasLost(dayPnl, maxDailyLoss)) {
    const reason = `MAX_DAILY_LOSS: the day stands at ${dayPnl} ${currency}; the limit of loss is ${maxDailyLoss}.`;
    return { code: 'MAX_DAILY_LOSS', state: 'REDUCING', reason };
  }
  return null;
}

/** True from the limit on. */
export function isDrawnDown(drawdown: DecimalString | null, limit: DecimalString | null): boolean {
  return drawdown !== null && limit !== null && compareDecimals(drawdown, limit) >= 0;
}

/** True from the limit on. */
export function hasLost(dayPnl: DecimalString | null, limit: DecimalString | null): boolean {
  if (dayPnl === null || limit === null) return false;
  return compareDecimals(difference('0' as DecimalString, dayPnl), limit) >= 0;
}
