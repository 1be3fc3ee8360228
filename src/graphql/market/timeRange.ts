import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { TimeRangeInput } from './marketData.type';

/** Throws BAD_USER_INPUT where no moment lies in it: answered with nothing, it would look as if nothing had happened. */
export function readTimeRange(range: TimeRangeInput | null | undefined): {
  readonly since: EpochMs | null;
  readonly until: EpochMs | null;
} {
  const since = range?.since ?? null;
  const until = range?.until ?? null;
  if (since === null || until === null || since < until) return { since, until };
  throw new AppError('BAD_USER_INPUT', { publicMessage: '`range.until` must be after `range.since`.' });
}
