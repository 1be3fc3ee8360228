import { randomUUID } from 'node:crypto';
import { InProcessBus } from '../../src/bus/inProcessBus';
import { candlesTopic, orderBookTopic, tickerTopic, tradesTopic } from '../../src/bus/marketTopics';
import { toMarketId, type MarketId } from '../../src/domain/market';
import type { OrderBook, PublicTrade } from '../../src/domain/marketData';
import { MarketStreams } from '../../src/streams/marketStreams';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { makeBook, makeCandle, makeTicker, makeTrade } from './fakeExchange';

const exchange = 'fake';
const keptTrades = 1_000;
const minuteMs = 60_000;
const eventsACandle = 50;
const bookLevels = 12;

export const busy = 'BTC/USDT';
export const idOf = (symbol: string): MarketId => toMarketId(exchange, symbol);

/** Events of this number, of everything that a market has. */
export type Channel = 'ticker' | 'orderBook' | 'trades' | 'candles';

/**
 * Markets whose feeds the test plays, on the real bus and behind the real streams. Everything about an event follows
 * from its market's number, which counts from 1: a price is the number, a trade has it as its id.
 */
export class LiveMarkets {
  readonly bus = new InProcessBus({ logger: createLogger('silent') });
  readonly metrics = createMetrics();
  /** What stands between a reader's request and its stream. */
  admit: () => Promise<void> = () => Promise.resolve();
  readonly streams: MarketStreams;
  readonly #numbers = new Map<string, number>();
  readonly #trades = new Map<string, readonly PublicTrade[]>();

  constructor() {
    this.streams = new MarketStreams({
      bus: this.bus,
      clock: Date.now,
      epoch: randomUUID().slice(0, 8),
      metrics: this.metrics,
      assertMarket: async (id) => {
        await this.admit();
        return id as MarketId;
      },
    });
  }

  /** The number of the newest event of a market; 0 before the first. */
  numberOf(symbol = busy): number {
    return this.#numbers.get(symbol) ?? 0;
  }

  /** Tells the next state of a market on all of its channels, or some. */
  publish(symbol = busy, channels: readonly Channel[] = ['ticker', 'orderBook', 'trades', 'candles']): void {
    const number = this.numberOf(symbol) + 1;
    this.#numbers.set(symbol, number);
    for (const channel of channels) this.#publish(channel, symbol, number);
  }

  #publish(channel: Channel, symbol: string, number: number): void {
    const id = idOf(symbol);
    const isRestart = number === 1;
    switch (channel) {
      case 'ticker': {
        const data = makeTicker(exchange, { symbol, last: String(number) });
        this.bus.publish(tickerTopic(id), { kind: 'data', data, isRestart });
        return;
      }
      case 'orderBook':
        this.bus.publish(orderBookTopic(id), { kind: 'data', data: bookAt(number, symbol), isRestart });
        return;
      case 'trades':
        this.#publishTrade(id, makeTrade(exchange, number, symbol));
        return;
      case 'candles':
        this.bus.publish(candlesTopic(id, 'M1'), { kind: 'data', data: candleAt(number, id), isRestart });
    }
  }

  #publishTrade(id: MarketId, trade: PublicTrade): void {
    const before = this.#trades.get(id) ?? [];
    const latest = before.length < 2 * keptTrades ? before : before.slice(-keptTrades);
    const kept = latest as PublicTrade[];
    kept.push(trade);
    this.#trades.set(id, kept);
    const message = (trades: readonly PublicTrade[]) =>
      ({ kind: 'data', data: { trades, isComplete: true }, isRestart: kept.length === 1 }) as const;
    this.bus.publish(tradesTopic(id), message([trade]), () => message(kept.slice(-keptTrades)));
  }
}

/** Each number changes some levels, removes some and brings others. */
export function bookAt(number: number, symbol = busy): OrderBook {
  const side = (direction: 1 | -1): (readonly [string, string])[] =>
    Array.from({ length: bookLevels }, (_, level) => [
      String(10_000 + (number % 7) + direction * (1 + level * 3)),
      String(1 + ((number + level) % (level + 2))),
    ]);
  return makeBook(exchange, { symbol, bids: side(-1), asks: side(1), nonce: String(number) });
}

/** The candle grows with each event and closes with the last of its minute. */
export function candleAt(number: number, marketId: MarketId) {
  const openTime = Math.floor(number / eventsACandle) * minuteMs;
  const candle = makeCandle(openTime, String(number), number % eventsACandle === eventsACandle - 1);
  return { marketId, timeframe: 'M1', candle, exchangeTime: null, receivedTime: number } as const;
}
