import type { DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { Side } from './bookSide';
import type { MarketSpec } from './marketSpec';

/**
 * What a wire protocol needs to know of a market, whoever makes it move: the matching engine with invented traders, or a
 * recording. All prices and amounts are exact decimal text; an exchange's folder only dresses them in its own format.
 */
export interface VenueMarket {
  readonly spec: MarketSpec;
  /** Counts every change of a price level; the same numbers mark depth events and snapshots. */
  readonly updateId: number;
  /** The market's own clock: the host's where it trades now, the recording's where one is played. */
  time(): EpochMs;
  top(): TopOfBook;
  /** The best `depth` levels a side, as of `updateId`. */
  book(depth: number): BookSnapshot;
  /** The newest trades, oldest first. */
  recentTrades(limit: number): readonly VenueTrade[];
  /** Trades from an id on, oldest first. */
  tradesFrom(id: number, limit: number): readonly VenueTrade[];
  recentAggregates(limit: number): readonly AggregateTrade[];
  /** Aggregates by id or by time (both ends included), oldest first. */
  aggregates(query: AggregateQuery): readonly AggregateTrade[];
  /** Candles of one length in ms, oldest first; the newest is the one that is forming. */
  candles(query: CandleQuery): readonly VenueCandle[];
  day(): DayStatistics;
  /** Weighted by amount, over the last five minutes; where nothing traded in them, the last price. */
  averagePrice(): DecimalString;
  /** Calls the listener with every event from now on, in order; returns what ends it. */
  listen(listener: (event: MarketEvent) => void): () => void;
}

export type MarketEvent =
  | { readonly kind: 'trade'; readonly trade: VenueTrade }
  | { readonly kind: 'aggregate'; readonly trade: AggregateTrade }
  | { readonly kind: 'level'; readonly level: VenueLevel }
  | { readonly kind: 'top'; readonly top: TopOfBook };

export interface VenueLevel {
  readonly side: Side;
  readonly price: DecimalString;
  /** The level's new total; "0" (with any decimals) where it is gone. */
  readonly amount: DecimalString;
  readonly updateId: number;
}

export interface Quote {
  readonly price: DecimalString;
  readonly amount: DecimalString;
}

export interface TopOfBook {
  readonly updateId: number;
  readonly bid: Quote | null;
  readonly ask: Quote | null;
}

export interface BookSnapshot {
  readonly updateId: number;
  readonly bids: readonly Quote[];
  readonly asks: readonly Quote[];
}

export interface VenueTrade {
  readonly id: number;
  readonly price: DecimalString;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly time: EpochMs;
  readonly isBuyerMaker: boolean;
}

/** The trades of one taking order at one price. */
export interface AggregateTrade {
  readonly id: number;
  readonly price: DecimalString;
  readonly amount: DecimalString;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  readonly time: EpochMs;
  readonly isBuyerMaker: boolean;
}

export interface AggregateQuery {
  readonly fromId: number | null;
  readonly since: EpochMs | null;
  readonly until: EpochMs | null;
  readonly limit: number;
}

export interface CandleQuery {
  readonly intervalMs: number;
  readonly since: EpochMs | null;
  readonly until: EpochMs | null;
  readonly limit: number;
}

export interface VenueCandle {
  readonly openTime: EpochMs;
  /** The last millisecond that belongs to it. */
  readonly closeTime: EpochMs;
  readonly open: DecimalString;
  readonly high: DecimalString;
  readonly low: DecimalString;
  readonly close: DecimalString;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly tradeCount: number;
  readonly takerBuyAmount: DecimalString;
  readonly takerBuyCost: DecimalString;
  /** -1 where no trade fell into it. */
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

/** The rolling 24 hours that end now. */
export interface DayStatistics {
  readonly openTime: EpochMs;
  readonly closeTime: EpochMs;
  readonly open: DecimalString;
  readonly high: DecimalString;
  readonly low: DecimalString;
  readonly last: DecimalString;
  readonly lastAmount: DecimalString;
  /** The trade before the window. */
  readonly previousClose: DecimalString;
  readonly change: DecimalString;
  /** Percent of open, three decimals. */
  readonly changePercent: DecimalString;
  readonly weightedAverage: DecimalString;
  readonly amount: DecimalString;
  readonly cost: DecimalString;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
  readonly tradeCount: number;
}

/** All markets of one simulated exchange. */
export interface Venue {
  readonly markets: ReadonlyMap<string, VenueMarket>;
  /** The clock of the exchange as a whole. */
  readonly now: () => EpochMs;
}
