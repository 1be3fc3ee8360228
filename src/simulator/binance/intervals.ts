import { BinanceError } from './binanceError';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Binance's names of the candle lengths that are kept. 1s, 3d and 1M are refused like an unknown one. */
const intervals: Readonly<Record<string, number>> = {
  '1m': minuteMs,
  '3m': 3 * minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': hourMs,
  '2h': 2 * hourMs,
  '4h': 4 * hourMs,
  '6h': 6 * hourMs,
  '8h': 8 * hourMs,
  '12h': 12 * hourMs,
  '1d': 24 * hourMs,
  '1w': 168 * hourMs,
};

/** Length in ms, or null for a name that is not served. */
export function findIntervalMs(name: string): number | null {
  return Object.hasOwn(intervals, name) ? (intervals[name] ?? null) : null;
}

/** Length in ms. Throws -1120 for a name that is not served. */
export function intervalMs(name: string): number {
  const found = findIntervalMs(name);
  if (found === null) throw BinanceError.invalidInterval();
  return found;
}
