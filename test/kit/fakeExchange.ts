import { toDecimalString } from '../../src/domain/decimal';
import { toMarketId, type Market } from '../../src/domain/market';
import type { Candle, OrderBook, PriceLevel, PublicTrade, Ticker } from '../../src/domain/marketData';
import type { FundingRate } from '../../src/domain/fundingRate';
import type { MarketRules } from '../../src/domain/marketRules';
import { AppError } from '../../src/errors/appError';
import { readMarketRules } from '../../src/exchanges/readMarketRules';
import type {
  CandleQuery,
  Channel,
  ExchangePort,
  Upstream,
  UpstreamEvent,
  WatchRequest,
} from '../../src/exchanges/exchangePort';

const decimal = toDecimalString;

/** An upstream that a test plays by hand. */
export class FakeUpstream implements Upstream {
  isClosed = false;
  alive: number | null;

  constructor(
    readonly request: WatchRequest,
    now: number,
  ) {
    this.alive = now;
  }

  aliveAt(): number | null {
    return this.alive;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  tell(event: UpstreamEvent): void {
    if (!this.isClosed) this.request.listener(event);
  }
}

/** An exchange in memory: what it answers and tells is up to the test. */
export class FakeExchange implements ExchangePort {
  /** True: every question fails. */
  isDown = false;
  readonly calls: string[] = [];
  readonly upstreams: FakeUpstream[] = [];
  candles: readonly Candle[] = [];

  constructor(
    readonly id = 'fake',
    private readonly symbols: readonly string[] = ['BTC/USDT', 'ETH/USDT'],
    private readonly clock: () => number = Date.now,
  ) {}

  /** The open upstream of a channel. */
  upstream(kind: Channel['kind'], symbol = 'BTC/USDT'): FakeUpstream {
    const open = this.upstreams.filter(({ isClosed }) => !isClosed);
    const found = open.find(({ request }) => request.channel.kind === kind && request.symbol === symbol);
    if (found === undefined) throw new Error(`no open ${kind} of ${symbol}`);
    return found;
  }

  async loadMarkets(): Promise<ReadonlyMap<string, Market>> {
    const markets = this.symbols.map((symbol) => [symbol, this.#market(symbol)] as const);
    return this.#answer('loadMarkets', new Map(markets));
  }

  async fetchTickers(symbols: readonly string[]): Promise<readonly Ticker[]> {
    return this.#answer(
      `fetchTickers ${symbols.join(',')}`,
      symbols.map((symbol) => makeTicker(this.id, { symbol, last: '1' })),
    );
  }

  async fetchOrderBook(symbol: string, depth: number): Promise<OrderBook> {
    return this.#answer(
      `fetchOrderBook ${symbol} ${depth}`,
      makeBook(this.id, { symbol, bids: [['9', '1']], asks: [['11', '1']], nonce: '1' }),
    );
  }

  async marketRules(symbol: string): Promise<MarketRules> {
    return this.#answer(`marketRules ${symbol}`, readMarketRules({ limits: {} }, this.#market(symbol)));
  }

  async fetchFundingRates(symbols: readonly string[]): Promise<readonly FundingRate[]> {
    const rates = symbols.map((symbol) => ({
      marketId: toMarketId(this.id, symbol),
      fundingRate: decimal('0.0001'),
      nextFundingTime: null,
      markPrice: null,
      indexPrice: null,
    }));
    return this.#answer(`fetchFundingRates ${symbols.join(',')}`, rates);
  }

  async fetchTrades(symbol: string, limit: number): Promise<readonly PublicTrade[]> {
    return this.#answer(`fetchTrades ${symbol} ${limit}`, [makeTrade(this.id, 1, symbol)]);
  }

  async fetchCandles(symbol: string, { timeframe, since, limit }: CandleQuery): Promise<readonly Candle[]> {
    return this.#answer(`fetchCandles ${symbol} ${timeframe} ${since ?? 'latest'} ${limit}`, this.candles);
  }

  watch(request: WatchRequest): FakeUpstream {
    const upstream = new FakeUpstream(request, this.clock());
    this.upstreams.push(upstream);
    return upstream;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #answer<T>(call: string, answer: T): Promise<T> {
    this.calls.push(call);
    return this.isDown ? Promise.reject(new AppError('EXCHANGE_UNAVAILABLE')) : Promise.resolve(answer);
  }

  #market(symbol: string): Market {
    const [base = '', quote = ''] = symbol.split('/');
    const step = decimal('0.01');
    return {
      id: toMarketId(this.id, symbol),
      exchange: this.id,
      symbol,
      base,
      quote,
      settle: null,
      type: 'SPOT',
      active: true,
      contractSize: null,
      maker: null,
      taker: null,
      pricePrecision: step,
      amountPrecision: step,
      minAmount: null,
      minCost: null,
    };
  }
}

export function makeTicker(exchange: string, given: { readonly symbol?: string; readonly last: string }): Ticker {
  const nothing = {
    bid: null,
    bidVolume: null,
    ask: null,
    askVolume: null,
    open: null,
    high: null,
    low: null,
    vwap: null,
  };
  const marketId = toMarketId(exchange, given.symbol ?? 'BTC/USDT');
  const sums = { change: null, percentage: null, baseVolume: null, quoteVolume: null };
  return { marketId, last: decimal(given.last), ...nothing, ...sums, exchangeTime: null, receivedTime: 1 };
}

type Pairs = readonly (readonly [string, string])[];

export function makeBook(
  exchange: string,
  given: { readonly symbol?: string; readonly bids: Pairs; readonly asks: Pairs; readonly nonce: string },
): OrderBook {
  const levels = (pairs: Pairs): PriceLevel[] =>
    pairs.map(([price, amount]) => ({ price: decimal(price), amount: decimal(amount) }));
  const marketId = toMarketId(exchange, given.symbol ?? 'BTC/USDT');
  return {
    marketId,
    bids: levels(given.bids),
    asks: levels(given.asks),
    nonce: given.nonce,
    exchangeTime: null,
    receivedTime: 1,
  };
}

export function makeTrade(exchange: string, id: number, symbol = 'BTC/USDT'): PublicTrade {
  const one = decimal('1');
  const marketId = toMarketId(exchange, symbol);
  return {
    marketId,
    id: String(id),
    side: 'BUY',
    price: one,
    amount: one,
    cost: one,
    exchangeTime: id,
    receivedTime: id,
  };
}

export function makeCandle(openTime: number, close: string, closed = false): Candle {
  const price = decimal(close);
  return { openTime, open: price, high: price, low: price, close: price, volume: price, closed };
}
