import { randomUUID } from 'node:crypto';
import { migrations } from '../../migrations/migrations';
import { InProcessBus } from '../../src/bus/inProcessBus';
import type { AccountChange } from '../../src/storage/trading/accountTable';
import { Authority } from '../../src/identity/authority';
import { startAccountStreams } from '../../src/startAccountStreams';
import { openStorage, type Storage } from '../../src/storage/storage';
import type { AccountRecord, OrderRecord, PositionRecord } from '../../src/storage/trading/records';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { viewBalances } from '../../src/trading/balanceViews';
import { AccountEquity } from '../../src/trading/risk/accountEquity';
import { riskStatusOf } from '../../src/trading/risk/riskStatus';
import type { StandInTokens } from './standInTokens';
import { TestServer, type TestServerOptions } from './testServer';
import { makeOrder, makePosition, money } from './tradingRecords';

export interface AccountNodeOptions extends Pick<TestServerOptions, 'sharedExecution' | 'caps'> {
  readonly url: string;
  readonly tokens: StandInTokens;
}

/** A server with the streams of accounts, as one process runs it, on a database that others may share. */
export class AccountNode {
  private constructor(
    readonly storage: Storage,
    readonly authority: Authority,
    readonly server: TestServer,
    readonly bus: InProcessBus,
    readonly stop: () => Promise<void>,
  ) {}

  static async open({ url, tokens, ...options }: AccountNodeOptions): Promise<AccountNode> {
    const logger = createLogger('silent');
    const runner = new BackgroundRunner({ logger, metrics: createMetrics() });
    const onProgress = (): void => undefined;
    const { signal } = new AbortController();
    const storage = await openStorage({ databaseUrl: url, dataDir: '/nowhere', migrations, onProgress, signal });
    const bus = new InProcessBus({ logger });
    const noMarket = (): Promise<never> => Promise.reject(new Error('no market in this test'));
    const markets = { market: () => Promise.resolve(null), quote: noMarket };
    const equity = new AccountEquity({ risk: storage.risk, markets, clock: Date.now });
    const stops: (() => Promise<void>)[] = [() => storage.stop(), () => runner.idle()];
    const authority = new Authority({ clock: Date.now, tokenTtlMs: 600_000, logger });
    const streams = await startAccountStreams({
      storage,
      equity,
      bus,
      authority,
      analystsSeeAll: false,
      reconciliationsKeptDays: 30,
      clock: Date.now,
      logger,
      runner,
      timing: { pollMs: 250, answerWithinMs: 1_000 },
      stops,
    });
    const server = await TestServer.start({ ...options, verifier: tokens, services: { accountStreams: streams } });
    stops.push(() => server.stop());
    return new AccountNode(storage, authority, server, bus, async () => {
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
    });
  }
}

/** What happens to an account, at random: orders come and go, positions open and close, balances and the risk state change. */
export class AccountTrader {
  readonly #orders: OrderRecord[] = [];
  readonly #positions: PositionRecord[] = [];

  constructor(
    private readonly account: AccountRecord,
    private readonly random: () => number,
  ) {}

  /** One transaction of one to three changes. */
  async commit(storage: Storage): Promise<void> {
    const changes = 1 + Math.floor(this.random() * 3);
    for (let count = 0; count < changes; count += 1) {
      const kind = this.random();
      if (kind < 0.5) await this.changeOrder(storage);
      else if (kind < 0.7) await this.#changePosition(storage);
      else if (kind < 0.9) await this.#changeBalances(storage);
      else await this.#changeRisk(storage);
    }
  }

  /** A new order, or the next state of one that is open. */
  async changeOrder(storage: Storage): Promise<void> {
    const now = Date.now();
    const known = this.#orders[Math.floor(this.random() * (this.#orders.length + 2))];
    await storage.trading.transaction({ accountId: this.account.id, epoch: null }, async (tx) => {
      if (known === undefined) {
        const order = makeOrder(this.account, { phase: 'OPEN', filled: money('0'), createdAt: now, updatedAt: now });
        const first = { orderId: order.id, at: now, from: null, to: order.phase, cause: 'made' } as const;
        await tx.insertOrder(order, first);
        tx.appendEvent('order', now, order);
        this.#orders.push(order);
        return;
      }
      const phase = this.random() < 0.4 ? 'CLOSED' : 'PARTIALLY_FILLED';
      const order: OrderRecord = { ...known, phase, version: known.version + 1, updatedAt: now };
      tx.saveOrder(order, null);
      tx.appendEvent('order', now, order);
      const index = this.#orders.indexOf(known);
      if (phase === 'CLOSED') this.#orders.splice(index, 1);
      else this.#orders[index] = order;
    });
  }

  /** One order again and again, in one transaction. */
  async changeOften(storage: Storage, times: number): Promise<void> {
    await this.changeOrder(storage);
    const [order] = this.#orders;
    if (order === undefined) throw new Error('no order is open');
    await storage.trading.transaction({ accountId: this.account.id, epoch: null }, (tx) => {
      for (let count = 1; count < times; count += 1) {
        tx.appendEvent('order', Date.now(), { ...order, version: order.version + count });
      }
      tx.saveOrder({ ...order, version: order.version + times - 1 }, null);
      return Promise.resolve();
    });
  }

  async openPosition(storage: Storage): Promise<PositionRecord> {
    const position = makePosition(this.account, {
      updatedAt: Date.now(),
      side: this.#positions.length % 2 === 0 ? 'LONG' : 'SHORT',
    });
    await storage.trading.transaction({ accountId: this.account.id, epoch: null }, (tx) => {
      tx.savePosition(position);
    });
    this.#positions.push(position);
    return position;
  }

  async closePosition(storage: Storage): Promise<void> {
    const position = this.#positions.pop();
    if (position === undefined) return;
    const closed = { ...position, amount: money('0'), cost: money('0'), closedAt: Date.now(), updatedAt: Date.now() };
    await storage.trading.transaction({ accountId: this.account.id, epoch: null }, (tx) => {
      tx.savePosition(closed);
    });
  }

  async #changePosition(storage: Storage): Promise<void> {
    if (this.#positions.length >= 2 || (this.#positions.length > 0 && this.random() < 0.5))
      await this.closePosition(storage);
    else await this.openPosition(storage);
  }

  async #changeBalances(storage: Storage): Promise<void> {
    const amount = money(String(1 + Math.floor(this.random() * 1_000)));
    const now = Date.now();
    await storage.trading.transaction({ accountId: this.account.id, epoch: null }, async (tx) => {
      const lines = [
        { book: 'ASSETS', currency: 'USDT', amount },
        { book: 'TRANSFERS', currency: 'USDT', amount: money(`-${amount}`) },
      ] as const;
      await tx.post({ id: randomUUID(), marketId: null, at: now, lines });
      const balances = viewBalances(await tx.balances(), await tx.openOrders(), await tx.positions());
      tx.appendEvent('balances', now, { balances });
    });
  }

  async #changeRisk(storage: Storage): Promise<void> {
    const tradingState = (['ACTIVE', 'REDUCING', 'HALTED'] as const)[Math.floor(this.random() * 3)] ?? 'ACTIVE';
    const change: AccountChange = { tradingState, tradingStateReason: randomUUID() };
    await storage.trading.transaction({ accountId: this.account.id, epoch: null }, async (tx) => {
      await tx.updateAccount(change);
      tx.appendEvent('risk', Date.now(), riskStatusOf({ account: tx.account, house: tx.house, equity: null }));
    });
  }
}
