import type { Candle, EpochMs, Timeframe } from '../domain/marketData';
import { readAmount, readList, readPrice, readTime } from './readNumbers';

/** Names that ccxt has for the lengths of candles. */
export const ccxtTimeframes: Readonly<Record<Timeframe, string>> = {
  M1: '1m',
  M5: '5m',
  M15: '15m',
  M30: '30m',
  H1: '1h',
  H4: '4h',
  D1: '1d',
  W1: '1w',
};

/**
 * Reads ccxt's row [openTime, open, high, low, close, volume]; a seventh element `true` is an exchange's own word that it is closed.
 * isClosed: what is known otherwise. Throws BadMarketData.
 */
export function readCandle(value: unknown, isClosed: boolean): Candle {
  const row = readList(value, 'candle');
  return {
    openTime: readTime(row[0], 'open time of a candle'),
    open: readPrice(row[1], 'open'),
    high: readPrice(row[2], 'high'),
    low: readPrice(row[3], 'low'),
    close: readPrice(row[4], 'close'),
    volume: readAmount(row[5], 'volume'),
    closed: isClosed || row[6] === true,
  };
}

/** History as REST gives it: a candle is closed where its time has passed. closesAfterMs: length of a candle. */
export function readCandles(value: unknown, closesAfterMs: number, now: EpochMs): readonly Candle[] {
  const rows = readList(value, 'candles');
  return rows.map((row) => {
    const candle = readCandle(row, false);
    return { ...candle, closed: candle.openTime + closesAfterMs <= now };
  });
}
