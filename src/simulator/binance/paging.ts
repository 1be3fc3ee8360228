import { BinanceError } from './binanceError';
import type { Parameters } from './parameters';

const hourMs = 3_600_000;

/** The oldest from the beginning that was asked for, else the newest; oldest first in any case. idName: the parameter that may be the beginning. */
export function page<T>(found: readonly T[], parameters: Parameters, idName: string): readonly T[] {
  const limit = parameters.limit(500, 1000);
  const hasBeginning = parameters.integer(idName) !== null || parameters.integer('startTime') !== null;
  return hasBeginning ? found.slice(0, limit) : found.slice(-limit);
}

/** Whether a moment is between startTime and endTime. Throws -1127 where they are further apart than allowed. */
export function timeRange(parameters: Parameters, mostMs: number): (time: number) => boolean {
  const since = parameters.integer('startTime') ?? -Infinity;
  const until = parameters.integer('endTime') ?? Infinity;
  if (Number.isFinite(until - since) && until - since > mostMs) {
    throw new BinanceError(-1127, `More than ${mostMs / hourMs} hours between startTime and endTime.`);
  }
  return (time) => time >= since && time <= until;
}
