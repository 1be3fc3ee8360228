import type { ExchangeDifferences } from '../exchangeDifferences';
import type { ExchangeSettings } from '../exchangeSettings';
import { refineMexc } from './refineMexc';
import { readMexcRules } from './readMexcRules';

/** MEXC spot. It has no testnet; its socket sends JSON acknowledgements and binary protobuf data. */
export const mexcDifferences: ExchangeDifferences = {
  options: (settings) => ({
    options: {
      defaultType: 'spot',
      adjustForTimeDifference: true,
      recvWindow: 5_000,
      // ccxt waits for 25 changes before it asks for the snapshot: seconds on a busy market, minutes on a quiet one.
      // Ours is asked for with the acknowledgement, and with the first change only where none came.
      watchOrderBook: { snapshotDelay: 0, snapshotMaxRetries: 5, maxRetries: 1 },
      // ccxt sorts trades of one millisecond by the ids that it makes up for them.
      useCcxtTradeId: false,
    },
    // Asking for currencies needs a key here.
    has: { fetchCurrencies: false },
    ...addresses(settings),
  }),
  refine: refineMexc,
  // For spot, ccxt's ticker stream of MEXC is the best bid and ask and nothing else; its `watchBidsAsks` cannot read
  // the binary frames and waits for ever.
  tickerSources: (exchange, symbol) => [
    {
      part: 'quote',
      watch: () => exchange.watchTicker(symbol),
      unwatch: () => exchange.unWatchTicker(symbol),
    },
  ],
  statisticsEveryMs: 2_000,
  // ccxt's default, aggTrades, tells other trades than the stream.
  tradesOf: () => ({ tradeParams: { method: 'spotPublicGetTrades' }, tradeIds: 'absent' }),
  hasSwaps: false,
  readRules: readMexcRules,
};

function addresses(settings: ExchangeSettings): Readonly<Record<string, unknown>> {
  const { restUrl, wsUrl } = settings;
  if (restUrl === null && wsUrl === null) return {};
  const rest = restUrl === null ? {} : { spot: { public: restUrl, private: restUrl } };
  const socket = wsUrl === null ? {} : { ws: { spot: `${wsUrl}/ws` } };
  return { urls: { api: { ...rest, ...socket } } };
}
