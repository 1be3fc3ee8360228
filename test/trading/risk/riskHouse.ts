import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { migrations } from '../../../migrations/migrations';
import { toDecimalString, type DecimalString } from '../../../src/domain/decimal';
import type { LockdownLevel } from '../../../src/domain/lockdown';
import { parseMarketId, toMarketId, type Market, type MarketId } from '../../../src/domain/market';
import { pendingOrder } from '../../../src/domain/orderState';
import type { Fill } from '../../../src/domain/orders';
import { AppError } from '../../../src/errors/appError';
import { createDataSource } from '../../../src/storage/dataSource';
import { Readers } from '../../../src/storage/readers';
import { migrate } from '../../../src/storage/migrate';
import { LockdownStore } from '../../../src/storage/incidents/lockdownStore';
import { newAccount } from '../../../src/storage/trading/accountTable';
import { PnlStore } from '../../../src/storage/trading/pnlStore';
import type { AccountRecord, OrderRecord } from '../../../src/storage/trading/records';
import { RiskStore } from '../../../src/storage/trading/riskStore';
import { TradingStore } from '../../../src/storage/trading/tradingStore';
import { UserRepository } from '../../../src/storage/user.repository';
import { BackgroundRunner } from '../../../src/telemetry/backgroundRunner';
import { createLogger } from '../../../src/telemetry/logger';
import { createMetrics } from '../../../src/telemetry/metrics';
import { Booking } from '../../../src/trading/booking';
import type { MarketFacts, Quote } from '../../../src/trading/marketFacts';
import { AccountEquity } from '../../../src/trading/risk/accountEquity';
import { startTestDatabase } from '../../kit/postgres';

export const decimal = toDecimalString;
const zero = decimal('0');

/** 2026-01-31 12:00 UTC */
export const noon = Date.UTC(2026, 0, 31, 12);

export function marketOf(symbol: string, changes: Partial<Market> = {}): Market {
  const [pair = '', settle] = symbol.split(':');
  const [base = '', quote = ''] = pair.split('/');
  return {
    id: toMarketId('fake', symbol),
    exchange: 'fake',
    symbol,
    base,
    quote,
    settle: settle ?? null,
    type: settle === undefined ? 'SPOT' : 'SWAP',
    active: true,
    contractSize: settle === undefined ? null : decimal('1'),
    maker: null,
    taker: null,
    pricePrecision: decimal('0.01'),
    amountPrecision: decimal('0.00001'),
    minAmount: null,
    minCost: null,
    ...changes,
  };
}

/** Markets whose prices are what the test says, proven when it says. */
export class ScriptedMarkets implements Pick<MarketFacts, 'market' | 'quote'> {
  readonly #quotes = new Map<string, Quote>();
  readonly #inactive = new Set<string>();
  asked = 0;

  constructor(private readonly clock: () => number) {}

  price(symbol: string, price: string, provenAt = this.clock()): void {
    const value = decimal(price);
    this.#quotes.set(toMarketId('fake', symbol), { bid: value, ask: value, last: value, provenAt });
  }

  deactivate(symbol: string): void {
    this.#inactive.add(symbol);
  }

  /** Everything is proven alive again. */
  beat(): void {
    for (const [id, quote] of this.#quotes) this.#quotes.set(id, { ...quote, provenAt: this.clock() });
  }

  market(id: string): Promise<Market | null> {
    const { symbol } = parseMarketId(id)!;
    return Promise.resolve(this.#quotes.has(id) ? marketOf(symbol, { active: !this.#inactive.has(symbol) }) : null);
  }

  quote(id: string): Promise<Quote> {
    this.asked += 1;
    const quote = this.#quotes.get(id);
    return quote === undefined ? Promise.reject(new AppError('EXCHANGE_UNAVAILABLE')) : Promise.resolve(quote);
  }
}

/** Time that stands until it is moved, and what is to be done in it. */
export class VirtualTime {
  #tasks: { readonly at: number; readonly task: () => void }[] = [];

  constructor(private time = noon) {}

  readonly now = (): number => this.time;

  readonly schedule = (task: () => void, delayMs: number): (() => void) => {
    const entry = { at: this.time + delayMs, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  };

  advance(ms: number): void {
    this.time += ms;
    const due = this.#tasks.filter(({ at }) => at <= this.time);
    this.#tasks = this.#tasks.filter(({ at }) => at > this.time);
    for (const { task } of due) task();
  }

  setTo(time: number): void {
    this.time = time;
  }
}

/** Accounts on a real PostgreSQL, in scripted markets, on virtual time. */
export class RiskHouse {
  readonly time = new VirtualTime();
  readonly markets = new ScriptedMarkets(this.time.now);
  readonly logger = createLogger('silent');
  readonly runner = new BackgroundRunner({ logger: this.logger, metrics: createMetrics() });
  readonly store: TradingStore;
  readonly risk: RiskStore;
  readonly pnl: PnlStore;
  readonly equity: AccountEquity;
  #trades = 0;

  private constructor(
    readonly dataSource: DataSource,
    readonly ownerId: string,
    private readonly close: () => Promise<void>,
  ) {
    const readers = new Readers({ dataSource });
    this.store = new TradingStore({ dataSource, readers });
    this.risk = new RiskStore({ dataSource, readers });
    this.pnl = new PnlStore({ readers });
    this.equity = new AccountEquity({ risk: this.risk, markets: this.markets, clock: this.time.now });
  }

  static async open(): Promise<RiskHouse> {
    const database = await startTestDatabase();
    const dataSource = await createDataSource({ url: database.url, migrations }).initialize();
    await migrate({ dataSource, onProgress: () => undefined });
    const owner = await new UserRepository({ dataSource }).saveByEmail({
      id: randomUUID(),
      email: `${randomUUID()}@example.org`,
      passwordHash: '-',
      roles: ['TRADER'],
    });
    return new RiskHouse(dataSource, owner.id, async () => {
      await dataSource.destroy();
      await database.stop();
    });
  }

  stop(): Promise<void> {
    return this.close();
  }

  async addAccount(
    limits: Partial<Record<keyof AccountRecord['limits'], string | number>> = {},
  ): Promise<AccountRecord> {
    const made = newAccount({
      id: randomUUID(),
      ownerId: this.ownerId,
      label: 'main',
      exchange: 'fake',
      mode: 'PAPER',
      currency: 'USDT',
      positionMode: 'ONE_WAY',
      keyHint: null,
      createdAt: this.time.now(),
    });
    const account = { ...made, reconciledEpoch: 1, limits: { ...made.limits, ...limits } } as AccountRecord;
    const audit = { at: this.time.now(), actor: 'test', action: 'account.create', target: account.id, outcome: 'made' };
    await this.store.insertAccount(account, audit);
    return account;
  }

  /** As an operator would. */
  async lock(level: LockdownLevel): Promise<void> {
    const lockdown = new LockdownStore({ dataSource: this.dataSource });
    await lockdown.set({ level, reason: 'a drill', actor: 'operator:test', at: this.time.now() });
  }

  /** What a test left does not concern the next. */
  async removeAccounts(): Promise<void> {
    await this.dataSource.query('UPDATE accounts SET removed_at = now()');
  }

  async read(accountId: string): Promise<AccountRecord> {
    return (await this.risk.snapshot(accountId, null))!.account;
  }

  /** Money that comes from outside; below 0 where it leaves. */
  async transfer(accountId: string, currency: string, amount: string): Promise<void> {
    await this.store.transaction({ accountId, epoch: null }, (tx) =>
      tx.post({
        id: `transfer:${randomUUID()}`,
        lines: [
          { book: 'ASSETS', currency, amount: decimal(amount) },
          { book: 'TRANSFERS', currency, amount: negated(amount) },
        ],
        marketId: null,
        at: this.time.now(),
      }),
    );
  }

  async fund(accountId: string, symbol: string, received: string): Promise<void> {
    const market = marketOf(symbol);
    const currency = market.settle ?? market.quote;
    await this.store.transaction({ accountId, epoch: null }, (tx) =>
      tx.post({
        id: `funding:${randomUUID()}`,
        lines: [
          { book: 'ASSETS', currency, amount: decimal(received) },
          { book: 'FUNDING', currency, amount: negated(received) },
        ],
        marketId: market.id,
        at: this.time.now(),
      }),
    );
  }

  /** An execution, booked as every other. */
  async fill(
    accountId: string,
    symbol: string,
    trade: {
      readonly side: 'BUY' | 'SELL';
      readonly amount: string;
      readonly price: string;
      readonly fees?: Fill['fees'];
      readonly at?: number;
    },
  ): Promise<void> {
    this.#trades += 1;
    const [amount, price] = [decimal(trade.amount), decimal(trade.price)];
    const fill: Fill = {
      tradeId: `t${this.#trades}`,
      exchangeOrderId: `o${this.#trades}`,
      clientOrderId: null,
      symbol,
      side: trade.side,
      positionSide: null,
      price,
      amount,
      cost: times(amount, price),
      takerOrMaker: 'taker',
      fees: trade.fees ?? [],
      exchangeTime: trade.at ?? this.time.now(),
    };
    await this.store.transaction({ accountId, epoch: null }, async (tx) => {
      const booking = new Booking(tx, { now: this.time.now(), newId: randomUUID, worthOfFee: () => zero });
      await booking.fill(marketOf(symbol), fill);
      await booking.finish();
    });
  }

  /** True while a statement waits for a lock. */
  async isSomebodyWaiting(): Promise<boolean> {
    return (await this.count('pg_locks', 'NOT granted')) > 0;
  }

  async count(table: string, condition: string): Promise<number> {
    const rows: unknown = await this.dataSource.query(`SELECT count(*)::int AS count FROM ${table} WHERE ${condition}`);
    return (rows as readonly { readonly count: number }[])[0]!.count;
  }
}

function negated(amount: string): DecimalString {
  return decimal(amount.startsWith('-') ? amount.slice(1) : `-${amount}`);
}

/** Exact, on whole numbers: independent of the arithmetic under test. */
export function times(a: DecimalString, b: DecimalString): DecimalString {
  const [left, right] = [a, b].map((text) => {
    const [whole = '', places = ''] = text.split('.');
    return { digits: BigInt(`${whole}${places}`), places: places.length };
  });
  const places = left!.places + right!.places;
  const digits = (left!.digits * right!.digits).toString().padStart(places + 1, '0');
  return decimal(places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`);
}

/** An order that stands open, and whatever is said otherwise. */
export function orderOf(accountId: string, marketId: MarketId, changes: Partial<OrderRecord> = {}): OrderRecord {
  return {
    ...pendingOrder(decimal('1')),
    phase: 'OPEN',
    id: randomUUID(),
    accountId,
    origin: 'API',
    clientOrderId: null,
    exchangeOrderId: null,
    marketId,
    type: 'LIMIT',
    side: 'BUY',
    positionSide: null,
    timeInForce: 'GTC',
    price: decimal('100'),
    triggerPrice: null,
    trailingDelta: null,
    quoteAmount: null,
    reduceOnly: false,
    rejectCode: null,
    signedAt: null,
    unknownSince: null,
    misses: 0,
    lastMissedAt: null,
    cancelRequestedAt: null,
    editPrice: null,
    editAmount: null,
    reservedCurrency: null,
    reserved: zero,
    fees: [],
    createdAt: noon,
    updatedAt: noon,
    ...changes,
  };
}
