import { timeframeMs, type EpochMs } from '../../domain/marketData';
import { addTrade, coarsen, flatCandle, openTimeOf, type UnitCandle, type UnitTrade } from './candle';

const { M1, H1, D1 } = timeframeMs;

/** Every candle length that a simulated exchange serves, in ms. */
export const candleIntervalsMs: readonly number[] = [
  ...[1, 3, 5, 15, 30].map((minutes) => minutes * M1),
  ...[1, 2, 4, 6, 8, 12].map((hours) => hours * H1),
  D1,
  timeframeMs.W1,
];

/** Candles of one length that are kept; the oldest go first. */
const maxKept = 12_000;

/** Past candles, oldest first, each list ending where the next finer one begins. */
export interface CandleHistory {
  readonly days: readonly UnitCandle[];
  readonly hours: readonly UnitCandle[];
  readonly minutes: readonly UnitCandle[];
}

export const emptyHistory: CandleHistory = { days: [], hours: [], minutes: [] };

/**
 * The candles of a market in every length, all summed from the same trades, so that they always agree. Minutes, hours and days are
 * kept from the start; a length between them from the first time that it is asked for.
 */
export class CandleBook {
  private readonly byInterval = new Map<number, UnitCandle[]>();

  constructor(history: CandleHistory) {
    const hours = [...history.hours, ...coarsen(history.minutes, H1)];
    this.byInterval.set(M1, coarsen(history.minutes, M1));
    this.byInterval.set(H1, hours);
    this.byInterval.set(D1, [...coarsen(history.days, D1), ...coarsen(hours, D1)]);
  }

  add(trade: UnitTrade): void {
    this.advance(trade.time);
    for (const [intervalMs, candles] of this.byInterval) {
      let last = candles.at(-1);
      if (last === undefined) {
        last = flatCandle(openTimeOf(trade.time, intervalMs), trade.priceTicks);
        candles.push(last);
      }
      addTrade(last, trade);
    }
  }

  /** Lets time pass: where nothing traded, flat candles follow. Nothing happens before the first trade. */
  advance(now: EpochMs): void {
    for (const [intervalMs, candles] of this.byInterval) {
      let last = candles.at(-1);
      if (last === undefined) continue;
      const current = openTimeOf(now, intervalMs);
      while (last.openTime < current) {
        last = flatCandle(last.openTime + intervalMs, last.closeTicks);
        candles.push(last);
      }
      if (candles.length > maxKept + 1000) candles.splice(0, candles.length - maxKept);
    }
  }

  /** All candles of one length, oldest first. Throws RangeError for a length that is not kept. */
  all(intervalMs: number): readonly UnitCandle[] {
    const kept = this.byInterval.get(intervalMs);
    if (kept !== undefined) return kept;
    if (!candleIntervalsMs.includes(intervalMs)) throw new RangeError(`no candles of ${intervalMs} ms`);
    const candles = coarsen(this.all(intervalMs < H1 ? M1 : intervalMs < D1 ? H1 : D1), intervalMs);
    this.byInterval.set(intervalMs, candles);
    return candles;
  }
}
