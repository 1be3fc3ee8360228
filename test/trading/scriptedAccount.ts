import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { toDecimalString } from '../../src/domain/decimal';
import { toMarketId, type Market } from '../../src/domain/market';
import { product, sum } from '../../src/domain/money';
import type { Fill, PositionSide } from '../../src/domain/orders';
import type { ExchangePosition, ExchangeTransfer, TradingPort } from '../../src/exchanges/tradingPort';
import type { Storage } from '../../src/storage/storage';
import type { AccountRecord, OrderRecord } from '../../src/storage/trading/records';
import { createLogger } from '../../src/telemetry/logger';
import { AccountDesk } from '../../src/trading/accountDesk';
import { clientOrderIdOf } from '../../src/trading/clientOrderId';
import { Reconciler } from '../../src/trading/reconciliation/reconciler';
import { makeOrder, makeOwner, money } from '../kit/tradingRecords';

const zero = money('0');

const spot: Market = {
  id: toMarketId('simulator', 'BTC/USDT'),
  exchange: 'simulator',
  symbol: 'BTC/USDT',
  base: 'BTC',
  quote: 'USDT',
  settle: null,
  type: 'SPOT',
  active: true,
  contractSize: null,
  maker: null,
  taker: null,
  pricePrecision: money('0.01'),
  amountPrecision: money('0.00001'),
  minAmount: null,
  minCost: null,
};

const swap: Market = {
  ...spot,
  id: toMarketId('simulator', 'BTC/USDT:USDT'),
  symbol: 'BTC/USDT:USDT',
  settle: 'USDT',
  type: 'SWAP',
  contractSize: money('1'),
};

/** An account, in a real database, at an exchange that says what the test says, at times that the test says. */
export class ScriptedAccount {
  readonly markets = { spot, swap };
  readonly totals = new Map<string, string>([['USDT', '1000']]);
  readonly fills: Fill[] = [];
  readonly transfers: ExchangeTransfer[] = [];
  readonly positions: ExchangePosition[] = [];
  readonly alarms: string[] = [];
  readonly desk: AccountDesk;
  /** What is asked of the exchange; a test may answer otherwise. */
  readonly port: { -readonly [Question in keyof TradingPort]?: TradingPort[Question] };
  readonly #reconciler = new Reconciler();
  #now: number;
  /** How far our clock is ahead of the exchange's. */
  skewMs = 0;
  /** Called when the exchange is asked for balances: before it answers, and with the answer on its way. */
  onBalances: { readonly before?: () => void; readonly after?: () => Promise<void> } = {};

  private constructor(
    storage: Storage,
    private readonly pool: Pool,
    readonly account: AccountRecord,
    epoch: number,
  ) {
    this.#now = account.createdAt + 60_000;
    this.port = this.#answers();
    this.desk = new AccountDesk({
      store: storage.trading,
      markets: {
        rate: () => Promise.resolve(null),
        market: (id) => Promise.resolve([spot, swap].find((market) => market.id === id) ?? null),
        rules: () => Promise.reject(new Error('not asked for')),
        quote: () => Promise.reject(new Error('not asked for')),
      },
      port: this.port as TradingPort,
      account,
      epoch,
      clock: () => this.#now,
      newId: randomUUID,
      worthOfFee: () => zero,
      logger: createLogger('silent'),
      onAlarm: ({ detail }) => this.alarms.push(detail),
    });
  }

  /** Compared once, so that its ledger is open. */
  static async open(storage: Storage, pool: Pool, skewMs = 0): Promise<ScriptedAccount> {
    const { epoch } = await storage.trading.house();
    const made = new ScriptedAccount(storage, pool, await makeOwner(storage), epoch);
    made.skewMs = skewMs;
    await made.round();
    return made;
  }

  get now(): number {
    return this.#now;
  }

  /** One comparison, half a minute after the one before. */
  async round(afterMs = 30_000): Promise<void> {
    this.#now += afterMs;
    await this.#reconciler.reconcile(this.desk);
  }

  /** An order that is here, in whatever phase, with its one sending. */
  async addOrder(changes: Partial<OrderRecord>): Promise<OrderRecord> {
    const id = randomUUID();
    const { id: accountId } = this.account;
    const clientOrderId = clientOrderIdOf(id, 1);
    const nothing = { filled: zero, cost: zero, fees: [], createdAt: this.#now, updatedAt: this.#now };
    const order = makeOrder(this.account, { id, clientOrderId, ...nothing, ...changes });
    await this.desk.book(async (_booking, tx) => {
      await tx.insertOrder(order, { orderId: id, at: this.#now, from: null, to: 'PENDING', cause: 'created' });
      const { exchangeOrderId } = order;
      tx.saveAttempt({ accountId, orderId: id, attempt: 1, marketId: spot.id, clientOrderId, exchangeOrderId });
    });
    return order;
  }

  phaseOf({ id }: OrderRecord): Promise<string | undefined> {
    return this.#read(async (tx) => (await tx.order(id))?.phase);
  }

  /** How many events the account has by now. */
  eventSeq(): Promise<number> {
    return this.desk.eventSeq();
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** Something is bought for 100 a coin: the exchange's balances hold it at once. */
  buy(amount: string): Fill {
    this.move('BTC', amount);
    this.move('USDT', `-${product(money(amount), money('100'))}`);
    const fill = this.fillOf(spot, { side: 'BUY', amount, positionSide: null });
    this.fills.push(fill);
    return fill;
  }

  fillOf(
    market: Market,
    { side, amount, positionSide }: { side: Fill['side']; amount: string; positionSide: PositionSide | null },
  ): Fill {
    const id = randomUUID();
    return {
      ...{ tradeId: id, exchangeOrderId: id, clientOrderId: null, symbol: market.symbol, side, positionSide },
      ...{ price: money('100'), amount: money(amount), cost: product(money(amount), money('100')) },
      ...{ takerOrMaker: null, fees: [], exchangeTime: this.#now - this.skewMs },
    };
  }

  move(currency: string, amount: string): void {
    this.totals.set(currency, sum(money(this.totals.get(currency) ?? '0'), money(amount)));
  }

  /** What the ledger says is there, by currency. */
  async booked(): Promise<Readonly<Record<string, string>>> {
    const balances = await this.#read((tx) => tx.balances());
    return Object.fromEntries(balances.map(({ currency, total }) => [currency, total]));
  }

  /** What the ledger holds of a currency, book by book. */
  async booksOf(currency: string): Promise<Readonly<Record<string, string>>> {
    const { rows } = await this.pool.query<{ readonly book: string; readonly amount: string }>(
      'SELECT book, sum(amount)::text AS amount FROM ledger_entries WHERE account_id = $1 AND currency = $2 GROUP BY book',
      [this.account.id, currency],
    );
    return Object.fromEntries(rows.map(({ book, amount }) => [book, toDecimalString(amount)]));
  }

  /** When it was compared, as far as that is kept. */
  async reconciledAt(): Promise<readonly number[]> {
    const { rows } = await this.pool.query<{ readonly at: Date }>(
      'SELECT at FROM reconciliations WHERE account_id = $1 ORDER BY at',
      [this.account.id],
    );
    return rows.map(({ at }) => at.getTime());
  }

  heldPositions() {
    return this.#read((tx) => tx.positions());
  }

  async #read<T>(read: (tx: Parameters<Parameters<AccountDesk['book']>[0]>[1]) => Promise<T>): Promise<T> {
    return this.desk.book((_booking, tx) => read(tx));
  }

  #answers(): Partial<TradingPort> {
    return {
      clockSkewMs: () => Promise.resolve(this.skewMs),
      ordersSince: () => Promise.resolve([]),
      openOrders: () => Promise.resolve([]),
      findOrder: () => Promise.resolve(null),
      positions: () => Promise.resolve([...this.positions]),
      balances: async () => {
        this.onBalances.before?.();
        const answer = [...this.totals].map(([currency, total]) => ({
          ...{ currency, free: money(total), used: zero, total: money(total) },
        }));
        await this.onBalances.after?.();
        return answer;
      },
      fillsSince: (symbol, since) =>
        Promise.resolve(this.fills.filter((fill) => fill.symbol === symbol && fill.exchangeTime >= since)),
      transfersSince: (since) => Promise.resolve(this.transfers.filter(({ exchangeTime }) => exchangeTime >= since)),
    };
  }
}
