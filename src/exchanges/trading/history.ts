import { AppError } from '../../errors/appError';
import type { EpochMs } from '../../domain/marketData';
import type { HistoryLimits } from './tradingDifferences';

/** The exchange's clock may be ahead of ours: what it has just stamped is not to be missed. */
const aheadMs = 60_000;

/**
 * Every row since a time, as far back as the exchange tells, in windows that it accepts. A full answer is cut off somewhere (which end differs), so its window
 * is halved until every answer has room left. Throws EXCHANGE_UNAVAILABLE where one millisecond holds more than an answer.
 */
export async function readHistory<T>(
  range: { readonly since: EpochMs; readonly now: EpochMs; readonly limits: HistoryLimits },
  ask: (from: EpochMs, until: EpochMs) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const { since, now, limits } = range;
  const rows: T[] = [];
  const earliest = limits.reachMs === null ? since : now + aheadMs - limits.reachMs;
  for (let from = Math.max(since, earliest); from <= now + aheadMs; from += limits.windowMs) {
    rows.push(...(await readWindow({ from, until: from + limits.windowMs - 1, rows: limits.rows }, ask)));
  }
  return rows;
}

/** Both ends included, as the exchanges count. */
async function readWindow<T>(
  window: { readonly from: EpochMs; readonly until: EpochMs; readonly rows: number },
  ask: (from: EpochMs, until: EpochMs) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const { from, until, rows } = window;
  const answer = await ask(from, until);
  if (answer.length < rows) return answer;
  if (from >= until) throw new AppError('EXCHANGE_UNAVAILABLE', { cause: new Error('more history than can be asked') });
  const middle = from + Math.floor((until - from) / 2);
  const first = await readWindow({ ...window, until: middle }, ask);
  const second = await readWindow({ ...window, from: middle + 1 }, ask);
  return [...first, ...second];
}
