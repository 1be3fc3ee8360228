/**
 * The part of ccxt that we use, typed narrowly. ccxt's own types promise floats, while `number: String` gives text;
 * every value is therefore `unknown` here and read by `read*.ts`.
 */

/** One WebSocket connection of ccxt. Source: ccxt js/src/base/ws/Client. */
export interface CcxtClient {
  readonly url: string;
  readonly isConnected: boolean;
  /** Settled with the first connection, or with the end of it. */
  readonly connected: Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly connectionEstablished: number | undefined;
  readonly error: unknown;
  /** The socket of the `ws` package; undefined before the first dial. */
  readonly connection: { readonly readyState: number; terminate(): void } | undefined;
  readonly subscriptions: Record<string, unknown>;
  /** What is waited for, by the name of the answer. */
  readonly futures: Readonly<Record<string, unknown>>;
  future(messageHash: string): Promise<unknown>;
  send(message: unknown): Promise<unknown>;
  onPong(): void;
  /** Ends the connection: whoever waits on it is told. */
  onError(error: unknown): void;
  resolve(result: unknown, messageHash: string): unknown;
  reject(error: unknown, messageHash?: string): unknown;
  close(): unknown;
}

type Params = Readonly<Record<string, unknown>>;

export interface CcxtExchange {
  readonly clients: Record<string, CcxtClient>;
  readonly has: Readonly<Record<string, unknown>>;
  readonly timeframes: Readonly<Record<string, string>>;
  readonly precisionMode: number;
  /** True: some of the markets could not be asked for the last time. */
  readonly marketsAreIncomplete?: boolean;
  readonly maxRetriesOnFailure: unknown;
  readonly orderbooks: Record<string, unknown>;
  /** The pool of REST connections, once there was a request. */
  readonly fetchDispatcher: { destroy(): Promise<void> } | undefined;
  setSandboxMode(enabled: boolean): void;
  loadHttpProxyAgent(): Promise<unknown>;
  loadMarkets(reload: boolean): Promise<unknown>;
  market(symbol: string): unknown;
  fetchTicker(symbol: string, params?: Params): Promise<unknown>;
  fetchTickers(symbols: readonly string[], params?: Params): Promise<unknown>;
  fetchOrderBook(symbol: string, limit: number): Promise<unknown>;
  fetchTrades(symbol: string, since: undefined, limit: number, params: Params): Promise<unknown>;
  fetchFundingRate(symbol: string): Promise<unknown>;
  fetchOHLCV(symbol: string, timeframe: string, since: number | undefined, limit: number): Promise<unknown>;
  watchTicker(symbol: string, params?: Params): Promise<unknown>;
  unWatchTicker(symbol: string, params?: Params): Promise<unknown>;
  watchBidsAsks(symbols: readonly string[]): Promise<unknown>;
  unWatchBidsAsks(symbols: readonly string[]): Promise<unknown>;
  watchTrades(symbol: string): Promise<unknown>;
  unWatchTrades(symbol: string): Promise<unknown>;
  watchOrderBook(symbol: string): Promise<unknown>;
  unWatchOrderBook(symbol: string): Promise<unknown>;
  watchOHLCV(symbol: string, timeframe: string): Promise<unknown>;
  unWatchOHLCV(symbol: string, timeframe: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** The signed half of a ccxt object. */
export interface CcxtAccountExchange extends CcxtExchange {
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: string | undefined,
    price: string | undefined,
    params: Params,
  ): Promise<unknown>;
  cancelOrder(id: string | undefined, symbol: string, params: Params): Promise<unknown>;
  fetchOrder(id: string | undefined, symbol: string, params: Params): Promise<unknown>;
  fetchOpenOrders(symbol: string | undefined, since: undefined, limit: undefined, params: Params): Promise<unknown>;
  fetchOrders(symbol: string, since: undefined, limit: number, params: Params): Promise<unknown>;
  fetchMyTrades(symbol: string, since: undefined, limit: number, params: Params): Promise<unknown>;
  fetchBalance(params: Params): Promise<unknown>;
  fetchTime(): Promise<unknown>;
  /** Opens the private stream of a market type; at once where it is open. */
  authenticate(params: Params): Promise<unknown>;
  watchOrders(symbol: undefined, since: undefined, limit: undefined, params: Params): Promise<unknown>;
  watchMyTrades(symbol: undefined, since: undefined, limit: undefined, params: Params): Promise<unknown>;
  watchBalance(params: Params): Promise<unknown>;
  watchPositions(symbols: undefined, since: undefined, limit: undefined, params: Params): Promise<unknown>;
  fetchPositions(symbols: undefined, params: Params): Promise<unknown>;
  fetchPositionMode(): Promise<unknown>;
  fetchDeposits(code: undefined, since: number, limit: number, params: Params): Promise<unknown>;
  fetchWithdrawals(code: undefined, since: number, limit: number, params: Params): Promise<unknown>;
  readonly options: Record<string, unknown>;
  /** Of Binance alone. */
  fapiPrivateGetIncome(params: Params): Promise<unknown>;
  /** Of Binance alone. */
  sapiGetAccountApiRestrictions(): Promise<unknown>;
  /** Of Binance alone. */
  privateGetAccount(): Promise<unknown>;
  readonly apiKey: string;
  /** Of MEXC alone. */
  spotPrivateGetApiKeyInfo(params: Params): Promise<unknown>;
  /** Of MEXC alone. */
  spotPrivateGetUid(): Promise<unknown>;
}

/** Members that ccxt means to be overridden, and calls itself. */
export interface CcxtHooks {
  client(url: string): CcxtClient;
  watch(url: string, ...rest: readonly unknown[]): Promise<unknown>;
  watchMultiple(url: string, ...rest: readonly unknown[]): Promise<unknown>;
  onConnected(client: CcxtClient, message?: unknown): void;
  onError(client: CcxtClient, error: unknown): void;
  onClose(client: CcxtClient, event: unknown): void;
  handleMessage(client: CcxtClient, message: unknown): void;
  handleErrors(...response: readonly unknown[]): unknown;
  calculateWsBackoffDelay(url: string): number;
  log(...parts: readonly unknown[]): void;
}

/** What the exact books of `binance/` and `mexc/` take the place of. */
export interface CcxtBookHooks {
  readonly orderbooks: Record<string, unknown>;
  orderBook(snapshot?: unknown, depth?: number): unknown;
  parseOrderBookBidAsk(level: unknown, priceKey?: string | number, amountKey?: string | number): unknown;
}

export type CcxtClass<T = CcxtExchange & CcxtHooks & CcxtBookHooks> = new (config: Params) => T;

export type CcxtError = new (message: string) => Error;

/** What `require('ccxt')` gives. */
export interface CcxtModule {
  readonly pro: Readonly<Record<string, CcxtClass>> & { readonly exchanges: readonly string[] };
  readonly BaseError: CcxtError;
  readonly BadSymbol: CcxtError;
  readonly ChecksumError: CcxtError;
  readonly NetworkError: CcxtError;
  readonly RateLimitExceeded: CcxtError;
  readonly DDoSProtection: CcxtError;
  readonly NotSupported: CcxtError;
  readonly UnsubscribeError: CcxtError;
  readonly AuthenticationError: CcxtError;
  readonly InvalidOrder: CcxtError;
}
