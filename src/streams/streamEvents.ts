import type { Candle, EpochMs, EventTimes, PriceLevel, PublicTrade, Ticker, Timeframe } from '../domain/marketData';
import type { MarketId } from '../domain/market';

export type StreamKind = 'SNAPSHOT' | 'UPDATE' | 'STALE';

/** What stands at the head of every event of a stream. */
export interface StreamMeta {
  readonly kind: StreamKind;
  /** Counts the events of this subscription from "1". */
  readonly seq: string;
  /** When this server put the event together. */
  readonly at: EpochMs;
  /** Opaque position; give it back as `after`. */
  readonly cursor: string;
  /** A stable code of `streamReasons`, or null. */
  readonly reason: string | null;
}

/** Codes of `StreamMeta.reason`. Details follow after ": ". */
export const streamReasons = {
  /** `after` was given, but the events since then are gone: this is the state now. */
  resumeNotAvailable: 'RESUME_NOT_AVAILABLE',
  /** The connection to the exchange is lost. */
  sourceDisconnected: 'SOURCE_DISCONNECTED',
  /** The exchange gave no sign of life in time. */
  sourceSilent: 'SOURCE_SILENT',
  /** The exchange answers, but the state of the market is not known yet, or not any more. */
  outOfSync: 'OUT_OF_SYNC',
  /** The reader was too slow; the number of lost trades follows. */
  tradesDropped: 'TRADES_DROPPED',
  /** Trades were missed while the exchange was away and it no longer tells them. */
  tradesMissed: 'TRADES_MISSED',
} as const;

/** SNAPSHOT: every market of the subscription. UPDATE: those that changed. STALE: the last known of those whose source is silent. */
export interface TickerEvent {
  readonly meta: StreamMeta;
  readonly tickers: readonly Ticker[];
}

/** SNAPSHOT: the whole top of the book. UPDATE: changed levels, amount "0" removes one. STALE: no levels. */
export interface OrderBookEvent extends EventTimes {
  readonly meta: StreamMeta;
  readonly marketId: MarketId;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  readonly nonce: string | null;
}

/** SNAPSHOT: the latest trades, oldest first. UPDATE: new ones. STALE: none. */
export interface PublicTradeEvent {
  readonly meta: StreamMeta;
  readonly trades: readonly PublicTrade[];
}

export interface CandleEvent extends EventTimes {
  readonly meta: StreamMeta;
  readonly marketId: MarketId;
  readonly timeframe: Timeframe;
  readonly candle: Candle;
}
