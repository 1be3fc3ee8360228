import { findIntervalMs } from '../intervals';

/** What a client asks for by a stream's name. `symbol` is in capitals, as in REST. */
type StreamRequest =
  | { readonly channel: 'trade' | 'aggTrade' | 'bookTicker' | 'ticker' | 'miniTicker'; readonly symbol: string }
  | { readonly channel: 'depth'; readonly symbol: string; readonly levels: number | null; readonly speedMs: number }
  | { readonly channel: 'kline'; readonly symbol: string; readonly interval: string; readonly intervalMs: number }
  | { readonly channel: 'markPrice'; readonly symbol: string; readonly speedMs: number }
  | { readonly channel: 'allTickers' }
  | { readonly channel: 'allMiniTickers' };

const shape = /^([a-z0-9_]{1,20})@([A-Za-z]+)(\d{1,2})?(?:_(\w{2,3}))?(?:@(\d+)(ms|s))?$/;
const plainChannels = ['trade', 'aggTrade', 'bookTicker', 'ticker', 'miniTicker'] as const;
const depthSpeedsMs = [0, 100, 250, 500];
const depthLevels = [5, 10, 20];
const defaultDepthMs = 250;
const defaultMarkMs = 3000;

/** Reads a stream's name, e.g. "btcusdt@depth@100ms"; null where Binance has no such stream. Symbols are not checked. */
export function parseUsdmStream(name: string): StreamRequest | null {
  if (name === '!ticker@arr') return { channel: 'allTickers' };
  if (name === '!miniTicker@arr') return { channel: 'allMiniTickers' };
  const match = shape.exec(name);
  if (match === null) return null;
  const [, lowerSymbol = '', channel, levels, interval, speed, speedUnit] = match;
  const symbol = lowerSymbol.toUpperCase();
  if (channel === 'depth' && interval === undefined) {
    const speedMs = speed === undefined ? defaultDepthMs : Number(speed);
    const chosen = levels === undefined ? null : Number(levels);
    const isKnown = depthSpeedsMs.includes(speedMs) && (chosen === null || depthLevels.includes(chosen));
    return isKnown && speedUnit !== 's' ? { channel, symbol, levels: chosen, speedMs } : null;
  }
  if (channel === 'markPrice' && levels === undefined && interval === undefined) {
    const isFast = speed === '1' && speedUnit === 's';
    return isFast || speed === undefined ? { channel, symbol, speedMs: isFast ? 1000 : defaultMarkMs } : null;
  }
  if (levels !== undefined || speed !== undefined) return null;
  if (channel === 'kline' && interval !== undefined) {
    const intervalMs = findIntervalMs(interval);
    return intervalMs === null ? null : { channel, symbol, interval, intervalMs };
  }
  const plain = plainChannels.find((candidate) => candidate === channel);
  return plain === undefined || interval !== undefined ? null : { channel: plain, symbol };
}
