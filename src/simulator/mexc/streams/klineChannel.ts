import type { VenueCandle } from '../../engine/venue';
import { every, type Close, type OpeningChannel } from './channel';

/** How often a candle that is forming is told, where it has changed. */
const updateIntervalMs = 500;

/** The forming candle where it has changed; when its time is over, its last state once more and then the next one. Nothing marks a closed one. */
export function openKlines(opening: OpeningChannel, wanted: { interval: string; intervalMs: number }): Close {
  const { market, push } = opening;
  const { interval, intervalMs } = wanted;
  let openTime: number | null = null;
  let isDue = true;
  const unlisten = market.listen((event) => {
    if (event.kind === 'trade') isDue = true;
  });
  const stop = every(updateIntervalMs, () => {
    const limit = openTime === null ? 1 : 1000;
    const candles = market.candles({ intervalMs, since: openTime, until: null, limit });
    const hasMovedOn = candles.length > 1;
    openTime = candles.at(-1)?.openTime ?? openTime;
    if (!isDue && !hasMovedOn) return;
    isDue = false;
    for (const candle of candles) push({ publicSpotKline: toKline(candle, interval) });
  });
  return () => {
    stop();
    unlisten();
  };
}

function toKline(candle: VenueCandle, interval: string) {
  return {
    interval,
    windowStart: candle.openTime / 1000,
    openingPrice: candle.open,
    closingPrice: candle.close,
    highestPrice: candle.high,
    lowestPrice: candle.low,
    volume: candle.amount,
    amount: candle.cost,
    windowEnd: (candle.closeTime + 1) / 1000,
  };
}
