import { createRequire } from 'node:module';
import type { RunningSimulator } from './simulator';

interface Ticker {
  readonly symbol: string;
  readonly last?: string;
  readonly bid?: string;
  readonly ask?: string;
  readonly high?: string;
  readonly low?: string;
  readonly percentage?: string;
  readonly baseVolume?: string;
}

interface Trade {
  readonly symbol: string;
  readonly side: string;
  readonly price: string;
  readonly amount: string;
  readonly cost: string;
  readonly timestamp: number;
}

export interface CcxtBook {
  readonly nonce?: number;
  readonly bids: readonly (readonly [number, number])[];
  readonly asks: readonly (readonly [number, number])[];
}

type Candle = readonly [number, string, string, string, string, string];

/** The part of ccxt.pro's class `mexc` that the tests call. */
export interface CcxtMexc {
  number: unknown;
  readonly urls: { api: Record<string, Record<string, unknown>> };
  readonly markets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  loadHttpProxyAgent(): Promise<unknown>;
  loadMarkets(): Promise<unknown>;
  setSandboxMode(isOn: boolean): void;
  fetchTime(): Promise<number>;
  fetchTicker(symbol: string): Promise<Ticker>;
  fetchTickers(symbols?: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  fetchBidsAsks(symbols?: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  fetchOrderBook(symbol: string, limit?: number): Promise<CcxtBook>;
  fetchTrades(symbol: string, since?: number, limit?: number, params?: object): Promise<readonly Trade[]>;
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<readonly Candle[]>;
  watchTicker(symbol: string): Promise<Ticker>;
  unWatchTicker(symbol: string): Promise<unknown>;
  watchOrderBook(symbol: string): Promise<CcxtBook>;
  unWatchOrderBook(symbol: string): Promise<unknown>;
  watchTrades(symbol: string): Promise<readonly Trade[]>;
  watchOHLCV(symbol: string, timeframe: string): Promise<readonly Candle[]>;
  spotPublicGetDefaultSymbols(): Promise<{ readonly data: readonly string[] }>;
  close(): Promise<unknown>;
}

type MexcClass = new (config: object) => CcxtMexc;

/** ccxt.pro's own class `mexc`, unmodified, that talks to this simulator. Numbers are decimal strings. */
export async function connectCcxtMexc(simulator: RunningSimulator, options: object = {}): Promise<CcxtMexc> {
  const ccxt = createRequire(__filename)('ccxt') as { readonly pro: { readonly mexc: MexcClass } };
  const exchange = new ccxt.pro.mexc({ options });
  exchange.number = String;
  const { api } = exchange.urls;
  api['spot']!['public'] = `${simulator.restUrl}/mexc`;
  api['contract']!['public'] = `${simulator.restUrl}/mexc/api/v1/contract`;
  api['ws']!['spot'] = `${simulator.wsUrl}/mexc/ws`;
  await exchange.loadHttpProxyAgent();
  await exchange.loadMarkets();
  return exchange;
}
