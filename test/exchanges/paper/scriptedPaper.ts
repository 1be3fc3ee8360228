import { Decimal, toDecimalString, type DecimalString } from '../../../src/domain/decimal';
import { toMarketId, type Market } from '../../../src/domain/market';
import type { OrderBook, PublicTrade } from '../../../src/domain/marketData';
import type { MarketRules } from '../../../src/domain/marketRules';
import { orderTypes, type OrderTerms, type PositionMode } from '../../../src/domain/orders';
import type { PaperMarketEvent, PaperMarketSource } from '../../../src/exchanges/paper/marketSource';
import { PaperExchange } from '../../../src/exchanges/paper/paperExchange';
import type { PaperStore } from '../../../src/exchanges/paper/paperStore';
import type { AccountEvent, SendOutcome, TradingPort } from '../../../src/exchanges/tradingPort';
import { BackgroundRunner } from '../../../src/telemetry/backgroundRunner';
import { createLogger } from '../../../src/telemetry/logger';
import { createMetrics } from '../../../src/telemetry/metrics';
import { MemoryPaperStore } from './memoryPaperStore';

const exchange = 'fake';
export const spot = 'BTC/USDT';
export const swap = 'BTC/USDT:USDT';
export const accountId = '11111111-1111-4111-8111-111111111111';

/** One registry for all: thousands of random days would each leave theirs behind. */
const metrics = createMetrics();
const logger = createLogger('silent');

type Levels = readonly (readonly [price: string, amount: string])[];

export function makePaperMarket(symbol: string = spot): Market {
  const isSwap = symbol.includes(':');
  const decimal = toDecimalString;
  return {
    id: toMarketId(exchange, symbol),
    exchange,
    symbol,
    base: 'BTC',
    quote: 'USDT',
    settle: isSwap ? 'USDT' : null,
    type: isSwap ? 'SWAP' : 'SPOT',
    active: true,
    contractSize: isSwap ? decimal('1') : null,
    maker: decimal('0.001'),
    taker: decimal('0.002'),
    pricePrecision: decimal('0.01'),
    amountPrecision: decimal('0.001'),
    minAmount: null,
    minCost: null,
  };
}

const any = { min: null, max: null, step: null };
/** Everything is allowed. */
export const noRules: MarketRules = {
  orderTypes,
  price: any,
  amount: any,
  marketAmount: any,
  cost: {
    min: null,
    max: null,
    doesMinApplyToMarket: false,
    doesMaxApplyToMarket: false,
    isReduceOnlyExempt: false,
    reference: { kind: 'LAST' },
  },
  priceBands: null,
  trailingDelta: { above: any, below: any },
  maxOpenOrders: null,
  maxOpenAlgoOrders: null,
};

const empty: OrderTerms = {
  symbol: spot,
  type: 'MARKET',
  side: 'BUY',
  amount: null,
  quoteAmount: null,
  price: null,
  triggerPrice: null,
  trailingDelta: null,
  timeInForce: null,
  positionSide: null,
  reduceOnly: false,
};

type TermsText = {
  readonly [Key in keyof OrderTerms]?: OrderTerms[Key] | (OrderTerms[Key] extends string | null ? string : never);
};

/** Terms with what is not said left out; a LIMIT is GTC. */
export function terms(given: TermsText): OrderTerms {
  const timeInForce = given.type === 'LIMIT' ? 'GTC' : null;
  return { ...empty, timeInForce, ...given } as OrderTerms;
}

export interface PaperTestOptions {
  readonly store?: PaperStore;
  readonly balances?: Readonly<Record<string, string>>;
  readonly positionMode?: PositionMode;
  readonly rules?: MarketRules;
}

/** A paper exchange whose market, clock and store are in the test's hands. Books and trades are told by hand. */
export class ScriptedPaper implements PaperMarketSource {
  now = 1_000_000;
  /** What `snapshot` answers. */
  snapshotBook: OrderBook | null = null;
  snapshotLast: DecimalString | null = null;
  readonly exchange: PaperExchange;
  readonly port: TradingPort;
  readonly events: AccountEvent[] = [];
  readonly store: PaperStore;
  readonly #listeners = new Map<string, Set<(event: PaperMarketEvent) => void>>();
  readonly #runner = new BackgroundRunner({ logger, metrics });
  #count = 0;

  private constructor(private readonly options: PaperTestOptions) {
    this.store = options.store ?? new MemoryPaperStore();
    this.exchange = new PaperExchange({
      exchange,
      store: this.store,
      source: this,
      clock: () => this.now,
      runner: this.#runner,
    });
    this.port = this.exchange.port(accountId);
  }

  static async open(options: PaperTestOptions = {}): Promise<ScriptedPaper> {
    const paper = new ScriptedPaper(options);
    const balances = Object.entries(options.balances ?? { USDT: '10000', BTC: '10' });
    await paper.exchange.createAccount({
      accountId,
      positionMode: options.positionMode ?? 'ONE_WAY',
      balances: new Map(
        balances.map(([currency, free]) => [currency, { free: new Decimal(free), used: new Decimal(0) }]),
      ),
    });
    await paper.exchange.start();
    paper.port.watch((event) => paper.events.push(event));
    return paper;
  }

  market(symbol: string): Promise<Market | null> {
    return Promise.resolve(symbol === spot || symbol === swap ? makePaperMarket(symbol) : null);
  }

  rules(): Promise<MarketRules> {
    return Promise.resolve(this.options.rules ?? noRules);
  }

  snapshot(): ReturnType<PaperMarketSource['snapshot']> {
    const book = this.snapshotBook;
    return Promise.resolve(book === null ? null : { book, last: this.snapshotLast ?? book.asks[0]?.price ?? null });
  }

  follow(symbol: string, listener: (event: PaperMarketEvent) => void): () => void {
    const listeners = this.#listeners.get(symbol) ?? new Set();
    this.#listeners.set(symbol, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  followers(symbol: string = spot): number {
    return this.#listeners.get(symbol)?.size ?? 0;
  }

  async book(bids: Levels, asks: Levels, symbol: string = spot): Promise<void> {
    const book = this.makeBook(bids, asks, symbol);
    this.snapshotBook = book;
    await this.tell({ type: 'book', book }, symbol);
  }

  makeBook(bids: Levels, asks: Levels, symbol: string = spot): OrderBook {
    const side = (levels: Levels) =>
      levels.map(([price, amount]) => ({ price: toDecimalString(price), amount: toDecimalString(amount) }));
    return {
      marketId: toMarketId(exchange, symbol),
      bids: side(bids),
      asks: side(asks),
      nonce: null,
      exchangeTime: this.now,
      receivedTime: this.now,
    };
  }

  /** A public trade; `side` is the taker's. */
  async trade(price: string, amount: string, side: 'BUY' | 'SELL', symbol: string = spot): Promise<void> {
    await this.tell({ type: 'trades', trades: [this.makeTrade(price, amount, side, symbol)] }, symbol);
  }

  makeTrade(price: string, amount: string, side: 'BUY' | 'SELL', symbol: string = spot): PublicTrade {
    this.#count += 1;
    return {
      marketId: toMarketId(exchange, symbol),
      id: String(this.#count),
      side,
      price: toDecimalString(price),
      amount: toDecimalString(amount),
      cost: toDecimalString(new Decimal(price).times(amount).toString()),
      exchangeTime: this.now,
      receivedTime: this.now,
    };
  }

  /** Tells an event, one millisecond later, and waits until all that follows from it is stored. */
  async tell(event: PaperMarketEvent, symbol: string = spot): Promise<void> {
    if (event.type === 'trades') this.snapshotLast = event.trades.at(-1)?.price ?? this.snapshotLast;
    for (const listener of this.#listeners.get(symbol) ?? []) listener(event);
    await this.settled();
    this.now += 1;
  }

  /** Of the work that nobody waits for, of all markets of this process. */
  async failures(): Promise<number> {
    const { values } = await metrics.backgroundFailures.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  settled(): Promise<void> {
    return this.#runner.idle();
  }

  place(given: TermsText, clientOrderId?: string): Promise<SendOutcome> {
    this.now += 1;
    this.#count += 1;
    return this.port.placeOrder({
      clientOrderId: clientOrderId ?? `c${this.#count}`,
      terms: terms(given),
      signedAt: this.now,
    });
  }

  /** Places an order that has to be accepted, and gives its report. */
  async accept(given: TermsText, clientOrderId?: string) {
    const outcome = await this.place(given, clientOrderId);
    if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    return outcome.report;
  }

  /** "free used" of each currency. */
  async money(): Promise<Readonly<Record<string, string>>> {
    const balances = await this.port.balances();
    return Object.fromEntries(balances.map(({ currency, free, used }) => [currency, `${free} ${used}`]));
  }

  /** "price×amount takerOrMaker" of each fill so far. */
  async fills(symbol: string = spot): Promise<readonly string[]> {
    const fills = await this.port.fillsSince(symbol, 0);
    return fills.map(({ price, amount, takerOrMaker }) => `${price}×${amount} ${String(takerOrMaker)}`);
  }

  async statusOf(clientOrderId: string): Promise<string | null> {
    const report = await this.port.findOrder({ symbol: spot, clientOrderId, exchangeOrderId: null });
    return report === null ? null : `${report.status} ${report.filled}`;
  }

  /** The same accounts, as a process finds them that starts now. */
  restart(): Promise<ScriptedPaper> {
    this.exchange.close();
    return ScriptedPaper.open({ ...this.options, store: this.store });
  }
}
