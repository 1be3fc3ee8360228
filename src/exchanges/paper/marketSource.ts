import type { Decimal, DecimalString } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import type { EpochMs, OrderBook, PublicTrade } from '../../domain/marketData';
import type { MarketRules } from '../../domain/marketRules';
import type { PriceSpan } from './priceSpan';

/** What the paper exchange knows of its markets, and how it hears of more: the live data of the real exchange. */
export interface PaperMarketSource {
  /** Null where there is no such market. Throws EXCHANGE_UNAVAILABLE. */
  market(symbol: string): Promise<Market | null>;
  /** What the exchange asks of an order there. Throws EXCHANGE_UNAVAILABLE. */
  rules(symbol: string): Promise<MarketRules>;
  /** The book and the last price as they are now, live or asked for; null where they cannot be known. Never rejects. */
  snapshot(symbol: string): Promise<{ readonly book: OrderBook; readonly last: DecimalString | null } | null>;
  /** Tells what happens in the market from now on, after the return. The answer ends it. */
  follow(symbol: string, listener: (event: PaperMarketEvent) => void): () => void;
}

export type PaperMarketEvent =
  | { readonly type: 'book'; readonly book: OrderBook }
  /** New ones, in order. */
  | { readonly type: 'trades'; readonly trades: readonly PublicTrade[] }
  /** The source is silent or out of step: nothing is known until the next book. */
  | { readonly type: 'stale' }
  /** Trades may be missed: the last price is not known until the next one. */
  | { readonly type: 'tradesStale' }
  /** Of swaps. */
  | { readonly type: 'mark'; readonly price: DecimalString }
  /** Of swaps: funding fell due. rate: positive where longs pay. */
  | {
      readonly type: 'funding';
      readonly rate: DecimalString;
      readonly markPrice: DecimalString;
      readonly dueAt: EpochMs;
    };

/** What is known of a market at one moment. */
export interface MarketView {
  readonly market: Market;
  readonly rules: MarketRules;
  /** Null while nobody knows what it is. */
  readonly book: OrderBook | null;
  readonly last: Decimal | null;
  /** What was seen from the book before this one until this one came. */
  readonly before: PriceSpan | null;
  /** What was seen since, this book included. */
  readonly since: PriceSpan | null;
  /** Null of spot, and where no mark price is told. */
  readonly mark: Decimal | null;
}
