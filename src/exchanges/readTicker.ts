import type { Ticker } from '../domain/marketData';
import type { MarketId } from '../domain/market';
import { optional, readAmount, readDecimal, readPrice, readRecord, readTime } from './readNumbers';

const price = (value: unknown): Ticker['last'] => optional(value, (present) => readPrice(present));
const amount = (value: unknown): Ticker['last'] => optional(value, (present) => readAmount(present));
const signed = (value: unknown, name: string): Ticker['last'] =>
  optional(value, (present) => readDecimal(present, name));

/** Reads ccxt's ticker structure. Throws BadMarketData. */
export function readTicker(value: unknown, marketId: MarketId, receivedTime: number): Ticker {
  const raw = readRecord(value, 'ticker');
  return {
    marketId,
    last: price(raw.last),
    bid: price(raw.bid),
    bidVolume: amount(raw.bidVolume),
    ask: price(raw.ask),
    askVolume: amount(raw.askVolume),
    open: price(raw.open),
    high: price(raw.high),
    low: price(raw.low),
    vwap: amount(raw.vwap),
    change: signed(raw.change, 'change'),
    percentage: signed(raw.percentage, 'percentage'),
    baseVolume: amount(raw.baseVolume),
    quoteVolume: amount(raw.quoteVolume),
    exchangeTime: optional(raw.timestamp, (present) => readTime(present)),
    receivedTime,
  };
}
