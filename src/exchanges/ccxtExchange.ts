import {
  timeframeMs,
  type Candle,
  type EpochMs,
  type OrderBook,
  type PublicTrade,
  type Ticker,
} from '../domain/marketData';
import type { FundingRate } from '../domain/fundingRate';
import { marketTypes, type Market } from '../domain/market';
import type { MarketRules } from '../domain/marketRules';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { openChannel } from './channels/openChannel';
import type { HandledSource } from './channels/channelHandler';
import { CcxtConnection } from './ccxtConnection';
import type { ExchangeDifferences } from './exchangeDifferences';
import type { CandleQuery, ExchangePort, Upstream, WatchRequest } from './exchangePort';
import type { ExchangeSettings } from './exchangeSettings';
import { LiveUpstream } from './liveUpstream';
import { MarketList } from './marketList';
import { ccxtTimeframes, readCandles } from './readCandle';
import { readOrderBook } from './readOrderBook';
import { readList, readRecord } from './readNumbers';
import { readFundingRate } from './readFundingRate';
import { readTicker } from './readTicker';
import { TradeReader } from './readTrade';
import { BadMarketData } from './badMarketData';
import { marketNotFound } from './translateError';

export interface CcxtExchangeParts {
  readonly settings: ExchangeSettings;
  readonly differences: ExchangeDifferences;
  readonly clock: () => EpochMs;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Any exchange of ccxt.pro behind our port. ccxt itself is loaded with the first call. */
export class CcxtExchange implements ExchangePort {
  readonly id: string;
  readonly #connection: CcxtConnection;
  readonly #markets: MarketList;
  readonly #upstreams = new Set<LiveUpstream>();
  /** Endings that are under way, by what they end: the same channel opens again only after its ending. */
  readonly #endings = new Map<string, Promise<void>>();

  constructor(private readonly parts: CcxtExchangeParts) {
    this.id = parts.settings.id;
    this.#connection = new CcxtConnection({
      ...parts,
      onConnected: (url) => {
        this.#tellConnected(url);
      },
    });
    this.#markets = new MarketList({ ...parts, connection: this.#connection });
  }

  loadMarkets(): Promise<ReadonlyMap<string, Market>> {
    return this.#markets.read();
  }

  async marketRules(symbol: string): Promise<MarketRules> {
    const market = await this.#findOne(symbol);
    return this.#ask((exchange) => Promise.resolve(this.parts.differences.readRules(exchange.market(symbol), market)));
  }

  async fetchTickers(symbols: readonly string[]): Promise<readonly Ticker[]> {
    const markets = await this.#find(symbols);
    const [only, second] = markets;
    const answers =
      only !== undefined && second === undefined
        ? { [only.symbol]: await this.#ask((exchange) => exchange.fetchTicker(only.symbol)) }
        : await this.#askTickers(markets);
    return markets.map((market) => readTicker(answers[market.symbol], market.id, this.parts.clock()));
  }

  async fetchFundingRates(symbols: readonly string[]): Promise<readonly FundingRate[]> {
    const markets = await this.#find(symbols);
    const other = markets.find((market) => market.type !== 'SWAP');
    if (other !== undefined) throw marketNotFound(this.id, other.symbol);
    return Promise.all(
      markets.map((market) =>
        this.#ask(async (exchange) => readFundingRate(await exchange.fetchFundingRate(market.symbol), market.id)),
      ),
    );
  }

  async fetchOrderBook(symbol: string, depth: number): Promise<OrderBook> {
    const market = await this.#findOne(symbol);
    return this.#ask(async (exchange) => {
      const book = await exchange.fetchOrderBook(symbol, restBookDepth(depth));
      return readOrderBook(book, { marketId: market.id, depth, receivedTime: this.parts.clock() });
    });
  }

  async fetchTrades(symbol: string, limit: number): Promise<readonly PublicTrade[]> {
    const market = await this.#findOne(symbol);
    const { tradeIds, tradeParams } = this.parts.differences.tradesOf(market);
    return this.#ask(async (exchange) => {
      const rows = readList(await exchange.fetchTrades(symbol, undefined, limit, tradeParams), 'trades');
      return new TradeReader(market.id, tradeIds).asked(rows, this.parts.clock());
    });
  }

  async fetchCandles(symbol: string, query: CandleQuery): Promise<readonly Candle[]> {
    await this.#findOne(symbol);
    const { timeframe, since, limit } = query;
    return this.#ask(async (exchange) => {
      const rows = await exchange.fetchOHLCV(symbol, ccxtTimeframes[timeframe], since ?? undefined, limit);
      return readCandles(rows, timeframeMs[timeframe], this.parts.clock());
    });
  }

  watch(request: WatchRequest): Upstream {
    const key = keyOf(request);
    const upstream = new LiveUpstream({
      around: this.#connection.surroundings,
      logger: this.parts.logger.child({ exchange: this.id, symbol: request.symbol, channel: request.channel.kind }),
      listener: request.listener,
      onBadData: () => {
        this.#connection.countBadData(request.channel.kind);
      },
      prepare: async (emit) => {
        await this.#endings.get(key);
        const market = await this.#findOne(request.symbol);
        const { differences, clock } = this.parts;
        const exchange = await this.#connection.exchange();
        const ask = <T>(call: () => Promise<T>): Promise<T> => this.#connection.rest.ask(call);
        return openChannel(request.channel, { exchange, differences, market, clock, emit, ask });
      },
      release: (ended, sources) => this.#release(ended, { key, sources }),
    });
    this.#upstreams.add(upstream);
    upstream.start();
    return upstream;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#upstreams].map((upstream) => upstream.close()));
    await this.#connection.destroy();
  }

  async #release(
    upstream: LiveUpstream,
    ended: { readonly key: string; readonly sources: readonly HandledSource[] },
  ): Promise<void> {
    this.#upstreams.delete(upstream);
    const ending = this.#upstreams.size === 0 ? this.#connection.hangUp() : this.#connection.unsubscribe(ended.sources);
    this.#endings.set(ended.key, ending);
    await ending;
    if (this.#endings.get(ended.key) === ending) this.#endings.delete(ended.key);
  }

  #tellConnected(url: string): void {
    for (const upstream of this.#upstreams) upstream.connected(url);
  }

  async #findOne(symbol: string): Promise<Market> {
    const market = (await this.#markets.read()).get(symbol);
    if (market === undefined) throw marketNotFound(this.id, symbol);
    return market;
  }

  /** Spot and swaps live at different addresses: ccxt asks one of them at a time. */
  async #askTickers(markets: readonly Market[]): Promise<Readonly<Record<string, unknown>>> {
    const answers = await Promise.all(
      marketTypes.map(async (type) => {
        const symbols = markets.filter((market) => market.type === type).map(({ symbol }) => symbol);
        if (symbols.length === 0) return {};
        return this.#ask(async (exchange) => readRecord(await exchange.fetchTickers(symbols), 'tickers'));
      }),
    );
    return Object.assign({}, ...answers) as Readonly<Record<string, unknown>>;
  }

  #find(symbols: readonly string[]): Promise<readonly Market[]> {
    return Promise.all(symbols.map((symbol) => this.#findOne(symbol)));
  }

  /** Runs a call and the reading of its answer; what cannot be true is counted and looks like no answer. */
  #ask<T>(call: (exchange: Awaited<ReturnType<CcxtConnection['exchange']>>) => Promise<T>): Promise<T> {
    return this.#connection.rest.ask(async () => {
      try {
        return await call(await this.#connection.exchange());
      } catch (error) {
        if (error instanceof BadMarketData) this.#connection.countBadData('rest');
        throw error;
      }
    });
  }
}

function keyOf({ symbol, channel }: WatchRequest): string {
  return channel.kind === 'candles' ? `candles:${channel.timeframe}:${symbol}` : `${channel.kind}:${symbol}`;
}

/** Depths that Binance and MEXC accept and charge alike. */
function restBookDepth(depth: number): number {
  return [5, 10, 20, 50, 100, 500].find((offered) => offered >= depth) ?? 1000;
}
