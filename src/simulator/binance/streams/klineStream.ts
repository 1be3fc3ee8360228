import type { VenueCandle, VenueMarket } from '../../engine/venue';
import { fixed8 } from '../format';
import type { Close, Emit } from './stream';

/** How soon after its time a candle is closed, at the latest. */
const checkIntervalMs = 100;
/** Binance's pace for a candle that is forming. */
const updateIntervalMs = 2000;

/** The forming candle every two seconds where it has changed, and each candle once more, marked closed, when its time is over. */
export function openKlines(options: {
  readonly market: VenueMarket;
  readonly interval: string;
  readonly intervalMs: number;
  readonly emit: Emit;
}): Close {
  const { market, interval, intervalMs, emit } = options;
  const symbol = market.spec.id;
  let openTime: number | null = null;
  let isDue = true;
  let sinceUpdateMs = updateIntervalMs;

  const send = (candle: VenueCandle, isClosed: boolean): void => {
    const k = { ...toKline(candle, isClosed), s: symbol, i: interval };
    emit(JSON.stringify({ e: 'kline', E: market.time(), s: symbol, k }));
  };
  const unlisten = market.listen((event) => {
    if (event.kind === 'trade') isDue = true;
  });
  const timer = setInterval(() => {
    sinceUpdateMs += checkIntervalMs;
    const candles = market.candles({ intervalMs, since: openTime, until: null, limit: openTime === null ? 1 : 1000 });
    const current = candles.at(-1);
    if (current === undefined) return;
    for (const candle of candles.slice(0, -1)) {
      send(candle, true);
      isDue = true;
    }
    openTime = current.openTime;
    if (!isDue || sinceUpdateMs < updateIntervalMs) return;
    isDue = false;
    sinceUpdateMs = 0;
    send(current, false);
  }, checkIntervalMs);
  return () => {
    clearInterval(timer);
    unlisten();
  };
}

function toKline(candle: VenueCandle, isClosed: boolean): object {
  return {
    t: candle.openTime,
    T: candle.closeTime,
    f: candle.firstTradeId,
    L: candle.lastTradeId,
    o: fixed8(candle.open),
    c: fixed8(candle.close),
    h: fixed8(candle.high),
    l: fixed8(candle.low),
    v: fixed8(candle.amount),
    n: candle.tradeCount,
    x: isClosed,
    q: fixed8(candle.cost),
    V: fixed8(candle.takerBuyAmount),
    Q: fixed8(candle.takerBuyCost),
    B: '0',
  };
}
