import { findIntervalMs } from '../intervals';

/** What a client asks for by a stream's name. `symbol` is in capitals, as in REST. */
export type StreamRequest =
  | { readonly channel: 'trade' | 'aggTrade' | 'bookTicker' | 'ticker' | 'miniTicker'; readonly symbol: string }
  | { readonly channel: 'depth'; readonly symbol: string; readonly speedMs: number }
  | { readonly channel: 'partialDepth'; readonly symbol: string; readonly levels: number; readonly speedMs: number }
  | { readonly channel: 'kline'; readonly symbol: string; readonly interval: string; readonly intervalMs: number }
  | { readonly channel: 'allTickers' }
  | { readonly channel: 'allMiniTickers' };

const shape = /^([a-z0-9._-]{1,20})@([A-Za-z]+)(\d{1,2})?(?:_(\w{2,3}))?(?:@(\d+)ms)?$/;
const plainChannels = ['trade', 'aggTrade', 'bookTicker', 'ticker', 'miniTicker'] as const;
const slowMs = 1000;
const fastMs = 100;

/** Reads a stream's name, e.g. "btcusdt@depth@100ms"; null where Binance has no such stream. Symbols are not checked. */
export function parseStreamName(name: string): StreamRequest | null {
  if (name === '!ticker@arr') return { channel: 'allTickers' };
  if (name === '!miniTicker@arr') return { channel: 'allMiniTickers' };
  const match = shape.exec(name);
  if (match === null) return null;
  const [, lowerSymbol = '', channel, levels, interval, speed] = match;
  const symbol = lowerSymbol.toUpperCase();
  const speedMs = speed === undefined ? slowMs : Number(speed);

  if (channel === 'depth' && interval === undefined && [slowMs, fastMs].includes(speedMs)) {
    if (levels === undefined) return { channel, symbol, speedMs };
    return ['5', '10', '20'].includes(levels)
      ? { channel: 'partialDepth', symbol, levels: Number(levels), speedMs }
      : null;
  }
  if (levels !== undefined || speed !== undefined) return null;
  if (channel === 'kline' && interval !== undefined) {
    const intervalMs = findIntervalMs(interval);
    return intervalMs === null ? null : { channel, symbol, interval, intervalMs };
  }
  if (interval !== undefined) return null;
  const plain = plainChannels.find((candidate) => candidate === channel);
  return plain === undefined ? null : { channel: plain, symbol };
}
