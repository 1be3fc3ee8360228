import type { ExchangeDifferences } from '../exchangeDifferences';
import type { ExchangeSettings } from '../exchangeSettings';
import { refineBinance } from './refineBinance';
import { readBinanceRules } from './readBinanceRules';

/** ccxt's default ticker stream here is miniTicker, which has neither bid nor ask. */
const fullTicker = { name: 'ticker' };

/** Binance spot and USD-M swaps, its testnet (spot alone), and whatever speaks its protocol at another address. */
export const binanceDifferences: ExchangeDifferences = {
  options: (settings) => ({
    options: {
      defaultType: 'spot',
      // ccxt has closed its way to the testnet of the swaps.
      fetchMarkets: { types: settings.sandbox ? ['spot'] : ['spot', 'linear'] },
      fetchCurrencies: false,
      fetchMargins: false,
      adjustForTimeDifference: true,
      recvWindow: 5_000,
      // Connections over which subscriptions are spread. Each takes 4 requests a second; all together stay below
      // the 300 dials in 5 minutes that Binance allows an address, even when every one of them is lost again and again.
      streamLimits: { spot: 8, future: 8 },
      subscriptionLimitByStream: { spot: 1_000, future: 1_000 },
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
  // ccxt's default is aggTrades, whose ids are others than those of the `@trade` stream. On swaps, ids that Binance shows to
  // nobody (of the insurance fund, of deleveraging) leave holes that are no loss.
  tradesOf: ({ type }) =>
    type === 'SWAP'
      ? { tradeParams: { fetchTradesMethod: 'fapiPublicGetTrades' }, tradeIds: 'opaque' }
      : { tradeParams: { fetchTradesMethod: 'publicGetTrades' }, tradeIds: 'consecutive' },
  hasSwaps: true,
  readRules: readBinanceRules,
};

/** ccxt's own has port 9443. Binance documents 443 beside it, which is what firewalls let out. */
const spotSocket = 'wss://stream.binance.com/ws';

/** The path of spot's socket must hold `/stream`, and that of the swaps must not: by that, ccxt tells them apart. */
function addresses(settings: ExchangeSettings): Readonly<Record<string, unknown>> {
  const { restUrl, wsUrl } = settings;
  const rest = restUrl === null ? {} : restAddresses(restUrl);
  const socket =
    wsUrl === null
      ? { ws: { spot: spotSocket } }
      : { ws: { spot: `${wsUrl}/stream`, future: `${wsUrl}/fstream/ws`, 'ws-api': { spot: `${wsUrl}/ws-api/v3` } } };
  return { urls: { api: { ...rest, ...socket } } };
}

function restAddresses(url: string): Readonly<Record<string, string>> {
  return {
    public: `${url}/api/v3`,
    private: `${url}/api/v3`,
    v1: `${url}/api/v1`,
    sapi: `${url}/sapi/v1`,
    fapiPublic: `${url}/fapi/v1`,
    fapiPublicV2: `${url}/fapi/v2`,
    fapiPublicV3: `${url}/fapi/v3`,
    fapiPrivate: `${url}/fapi/v1`,
    fapiPrivateV2: `${url}/fapi/v2`,
    fapiPrivateV3: `${url}/fapi/v3`,
  };
}
