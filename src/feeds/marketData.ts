import type { Bus, Topic } from '../bus/bus';
import { orderBookTopic, tickerTopic, tradesTopic, type FeedMessage } from '../bus/marketTopics';
import { parseMarketId, type Market, type MarketId, type MarketType } from '../domain/market';
import {
  timeframeMs,
  type Candle,
  type EpochMs,
  type FeedHealth,
  type OrderBook,
  type PublicTrade,
  type Ticker,
  type Timeframe,
} from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { ExchangePort } from '../exchanges/exchangePort';
import type { ExchangeRegistry } from '../exchanges/exchangeRegistry';
import { within } from '../exchanges/within';
import type { FeedManager } from './feedManager';
import { assertWithin } from '../errors/assertWithin';
import { SharedAnswers } from './sharedAnswers';

export interface MarketFilter {
  readonly exchange?: string | undefined;
  readonly type?: MarketType | undefined;
  /** Part of the symbol, any case. */
  readonly search?: string | undefined;
  readonly first: number;
}

export interface CandleRange {
  /** Start inclusive, end exclusive and behind it. */
  readonly since?: EpochMs | undefined;
  readonly until?: EpochMs | undefined;
  /** 1 to 1,000. */
  readonly first: number;
}

/** An answer of REST is good for this long: many ask at once, few need it newer. */
const rememberedForMs = 1_000;

/** A stream does not wait longer for the list of markets: it opens, and tells what it finds. */
const assertTimeoutMs = 1_000;

/** What exchanges give in one answer, and so the most that can be asked for. */
const maxTrades = 1_000;
const maxCandles = 1_000;
const maxDepth = 500;
const maxMarkets = 10_000;

/** The first block of Bitcoin, 3 January 2009: no candle is older. Exchanges take no time before 1970 at all. */
const firstMarketAt: EpochMs = 1_230_940_800_000;

/** How far an exchange's clock may be ahead of ours. */
const clockLeadMs = 60_000;

interface Located {
  readonly market: Market;
  readonly exchange: ExchangePort;
}

/**
 * Market data for queries: the live value where a feed is open and fresh, else one shared REST call with a short memory.
 * Throws MARKET_NOT_FOUND, EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED, BAD_USER_INPUT.
 */
export class MarketData {
  readonly #answers: SharedAnswers;

  constructor(
    private readonly parts: {
      readonly bus: Bus;
      readonly exchanges: ExchangeRegistry;
      readonly feeds: FeedManager;
      readonly clock: () => EpochMs;
    },
  ) {
    this.#answers = new SharedAnswers({ clock: parts.clock, rememberedForMs });
  }

  /**
   * Markets of the configured exchanges, by id. An exchange that does not answer is left out where others do;
   * asked for alone, or where none answers, its failure is the answer.
   */
  async markets(filter: MarketFilter): Promise<readonly Market[]> {
    assertWithin('first', filter.first, { from: 1, to: maxMarkets });
    const exchanges = this.parts.exchanges.all().filter(({ id }) => (filter.exchange ?? id) === id);
    const answers = await Promise.allSettled(exchanges.map((exchange) => exchange.loadMarkets()));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined && answers.every((answer) => answer.status === 'rejected')) throw failed.reason;
    const markets = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [...answer.value.values()] : []));
    const search = filter.search?.toUpperCase() ?? '';
    return markets
      .filter((market) => (filter.type ?? market.type) === market.type && market.symbol.toUpperCase().includes(search))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, filter.first);
  }

  /** null where there is no such market, or its exchange is not configured. */
  async market(id: string): Promise<Market | null> {
    const parsed = parseMarketId(id);
    const exchange = parsed === null ? null : this.parts.exchanges.find(parsed.exchange);
    if (parsed === null || exchange === null) return null;
    return (await exchange.loadMarkets()).get(parsed.symbol) ?? null;
  }

  async ticker(id: string): Promise<Ticker> {
    const [ticker] = await this.tickers([id]);
    if (ticker === undefined) throw notFound(id);
    return ticker;
  }

  /** In the order of the ids. */
  async tickers(ids: readonly string[]): Promise<readonly Ticker[]> {
    const located = await Promise.all(ids.map((id) => this.#locate(id)));
    const found = new Map<MarketId, Ticker>();
    const missing = new Map<ExchangePort, string[]>();
    for (const { market, exchange } of located) {
      const live = this.#live(tickerTopic(market.id));
      if (live !== null) found.set(market.id, live);
      else missing.set(exchange, [...(missing.get(exchange) ?? []), market.symbol]);
    }
    const asked = await Promise.all([...missing].map(([exchange, symbols]) => this.#askTickers(exchange, symbols)));
    for (const ticker of asked.flat()) found.set(ticker.marketId, ticker);
    return located.map(({ market }) => {
      const ticker = found.get(market.id);
      if (ticker === undefined) throw new AppError('EXCHANGE_UNAVAILABLE');
      return ticker;
    });
  }

  /** depth: levels a side, 1 to 500. */
  async orderBook(id: string, depth: number): Promise<OrderBook> {
    assertWithin('depth', depth, { from: 1, to: maxDepth });
    const { market, exchange } = await this.#locate(id);
    const live = this.#live(orderBookTopic(market.id));
    const book =
      live ??
      (await this.#answers.ask(`orderBook:${market.id}:${depth}`, () => exchange.fetchOrderBook(market.symbol, depth)));
    return { ...book, bids: book.bids.slice(0, depth), asks: book.asks.slice(0, depth) };
  }

  /** The latest trades, oldest first. first: 1 to 1,000. */
  async trades(id: string, first: number): Promise<readonly PublicTrade[]> {
    assertWithin('first', first, { from: 1, to: maxTrades });
    const { market, exchange } = await this.#locate(id);
    const live = this.#live(tradesTopic(market.id))?.trades ?? [];
    if (live.length >= first) return live.slice(-first);
    return this.#answers.ask(`trades:${market.id}:${first}`, () => exchange.fetchTrades(market.symbol, first));
  }

  /** Oldest first; without `since`, the latest up to `until`. None where the range lies before all markets or in the future. */
  async candles(id: string, timeframe: Timeframe, range: CandleRange): Promise<readonly Candle[]> {
    const { since, until, first } = range;
    assertWithin('first', first, { from: 1, to: maxCandles });
    if (since !== undefined && until !== undefined && since >= until) {
      throw new AppError('BAD_USER_INPUT', { publicMessage: '`range.until` must be after `range.since`.' });
    }
    const { market, exchange } = await this.#locate(id);
    if ((until ?? Infinity) <= firstMarketAt || (since ?? 0) > this.parts.clock() + clockLeadMs) return [];
    const wanted = since ?? (until === undefined ? null : until - first * timeframeMs[timeframe]);
    const begin = wanted === null ? null : Math.max(wanted, firstMarketAt);
    const candles = await this.#answers.ask(`candles:${market.id}:${timeframe}:${begin ?? ''}:${first}`, () =>
      exchange.fetchCandles(market.symbol, { timeframe, since: begin, limit: first }),
    );
    return candles.filter(({ openTime }) => openTime >= (begin ?? 0) && openTime < (until ?? Infinity));
  }

  /** What the feeds of a market are doing now; a market without an open feed is not stale. */
  health(id: string): FeedHealth {
    return this.parts.feeds.health(id);
  }

  /**
   * The id itself where there is such a market, or where its exchange cannot be asked now: a stream may wait for it.
   * Throws MARKET_NOT_FOUND.
   */
  async assertMarket(id: string): Promise<MarketId> {
    try {
      return (await within(this.#locate(id), assertTimeoutMs)).market.id;
    } catch (error) {
      const parsed = parseMarketId(id);
      if (parsed === null || (error instanceof AppError && error.code === 'MARKET_NOT_FOUND')) throw error;
      return parsed.id;
    }
  }

  async #locate(id: string): Promise<Located> {
    const parsed = parseMarketId(id);
    const exchange = parsed === null ? null : this.parts.exchanges.find(parsed.exchange);
    if (parsed === null || exchange === null) throw notFound(id);
    const market = (await exchange.loadMarkets()).get(parsed.symbol);
    if (market === undefined) throw notFound(id);
    return { market, exchange };
  }

  #live<Data>(topic: Topic<FeedMessage<Data>>): Data | null {
    const message = this.parts.bus.last(topic);
    return message?.kind === 'data' ? message.data : null;
  }

  #askTickers(exchange: ExchangePort, symbols: readonly string[]): Promise<readonly Ticker[]> {
    const distinct = [...new Set(symbols)].toSorted();
    return this.#answers.ask(`tickers:${exchange.id}:${distinct.join(',')}`, () => exchange.fetchTickers(distinct));
  }
}

function notFound(id: string): AppError {
  return new AppError('MARKET_NOT_FOUND', {
    publicMessage: `No such market: ${id.slice(0, 80)}. List them with the query \`markets\`.`,
  });
}
