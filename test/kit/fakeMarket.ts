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
import type { OpenStream, Position, StreamEvent, StreamSource } from '../../src/streams/streamSource';

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
export class ManualStream<Event> implements AsyncIterableIterator<Event, undefined> {
  readonly #queue: Event[] = [];
  #waiting: {
    readonly resolve: (result: IteratorResult<Event, undefined>) => void;
    readonly reject: (thrown: unknown) => void;
  } | null = null;
  isOpen = true;
  /** The newest event that has come out. */
  protected newest: Event | null = null;

  push(event: Event): void {
    if (this.#waiting === null) {
      this.#queue.push(event);
      return;
    }
    const { resolve } = this.#waiting;
    this.#waiting = null;
    this.newest = event;
    resolve({ done: false, value: event });
  }

  /** Somebody has asked for the next event. */
  get isAwaited(): boolean {
    return this.#waiting !== null;
  }

  /** Whoever waits for the next event is told of a failure of the stream instead. */
  fail(thrown: unknown): void {
    if (this.#waiting === null) throw new Error('nobody waits for this stream');
    this.#waiting.reject(thrown);
    this.#waiting = null;
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.newest = value;
      return Promise.resolve({ done: false, value });
    }
    if (!this.isOpen) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.isOpen = false;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = null;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The same for many readers: whoever joins or falls behind is told the newest event, as it is. */
class ManualOpenStream<Event extends StreamEvent> extends ManualStream<Event> implements OpenStream<Event> {
  readonly keepsEverything = false;

  get position(): Position {
    return { seq: Number(this.newest?.meta.seq ?? 0), items: 0 };
  }

  opening(): readonly Event[] {
    return this.newest === null ? [] : [this.newest];
  }

  since(): readonly Event[] {
    return this.opening();
  }

  seqOf(cursor: string): number | null {
    const digits = /^c(\d+)$/.exec(cursor)?.[1];
    return digits === undefined ? null : Number(digits);
  }
}

export function makeMeta(kind: StreamMeta['kind'] = 'SNAPSHOT', seq = '1'): StreamMeta {
  return { kind, seq, at: now, cursor: `c${seq}`, reason: null };
}

/** Whatever it is, an error or not. */
async function throwIt(thrown: unknown): Promise<never> {
  await Promise.resolve();
  throw thrown;
}

/**
 * Stand-in for the market services: fixed answers, counted calls, streams that the test feeds by hand.
 * `failure` is thrown in place of every answer.
 */
export class FakeMarket {
  calls = 0;
  failure: { readonly thrown: unknown } | null = null;
  /** How many candles an answer holds. */
  candleCount = 0;
  /** Every stream that was opened, for one reader or for many. */
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
    tickers: ({ after }) => this.#source<TickerEvent>(after, { meta: makeMeta(), tickers: [makeTicker()] }),
    orderBook: ({ after }) =>
      this.#source<OrderBookEvent>(after, {
        meta: makeMeta(),
        marketId: btc,
        bids: [],
        asks: [],
        nonce: '7',
        exchangeTime: now,
        receivedTime: now,
      }),
    trades: ({ after }) => this.#source<PublicTradeEvent>(after, { meta: makeMeta(), trades: [] }),
    candles: () => Promise.reject(new AppError('EXCHANGE_UNAVAILABLE')),
  };

  get openCount(): number {
    return this.opened.filter((stream) => stream.isOpen).length;
  }

  #answer<Value>(value: Value): Promise<Value> {
    this.calls += 1;
    return this.failure === null ? Promise.resolve(value) : throwIt(this.failure.thrown);
  }

  #source<Event extends AnyEvent>(after: string | null, first: Event): Promise<StreamSource<Event>> {
    if (this.failure !== null) return throwIt(this.failure.thrown);
    const open = (): ManualOpenStream<Event> => this.#open(first);
    return Promise.resolve({ after, open, [Symbol.asyncIterator]: open });
  }

  #open<Event extends AnyEvent>(first: Event): ManualOpenStream<Event> {
    const stream = new ManualOpenStream<Event>();
    stream.push(first);
    this.opened.push(stream as unknown as ManualStream<AnyEvent>);
    return stream;
  }
}
