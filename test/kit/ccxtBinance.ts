import { createRequire } from 'node:module';
import type { RunningSimulator } from './simulator';

interface Ticker {
  readonly symbol: string;
  readonly last?: string;
  readonly bid?: string;
  readonly ask?: string;
  readonly open?: string;
  readonly high?: string;
  readonly low?: string;
  readonly change?: string;
  readonly percentage?: string;
  readonly vwap?: string;
  readonly baseVolume?: string;
  readonly quoteVolume?: string;
  readonly info: Readonly<Record<string, unknown>>;
}

export interface CcxtBook {
  readonly nonce?: number;
  readonly bids: readonly (readonly [number, number])[];
  readonly asks: readonly (readonly [number, number])[];
}

interface Trade {
  readonly id: string;
  readonly order?: string;
  readonly symbol: string;
  readonly side: string;
  readonly takerOrMaker?: string;
  readonly price: string;
  readonly amount: string;
  readonly cost: string;
  readonly timestamp: number;
  readonly fee?: { readonly cost: string; readonly currency: string };
}

export interface CcxtOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly status: string;
  readonly type: string;
  readonly side: string;
  readonly price: string;
  readonly average?: string;
  readonly amount: string;
  readonly filled: string;
  readonly remaining: string;
  readonly cost: string;
  readonly trades: readonly Trade[];
}

type Balance = Readonly<Record<string, { readonly free: string; readonly used: string; readonly total: string }>>;
type Candle = readonly [number, string, string, string, string, string];
type Params = Readonly<Record<string, unknown>>;

/** The part of ccxt.pro's class `binance` that the tests call. */
export interface CcxtBinance {
  number: unknown;
  readonly urls: { api: Record<string, unknown> & { ws: Record<string, unknown> } };
  readonly markets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  loadHttpProxyAgent(): Promise<unknown>;
  loadMarkets(): Promise<Readonly<Record<string, unknown>>>;
  fetchTime(): Promise<number>;
  fetchTicker(symbol: string): Promise<Ticker>;
  fetchTickers(symbols?: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  fetchBidsAsks(symbols?: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  fetchOrderBook(symbol: string, limit?: number): Promise<CcxtBook>;
  fetchTrades(symbol: string, since?: number, limit?: number, params?: Params): Promise<readonly Trade[]>;
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<readonly Candle[]>;
  watchTicker(symbol: string): Promise<Ticker>;
  watchTickers(symbols?: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  watchBidsAsks(symbols: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  watchOrderBook(symbol: string, limit?: number): Promise<CcxtBook>;
  unWatchOrderBook(symbol: string): Promise<unknown>;
  watchTrades(symbol: string): Promise<readonly Trade[]>;
  watchOHLCV(symbol: string, timeframe: string): Promise<readonly (readonly number[])[]>;
  fetchBalance(): Promise<Balance>;
  createOrder(...args: [string, string, string, string, string?, Params?]): Promise<CcxtOrder>;
  cancelOrder(id: string | undefined, symbol: string, params?: Params): Promise<CcxtOrder>;
  fetchOrder(id: string | undefined, symbol: string, params?: Params): Promise<CcxtOrder>;
  fetchOrders(symbol: string): Promise<readonly CcxtOrder[]>;
  fetchOpenOrders(symbol?: string, since?: number, limit?: number, params?: Params): Promise<readonly CcxtOrder[]>;
  fetchMyTrades(symbol: string, since?: number, limit?: number, params?: Params): Promise<readonly Trade[]>;
  watchOrders(symbol?: string): Promise<readonly CcxtOrder[]>;
  watchMyTrades(symbol?: string): Promise<readonly Trade[]>;
  watchBalance(): Promise<Balance>;
  sapiGetAccountApiRestrictions(): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<unknown>;
}

type BinanceClass = new (config: object) => CcxtBinance;

/** ccxt.pro's own class `binance`, unmodified, that talks to this simulator. Numbers are decimal strings. */
export async function connectCcxt(simulator: RunningSimulator, config: object = {}): Promise<CcxtBinance> {
  const ccxt = createRequire(__filename)('ccxt') as { readonly pro: { readonly binance: BinanceClass } };
  const options = { defaultType: 'spot', fetchMarkets: { types: ['spot'] }, fetchCurrencies: false };
  const exchange = new ccxt.pro.binance({ options: { ...options, fetchMargins: false }, ...config });
  exchange.number = String;
  exchange.urls.api['public'] = `${simulator.restUrl}/api/v3`;
  exchange.urls.api['private'] = `${simulator.restUrl}/api/v3`;
  exchange.urls.api['sapi'] = `${simulator.restUrl}/sapi/v1`;
  exchange.urls.api.ws['spot'] = `${simulator.wsUrl}/stream`;
  exchange.urls.api.ws['ws-api'] = { spot: `${simulator.wsUrl}/ws-api/v3` };
  await exchange.loadHttpProxyAgent();
  await exchange.loadMarkets();
  return exchange;
}
