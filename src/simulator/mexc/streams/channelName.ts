import { socketIntervalMs } from '../intervals';

/** What a client asks for by a channel's name. `eventType` is what the channel's frames call themselves. */
export type ChannelRequest =
  | {
      readonly kind: 'deals' | 'depth' | 'bookTicker';
      readonly symbol: string;
      readonly speedMs: number;
      readonly eventType: string;
    }
  | { readonly kind: 'limitDepth'; readonly symbol: string; readonly levels: number; readonly eventType: string }
  | { readonly kind: 'kline'; readonly symbol: string; readonly interval: string; readonly intervalMs: number }
  | { readonly kind: 'miniTicker'; readonly symbol: string };

const windowed = /^(spot@public\.aggre\.(deals|depth|bookTicker)\.v3\.api\.pb@(10|100)ms)@([A-Z0-9]{1,20})$/;
const limited = /^(spot@public\.limit\.depth\.v3\.api\.pb)@([A-Z0-9]{1,20})@(5|10|20)$/;
const kline = /^spot@public\.kline\.v3\.api\.pb@([A-Z0-9]{1,20})@(\w{4,6})$/;
const miniTicker = /^spot@public\.miniTicker\.v3\.api\.pb@([A-Z0-9]{1,20})@(?:24H|UTC[+-]\d{1,2})$/;

/** Reads a channel's name, e.g. "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"; null where there is no such channel. Symbols are not checked. */
export function parseChannelName(name: string): ChannelRequest | null {
  const [, eventType = '', kind, speed, pacedSymbol = ''] = windowed.exec(name) ?? [];
  if (kind === 'deals' || kind === 'depth' || kind === 'bookTicker') {
    return { kind, symbol: pacedSymbol, speedMs: Number(speed), eventType };
  }
  const [, limitEvent, limitSymbol, levels] = limited.exec(name) ?? [];
  if (limitEvent !== undefined && limitSymbol !== undefined) {
    return { kind: 'limitDepth', symbol: limitSymbol, levels: Number(levels), eventType: limitEvent };
  }
  const [, klineSymbol, interval] = kline.exec(name) ?? [];
  if (klineSymbol !== undefined && interval !== undefined) {
    const intervalMs = socketIntervalMs(interval);
    return intervalMs === null ? null : { kind: 'kline', symbol: klineSymbol, interval, intervalMs };
  }
  const [, tickerSymbol] = miniTicker.exec(name) ?? [];
  return tickerSymbol === undefined ? null : { kind: 'miniTicker', symbol: tickerSymbol };
}
