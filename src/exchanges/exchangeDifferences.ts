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

/**
 * All in which one exchange is not like the others. `binance/` and `mexc/` hold one of these each;
 * every other ccxt.pro exchange runs on `genericDifferences`.
 */
export interface ExchangeDifferences {
  /** Options for ccxt's constructor, laid over the common ones. */
  options(settings: ExchangeSettings): Readonly<Record<string, unknown>>;
  /** Overrides by which ccxt keeps every digit and every sequence rule. */
  refine(base: CcxtClass, ccxt: CcxtModule): CcxtClass;
  tickerSources(exchange: CcxtExchange, symbol: string): readonly TickerSource[];
  /** Where the 24-hour figures do not stream, they are asked for this often; null where they do. */
  readonly statisticsEveryMs: number | null;
  /** Parameters with which `fetchTrades` tells the same trade ids as the stream. */
  readonly tradeParams: Readonly<Record<string, string>>;
  /** consecutive: whole numbers without holes, so that a hole is a loss. opaque: just unique. absent: we make them from the trade. */
  readonly tradeIds: 'consecutive' | 'opaque' | 'absent';
}
