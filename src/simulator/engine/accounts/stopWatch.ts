import type { EpochMs } from '../../../domain/marketData';
import type { Side } from '../bookSide';

const wholeInBips = 10_000;

/** What a stop waits for. */
export interface Condition {
  readonly side: Side;
  /** Whether it follows a price that runs away or waits for one that comes. */
  readonly kind: 'STOP' | 'TAKE_PROFIT';
  /** Of a trailing stop: from where on it follows; null is from the start. */
  readonly stopTicks: number | null;
  /** How far behind the best price since then it is triggered; null for a stop that does not trail. */
  readonly trailingBips: number | null;
}

/** Where a trailing stop has got to. */
export interface Trail {
  readonly since: EpochMs;
  /** The best price since then: the highest for a seller, the lowest for a buyer. */
  readonly extremeTicks: number;
}

/** True where a price has reached the stop price. */
export function isReached(condition: Condition & { readonly stopTicks: number }, ticks: number): boolean {
  const isRising = (condition.side === 'BUY') === (condition.kind === 'STOP');
  return isRising ? ticks >= condition.stopTicks : ticks <= condition.stopTicks;
}

/**
 * Follows one more price. A trailing stop that has a stop price begins to trail at the first price that reaches it.
 * Source: Binance spot API, trailing stop FAQ; USD-M trailing stops go by the same rule.
 */
export function follow(
  condition: Condition,
  trail: Trail | null,
  price: { readonly ticks: number; readonly time: EpochMs },
): { readonly isTriggered: boolean; readonly trail: Trail | null } {
  const { stopTicks, trailingBips, side } = condition;
  const { ticks, time } = price;
  if (trailingBips === null) {
    return { isTriggered: stopTicks !== null && isReached({ ...condition, stopTicks }, ticks), trail: null };
  }
  if (trail === null) {
    const begins = stopTicks === null || isReached({ ...condition, stopTicks }, ticks);
    return { isTriggered: false, trail: begins ? { since: time, extremeTicks: ticks } : null };
  }
  const isBuyer = side === 'BUY';
  const extremeTicks = isBuyer ? Math.min(trail.extremeTicks, ticks) : Math.max(trail.extremeTicks, ticks);
  const scaled = ticks * wholeInBips;
  const isTriggered = isBuyer
    ? scaled >= extremeTicks * (wholeInBips + trailingBips)
    : scaled <= extremeTicks * (wholeInBips - trailingBips);
  return { isTriggered, trail: { since: trail.since, extremeTicks } };
}
