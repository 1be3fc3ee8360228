import type { ExchangeDifferences } from '../exchangeDifferences';
import type { ExchangeSettings } from '../exchangeSettings';
import { refineBinance } from './refineBinance';

/** ccxt's default ticker stream here is miniTicker, which has neither bid nor ask. */
const fullTicker = { name: 'ticker' };

/** Binance spot, its testnet, and whatever speaks its protocol at another address. */
export const binanceDifferences: ExchangeDifferences = {
  options: (settings) => ({
    options: {
      defaultType: 'spot',
      fetchMarkets: { types: ['spot'] },
      fetchCurrencies: false,
      fetchMargins: false,
      adjustForTimeDifference: true,
      recvWindow: 5_000,
      // Connections over which subscriptions are spread. Each takes 4 requests a second; all together stay below
      // the 300 dials in 5 minutes that Binance allows an address, even when every one of them is lost again and again.
      streamLimits: { spot: 8 },
      subscriptionLimitByStream: { spot: 1_000 },
      // One try for a snapshot: the watch loop has a backoff, ccxt's own repeats have none.
      watchOrderBook: { maxRetries: 1, checksum: true },
    },
    ...addresses(settings),
  }),
  refine: refineBinance,
  tickerSources: (exchange, symbol) => [
    {
      part: 'statistics',
      watch: () => exchange.watchTicker(symbol, fullTicker),
      unwatch: () => exchange.unWatchTicker(symbol, fullTicker),
    },
    {
      part: 'quote',
      watch: () => exchange.watchBidsAsks([symbol]),
      unwatch: () => exchange.unWatchBidsAsks([symbol]),
    },
  ],
  statisticsEveryMs: null,
  // ccxt's default is aggTrades, whose ids are others than those of the `@trade` stream.
  tradeParams: { fetchTradesMethod: 'publicGetTrades' },
  tradeIds: 'consecutive',
};

/** The socket's path must hold `/stream`: by that, ccxt tells spot from futures. */
function addresses(settings: ExchangeSettings): Readonly<Record<string, unknown>> {
  const { restUrl, wsUrl } = settings;
  if (restUrl === null && wsUrl === null) return {};
  const rest =
    restUrl === null ? {} : { public: `${restUrl}/api/v3`, private: `${restUrl}/api/v3`, v1: `${restUrl}/api/v1` };
  const socket = wsUrl === null ? {} : { ws: { spot: `${wsUrl}/stream`, 'ws-api': { spot: `${wsUrl}/ws-api/v3` } } };
  return { urls: { api: { ...rest, ...socket } } };
}
