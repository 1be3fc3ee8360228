import { AppError } from '../errors/appError';
import type { EpochMs, Timeframe } from '../domain/marketData';
import type { MarketId } from '../domain/market';
import type { CandleEvent, OrderBookEvent, PublicTradeEvent, TickerEvent } from './streamEvents';

export interface TickersRequest {
  readonly marketIds: readonly string[];
  /** 0: every event as it comes; otherwise at most one event in this many milliseconds, the newest values of each market. 0 to 60,000. */
  readonly intervalMs: number;
  readonly after: string | null;
}

export interface OrderBookRequest {
  readonly marketId: string;
  /** Levels a side, 1 to 500. */
  readonly depth: number;
  readonly intervalMs: number;
  readonly after: string | null;
}

export interface TradesRequest {
  readonly marketIds: readonly string[];
  readonly after: string | null;
}

export interface CandlesRequest {
  readonly marketId: string;
  readonly timeframe: Timeframe;
  readonly after: string | null;
}

export type MarketStream<Event> = Promise<AsyncIterableIterator<Event>>;

/**
 * The live streams, one iterator a subscription. Each opens with a SNAPSHOT; a source that goes silent gives STALE and then a SNAPSHOT.
 * A method rejects with MARKET_NOT_FOUND or BAD_USER_INPUT before the stream opens; `return()` releases the source at once.
 */
export class MarketStreams {
  constructor(
    private readonly parts: { readonly clock: () => EpochMs; readonly assertMarket: (id: string) => Promise<MarketId> },
  ) {}

  async tickers(request: TickersRequest): MarketStream<TickerEvent> {
    return this.#open(request.marketIds);
  }

  async orderBook(request: OrderBookRequest): MarketStream<OrderBookEvent> {
    return this.#open([request.marketId]);
  }

  async trades(request: TradesRequest): MarketStream<PublicTradeEvent> {
    return this.#open(request.marketIds);
  }

  async candles(request: CandlesRequest): MarketStream<CandleEvent> {
    return this.#open([request.marketId]);
  }

  async #open<Event>(ids: readonly string[]): MarketStream<Event> {
    for (const id of ids) await this.parts.assertMarket(id);
    throw new AppError('EXCHANGE_UNAVAILABLE');
  }
}
