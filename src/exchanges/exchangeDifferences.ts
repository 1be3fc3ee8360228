import type { Market } from '../domain/market';
import type { MarketRules } from '../domain/marketRules';
import type { CcxtClass, CcxtExchange, CcxtModule } from './ccxtTypes';
import type { ExchangeSettings } from './exchangeSettings';

/** A watch call of ccxt and the call that ends it. */
export interface WatchSource {
  watch(): Promise<unknown>;
  unwatch(): Promise<unknown>;
}

/** Which fields of the merged ticker a source speaks for. */
export interface TickerSource extends WatchSource {
  readonly part: 'quote' | 'statistics' | 'whole';
}

export interface TradeFacts {
  /** Parameters with which `fetchTrades` tells the same trade ids as the stream. */
  readonly tradeParams: Readonly<Record<string, string>>;
  /** consecutive: whole numbers without holes, so that a hole is a loss. opaque: just unique. absent: we make them from the trade. */
  readonly tradeIds: 'consecutive' | 'opaque' | 'absent';
}

/** What ccxt's constructor takes; `options` are the settings of the exchange's own class. */
export type CcxtConfig = Readonly<Record<string, unknown>> & { readonly options?: Readonly<Record<string, unknown>> };

/**
 * All in which one exchange is not like the others. `binance/` and `mexc/` hold one of these each;
 * every other ccxt.pro exchange runs on `genericDifferences`.
 */
export interface ExchangeDifferences {
  /** Options for ccxt's constructor, laid over the common ones. */
  options(settings: ExchangeSettings): CcxtConfig;
  /** Overrides by which ccxt keeps every digit and every sequence rule. */
  refine(base: CcxtClass, ccxt: CcxtModule): CcxtClass;
  tickerSources(exchange: CcxtExchange, symbol: string): readonly TickerSource[];
  /** Where the 24-hour figures do not stream, they are asked for this often; null where they do. */
  readonly statisticsEveryMs: number | null;
  /** How a market's public trades are asked for and told apart. */
  tradesOf(market: Market): TradeFacts;
  /** Whether its linear swaps are markets of ours; their amounts must be in base units. */
  readonly hasSwaps: boolean;
  /** The rules of a market from ccxt's structure of it. Throws BadMarketData. */
  readRules(market: unknown, read: Market): MarketRules;
}
