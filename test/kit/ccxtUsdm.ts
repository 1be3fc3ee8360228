import { createRequire } from 'node:module';
import type { CcxtBinance } from './ccxtBinance';
import type { RunningSimulator } from './simulator';

type BinanceClass = new (config: object) => CcxtUsdm;

export interface CcxtPosition {
  readonly symbol: string;
  readonly side: string;
  readonly contracts: string;
  readonly entryPrice: string;
  readonly markPrice: string;
  readonly notional: string;
  readonly unrealizedPnl: string;
  readonly liquidationPrice?: string;
  readonly leverage?: string;
  readonly hedged: boolean;
}

/** The part of ccxt.pro's class `binance` that tests of USD-M futures call beside what spot has. */
export interface CcxtUsdm extends CcxtBinance {
  fetchPositions(symbols?: readonly string[], params?: object): Promise<readonly CcxtPosition[]>;
  /** What was told last, by kind of account. */
  readonly positions: Readonly<Record<string, Iterable<CcxtPosition>>>;
  watchPositions(symbols?: readonly string[]): Promise<readonly CcxtPosition[]>;
  fetchFundingRate(
    symbol: string,
  ): Promise<{ readonly fundingRate: string; readonly fundingTimestamp: number; readonly markPrice: string }>;
  fetchFundingRateHistory(symbol: string): Promise<readonly { readonly fundingRate: string }[]>;
  fetchFundingHistory(symbol: string): Promise<readonly { readonly amount: string; readonly symbol: string }[]>;
  fetchFundingIntervals(symbols: readonly string[]): Promise<Readonly<Record<string, { readonly interval: string }>>>;
  fetchLedger(code: string): Promise<readonly { readonly type: string; readonly amount: string }[]>;
  fetchLeverageTiers(
    symbols: readonly string[],
  ): Promise<Readonly<Record<string, readonly { readonly maxLeverage: string }[]>>>;
  fetchPositionMode(): Promise<{ readonly hedged: boolean }>;
  setPositionMode(hedged: boolean): Promise<unknown>;
  setLeverage(leverage: number, symbol: string): Promise<unknown>;
  setMarginMode(mode: string, symbol: string): Promise<unknown>;
  fetchLeverages(symbols: readonly string[]): Promise<Readonly<Record<string, { readonly longLeverage: string }>>>;
  cancelAllOrders(symbol: string, params?: object): Promise<unknown>;
  watchMarkPrice(symbol: string): Promise<{ readonly markPrice: string }>;
}

/** ccxt.pro's own class `binance` for linear swaps, unmodified, that talks to this simulator. Numbers are decimal strings. */
export async function connectUsdm(
  simulator: RunningSimulator,
  { options: given = {}, ...config }: { readonly options?: object } & Record<string, unknown> = {},
): Promise<CcxtUsdm> {
  const ccxt = createRequire(__filename)('ccxt') as { readonly pro: { readonly binance: BinanceClass } };
  const options = { defaultType: 'swap', fetchMarkets: { types: ['linear'] }, fetchCurrencies: false };
  // ccxt's timer for it cannot be ended: a short one does not keep the tests' process alive for twenty minutes.
  const listenKeyRefreshRate = 1000;
  const exchange = new ccxt.pro.binance({
    options: { ...options, fetchMargins: false, listenKeyRefreshRate, ...given },
    ...config,
  });
  exchange.number = String;
  const rest = `${simulator.restUrl}/fapi`;
  const versions = { fapiPublic: 'v1', fapiPrivate: 'v1', fapiPrivateV2: 'v2', fapiPrivateV3: 'v3' };
  for (const [name, version] of Object.entries(versions)) exchange.urls.api[name] = `${rest}/${version}`;
  exchange.urls.api['sapi'] = `${simulator.restUrl}/sapi/v1`;
  exchange.urls.api.ws['future'] = `${simulator.wsUrl}/fstream/ws`;
  await exchange.loadHttpProxyAgent();
  await exchange.loadMarkets();
  return exchange;
}
