import type { AppError } from '../errors/appError';
import type { FundingRate } from '../domain/fundingRate';
import type { Market } from '../domain/market';
import type { MarketRules } from '../domain/marketRules';
import type { Candle, CandleUpdate, EpochMs, OrderBook, PublicTrade, Ticker, Timeframe } from '../domain/marketData';

/** One kind of live data of one market. */
export type Channel =
  | { readonly kind: 'ticker' }
  | { readonly kind: 'orderBook' }
  | { readonly kind: 'trades' }
  | { readonly kind: 'candles'; readonly timeframe: Timeframe };

/**
 * What an upstream tells. After `disconnected` the next data event is complete state again, whatever was missed:
 * a full ticker, a synchronised book, the trades since (as far as the exchange still has them), the forming candle.
 */
export type UpstreamEvent =
  | { readonly type: 'ticker'; readonly ticker: Ticker }
  | { readonly type: 'orderBook'; readonly book: OrderBook }
  /** New trades in order, each once; may be empty after a reconnect. isComplete false: some between the last and these are lost. */
  | { readonly type: 'trades'; readonly trades: readonly PublicTrade[]; readonly isComplete: boolean }
  | { readonly type: 'candle'; readonly update: CandleUpdate }
  | { readonly type: 'disconnected' }
  | { readonly type: 'reconnected' }
  /** The book lost its sequence (or broke its own rules) and is built anew; it has no state until the next `orderBook`. */
  | { readonly type: 'gap' }
  /** The exchange has no such market or channel: nothing will ever come. */
  | { readonly type: 'refused'; readonly error: AppError };

export interface Upstream {
  /** When the exchange last proved that the connection lives; null while there is no connection. */
  aliveAt(): EpochMs | null;
  /** Ends the subscription at the exchange. Nothing is told any more from this call on. Never rejects. */
  close(): Promise<void>;
}

export interface CandleQuery {
  readonly timeframe: Timeframe;
  readonly since: EpochMs | null;
  readonly limit: number;
}

/**
 * One exchange, in our words. Every price and amount is an exact decimal string.
 * Methods throw EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED (`retryAfterMs` where known), MARKET_NOT_FOUND.
 */
export interface ExchangePort {
  readonly id: string;
  /** Spot markets and linear swaps by symbol; asked once and remembered for an hour. */
  loadMarkets(): Promise<ReadonlyMap<string, Market>>;
  /** What the exchange asks of an order in this market. */
  marketRules(symbol: string): Promise<MarketRules>;
  fetchTickers(symbols: readonly string[]): Promise<readonly Ticker[]>;
  /** depth: levels a side; the answer may hold more. */
  fetchOrderBook(symbol: string, depth: number): Promise<OrderBook>;
  /** The latest trades, oldest first; limit up to 1,000. */
  fetchTrades(symbol: string, limit: number): Promise<readonly PublicTrade[]>;
  /** Of swaps alone: another symbol throws MARKET_NOT_FOUND. */
  fetchFundingRates(symbols: readonly string[]): Promise<readonly FundingRate[]>;
  /** Oldest first, the forming one included; limit up to 1,000. */
  fetchCandles(symbol: string, query: CandleQuery): Promise<readonly Candle[]>;
  /** Opens a live channel. Connects, reconnects and resynchronises by itself until it is closed. The first event comes after the return. */
  watch(request: WatchRequest): Upstream;
  /** Ends every upstream and connection. */
  close(): Promise<void>;
}

export interface WatchRequest {
  readonly symbol: string;
  readonly channel: Channel;
  readonly listener: (event: UpstreamEvent) => void;
}
