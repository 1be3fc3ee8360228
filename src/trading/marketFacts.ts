import type { DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import type { MarketRules } from '../domain/marketRules';

/** What a market costs at this moment, and when its source was last proven alive, however quiet the market. */
export interface Quote {
  readonly bid: DecimalString | null;
  readonly ask: DecimalString | null;
  readonly last: DecimalString | null;
  readonly provenAt: EpochMs;
}

/** What trading has to know of markets. Wired to the exchanges and the feeds. */
export interface MarketFacts {
  /** Null where the exchange has no such market. Throws EXCHANGE_UNAVAILABLE while that is not known. */
  market(id: string): Promise<Market | null>;
  rules(id: string): Promise<MarketRules>;
  /** Throws EXCHANGE_UNAVAILABLE, MARKET_NOT_FOUND. */
  quote(id: string): Promise<Quote>;
  /** What one unit of a currency is worth in another at this exchange; null where no current price says. Never rejects. */
  rate(exchange: string, currency: string, into: string): Promise<DecimalString | null>;
}
