import type { ExchangeDifferences } from './exchangeDifferences';
import { readMarketRules } from './readMarketRules';

/** Any exchange of ccxt.pro that has no folder of its own: ccxt's unified behaviour as it is. */
export const genericDifferences: ExchangeDifferences = {
  options: () => ({}),
  refine: (base) => base,
  tickerSources: (exchange, symbol) => [
    {
      part: 'whole',
      watch: () => exchange.watchTicker(symbol),
      unwatch: () => exchange.unWatchTicker(symbol),
    },
  ],
  statisticsEveryMs: null,
  tradesOf: () => ({ tradeParams: {}, tradeIds: 'opaque' }),
  hasSwaps: false,
  readRules: readMarketRules,
};
