import type { DecimalString } from './decimal';
import type { MarketId } from './market';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** Every event carries two times: the exchange's own (null where it gives none) and ours at arrival. */
export interface EventTimes {
  readonly exchangeTime: EpochMs | null;
  readonly receivedTime: EpochMs;
}

/** The last 24 hours of a market and its best bid and ask now. Prices in quote units, volumes in base units unless named so. */
export interface Ticker extends EventTimes {
  readonly marketId: MarketId;
  readonly last: DecimalString | null;
  readonly bid: DecimalString | null;
  readonly bidVolume: DecimalString | null;
  readonly ask: DecimalString | null;
  readonly askVolume: DecimalString | null;
  readonly open: DecimalString | null;
  readonly high: DecimalString | null;
  readonly low: DecimalString | null;
  readonly vwap: DecimalString | null;
  /** last − open, and the same as percent of open. */
  readonly change: DecimalString | null;
  readonly percentage: DecimalString | null;
  readonly baseVolume: DecimalString | null;
  readonly quoteVolume: DecimalString | null;
}

export interface PriceLevel {
  readonly price: DecimalString;
  /** Base units. In a change of a book, "0" removes the level. */
  readonly amount: DecimalString;
}

/** Bids from the highest, asks from the lowest; never crossed. */
export interface OrderBook extends EventTimes {
  readonly marketId: MarketId;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
  /** The exchange's own update id of this state. */
  readonly nonce: string | null;
}

export interface PublicTrade {
  readonly marketId: MarketId;
  readonly id: string;
  /** The side of the taker. */
  readonly side: 'BUY' | 'SELL';
  readonly price: DecimalString;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly exchangeTime: EpochMs;
  readonly receivedTime: EpochMs;
}

export const timeframes = ['M1', 'M5', 'M15', 'M30', 'H1', 'H4', 'D1', 'W1'] as const;
export type Timeframe = (typeof timeframes)[number];

const minuteMs = 60_000;
/** Length of each timeframe in milliseconds. Weeks begin on Monday 00:00 UTC, as on Binance. */
export const timeframeMs: Readonly<Record<Timeframe, number>> = {
  M1: minuteMs,
  M5: 5 * minuteMs,
  M15: 15 * minuteMs,
  M30: 30 * minuteMs,
  H1: 60 * minuteMs,
  H4: 240 * minuteMs,
  D1: 1440 * minuteMs,
  W1: 10_080 * minuteMs,
};

export interface Candle {
  readonly openTime: EpochMs;
  readonly open: DecimalString;
  readonly high: DecimalString;
  readonly low: DecimalString;
  readonly close: DecimalString;
  readonly volume: DecimalString;
  /** False while its time has not passed. */
  readonly closed: boolean;
}

/** The candle that is forming now, or has just closed. */
export interface CandleUpdate extends EventTimes {
  readonly marketId: MarketId;
  readonly timeframe: Timeframe;
  readonly candle: Candle;
}

/** What a market's upstreams are doing. Counters since the process began. */
export interface FeedHealth {
  readonly lastEventAt: EpochMs | null;
  /** When the source was last proven alive (an event, a heartbeat), not when the price last changed. */
  readonly aliveAt: EpochMs | null;
  readonly stale: boolean;
  readonly gaps: number;
  readonly resyncs: number;
  readonly reconnects: number;
}
