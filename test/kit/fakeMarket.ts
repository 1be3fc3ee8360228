import type { Market, MarketId } from '../../src/domain/market';
import { toMarketId } from '../../src/domain/market';
import { toDecimalString } from '../../src/domain/decimal';
import type { Candle, FeedHealth, OrderBook, PublicTrade, Ticker } from '../../src/domain/marketData';
import { AppError } from '../../src/errors/appError';
import type { GraphqlServices } from '../../src/graphql/context';
import type {
  CandleEvent,
  OrderBookEvent,
  PublicTradeEvent,
  StreamMeta,
  TickerEvent,
} from '../../src/streams/streamEvents';

const now = Date.UTC(2026, 0, 31, 12);
export const btc = toMarketId('simulator', 'BTC/USDT');

const decimal = toDecimalString;

export function makeMarket(id: MarketId = btc): Market {
  return {
    id,
    exchange: 'simulator',
    symbol: 'BTC/USDT',
    base: 'BTC',
    quote: 'USDT',
    settle: null,
    type: 'SPOT',
    active: true,
    contractSize: null,
    maker: decimal('0.001'),
    taker: decimal('0.001'),
    pricePrecision: decimal('0.01'),
    amountPrecision: decimal('0.00001'),
    minAmount: decimal('0.00001'),
    minCost: decimal('5'),
  };
}

export function makeTicker(last = '100.5'): Ticker {
  return {
    marketId: btc,
    last: decimal(last),
    bid: decimal('100.4'),
    bidVolume: decimal('1'),
    ask: decimal('100.6'),
    askVolume: decimal('2'),
    open: decimal('99'),
    high: decimal('101'),
    low: decimal('98'),
    vwap: null,
    change: decimal('1.5'),
    percentage: decimal('1.51'),
    baseVolume: decimal('10'),
    quoteVolume: decimal('1000'),
    exchangeTime: now,
    receivedTime: now + 5,
  };
}

function makeCandle(): Candle {
  const price = decimal('100.123456789');
  return { openTime: now, open: price, high: price, low: price, close: price, volume: price, closed: true };
}

type AnyEvent = TickerEvent | OrderBookEvent | PublicTradeEvent | CandleEvent;

/** A stream in a test's hands: what is pushed comes out, and whether its source is open can be asked. */
export class ManualStream<Event> implements AsyncIterableIterator<Event> {
  readonly #queue: Event[] = [];
  #waiting: ((result: IteratorResult<Event>) => void) | null = null;
  isOpen = true;

  push(event: Event): void {
    if (this.#waiting === null) {
      this.#queue.push(event);
      return;
    }
    const deliver = this.#waiting;
    this.#waiting = null;
    deliver({ done: false, value: event });
  }

  next(): Promise<IteratorResult<Event>> {
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (!this.isOpen) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<Event>> {
    this.isOpen = false;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = null;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

export function makeMeta(kind: StreamMeta['kind'] = 'SNAPSHOT', seq = '1'): StreamMeta {
  return { kind, seq, at: now, cursor: `c${seq}`, reason: null };
}

/**
 * Stand-in for the market services: fixed answers, counted calls, streams that the test feeds by hand.
 * `failWith` makes every answer a failure.
 */
export class FakeMarket {
  calls = 0;
  failWith: Error | null = null;
  /** How many candles an answer holds. */
  candleCount = 0;
  readonly opened: ManualStream<AnyEvent>[] = [];

  readonly marketData: GraphqlServices['marketData'] = {
    markets: () => this.#answer<readonly Market[]>([makeMarket()]),
    market: (id) => this.#answer<Market | null>(id === btc ? makeMarket() : null),
    ticker: (id) =>
      id === btc ? this.#answer<Ticker>(makeTicker()) : Promise.reject(new AppError('MARKET_NOT_FOUND')),
    tickers: (ids) => this.#answer<readonly Ticker[]>(ids.map(() => makeTicker())),
    orderBook: () =>
      this.#answer<OrderBook>({ marketId: btc, bids: [], asks: [], nonce: '7', exchangeTime: now, receivedTime: now }),
    trades: () => this.#answer<readonly PublicTrade[]>([]),
    candles: () => this.#answer<readonly Candle[]>(Array.from({ length: this.candleCount }, makeCandle)),
    health: () =>
      ({ lastEventAt: now, aliveAt: now, stale: false, gaps: 0, resyncs: 0, reconnects: 0 }) satisfies FeedHealth,
    assertMarket: (id) => this.#answer(id as MarketId),
  };

  readonly marketStreams: GraphqlServices['marketStreams'] = {
    tickers: () => this.#open<TickerEvent>({ meta: makeMeta(), tickers: [makeTicker()] }),
    orderBook: () =>
      this.#open<OrderBookEvent>({
        meta: makeMeta(),
        marketId: btc,
        bids: [],
        asks: [],
        nonce: '7',
        exchangeTime: now,
        receivedTime: now,
      }),
    trades: () => this.#open<PublicTradeEvent>({ meta: makeMeta(), trades: [] }),
    candles: () => Promise.reject(new AppError('EXCHANGE_UNAVAILABLE')),
  };

  get openCount(): number {
    return this.opened.filter((stream) => stream.isOpen).length;
  }

  #answer<Value>(value: Value): Promise<Value> {
    this.calls += 1;
    return this.failWith === null ? Promise.resolve(value) : Promise.reject(this.failWith);
  }

  #open<Event extends TickerEvent | OrderBookEvent | PublicTradeEvent | CandleEvent>(
    first: Event,
  ): Promise<ManualStream<Event>> {
    if (this.failWith !== null) return Promise.reject(this.failWith);
    const stream = new ManualStream<Event>();
    stream.push(first);
    this.opened.push(stream as unknown as ManualStream<AnyEvent>);
    return Promise.resolve(stream);
  }
}
