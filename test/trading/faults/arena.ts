import { randomUUID } from 'node:crypto';
import { Client, Pool } from 'pg';
import { migrations } from '../../../migrations/migrations';
import { openStorage, type Storage } from '../../../src/storage/storage';
import { newAccount } from '../../../src/storage/trading/accountTable';
import type { AccountRecord, OrderRecord } from '../../../src/storage/trading/records';
import type { Asker } from '../../../src/trading/orderIntake';
import { endPool } from '../../kit/endPool';
import { eventually } from '../../kit/eventually';
import { startTestDatabase, type TestDatabase } from '../../kit/postgres';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import type { NodeSettings } from '../../kit/tradingNodeProcess';
import { compareBooks, type Ask } from './compareBooks';
import { exchangeLedger } from './exchangeLedger';

/** Phases in which an order waits for nobody. */
const atRest: ReadonlySet<string> = new Set([
  ...['OPEN', 'PARTIALLY_FILLED', 'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'NOT_PLACED'],
]);

/** What outlives every node: a database, and the simulated exchange with its ledger. */
export class Arena {
  readonly settings: NodeSettings;
  readonly asker: Asker;
  readonly ask: Ask;
  readonly accounts: AccountRecord[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly storage: Storage,
    readonly simulator: RunningSimulator,
    private readonly pool: Pool,
    ownerId: string,
  ) {
    const { restUrl, wsUrl } = simulator;
    this.settings = { databaseUrl: database.url, restUrl, wsUrl };
    this.asker = { userId: ownerId, actor: ownerId };
    this.ask = async (text, values = []) => (await pool.query(text, [...values])).rows as Record<string, unknown>[];
  }

  static async open(
    seed: string,
    args: readonly string[] = [],
    startDatabase: () => Promise<TestDatabase> = startTestDatabase,
  ): Promise<Arena> {
    const [database, simulator] = await Promise.all([
      startDatabase(),
      startSimulator({ seed, args: ['--weight-limit', '10000000', ...args] }),
    ]);
    const signal = new AbortController().signal;
    const place = { databaseUrl: database.url, dataDir: '/nowhere' };
    const storage = await openStorage({ ...place, migrations, onProgress: () => undefined, signal });
    const pool = new Pool({ connectionString: database.url, max: 4 });
    const user = await storage.users.saveByEmail({
      id: randomUUID(),
      email: `${randomUUID()}@example.org`,
      passwordHash: '-',
      roles: ['TRADER'],
    });
    return new Arena(database, storage, simulator, pool, user.id);
  }

  /** A LIVE account, there with more money than any test spends and here. */
  async addAccount(name: string, limits: Partial<AccountRecord['limits']> = {}): Promise<AccountRecord> {
    await this.openThere(name);
    return this.openHere(name, limits);
  }

  async openThere(name: string): Promise<void> {
    const balances = { USDT: '10000000', BTC: '100', ETH: '1000' };
    await this.simulator.control('POST', 'accounts', { name, balances });
  }

  async openHere(name: string, limits: Partial<AccountRecord['limits']> = {}): Promise<AccountRecord> {
    const made = newAccount({
      id: randomUUID(),
      ownerId: this.asker.userId,
      label: name,
      exchange: 'simulator',
      mode: 'LIVE',
      currency: 'USDT',
      positionMode: 'ONE_WAY',
      keyHint: 'abcd',
      createdAt: Date.now(),
    });
    const account = { ...made, limits: { ...made.limits, ...limits } };
    const audit = { at: Date.now(), actor: 'test', action: 'account.create', target: account.id, outcome: 'made' };
    await this.storage.trading.insertAccount(account, audit);
    this.accounts.push(account);
    return account;
  }

  /** Waits until every account may trade under a leader of at least this epoch. */
  async reconciled(epoch = 1): Promise<void> {
    await eventually(
      async () => {
        const house = await this.storage.trading.house();
        const accounts = await this.storage.trading.accounts();
        return house.epoch >= epoch && accounts.every((account) => account.reconciledEpoch === house.epoch);
      },
      { timeoutMs: 120_000 },
    );
  }

  async epoch(): Promise<number> {
    return (await this.storage.trading.house()).epoch;
  }

  /** Orders that still wait for somebody: to be sent, for an answer, or to be ended. */
  async unsettled(): Promise<readonly OrderRecord[]> {
    const orders = await Promise.all(this.accounts.map(({ id }) => this.storage.trading.openOrders(id)));
    return orders.flat().filter(({ phase }) => !atRest.has(phase));
  }

  /** Waits until no order waits for anybody. Gives how long that took. */
  async settled(timeoutMs: number): Promise<number> {
    const startedAt = Date.now();
    await eventually(async () => (await this.unsettled()).length === 0, { timeoutMs });
    return Date.now() - startedAt;
  }

  /** Waits until the books of these accounts, or of all, are those of the exchange; fails with what still differs. */
  async agrees(accounts: readonly AccountRecord[] = this.accounts, timeoutMs = 10_000): Promise<void> {
    let found: readonly string[] = [];
    const isEqual = async (): Promise<boolean> => {
      found = (await Promise.all(accounts.map((account) => this.differences(account)))).flat();
      return found.length === 0;
    };
    try {
      await eventually(isEqual, { timeoutMs });
    } catch {
      throw new Error(`the books differ from the exchange:\n${found.join('\n')}`);
    }
  }

  /** In which ways the books of one account and the exchange's differ. */
  async differences({ id, label }: AccountRecord): Promise<readonly string[]> {
    const found = await compareBooks(this.ask, id, await exchangeLedger(this.simulator, label));
    return found.map((difference) => `${label}: ${difference}`);
  }

  /** A transaction of somebody else, which holds what its statement locks until it is let go. */
  async hold(text: string, values: readonly unknown[]): Promise<HeldLock> {
    const client = new Client({ connectionString: this.database.url });
    await client.connect();
    const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows as [{ readonly pid: number }];
    await client.query('BEGIN');
    // What is held when the database stops ends with it.
    client.on('error', () => undefined);
    const taken = client.query(text, [...values]).then(() => undefined);
    // Let go before it was taken: nobody waits for it any more.
    taken.catch(() => undefined);
    return new HeldLock(client, this.ask, pid, taken);
  }

  async stop(): Promise<void> {
    await endPool(this.pool);
    await this.storage.stop();
    await this.simulator.stop();
    await this.database.stop();
  }
}

export class HeldLock {
  #isEnded = false;

  constructor(
    private readonly client: Client,
    private readonly ask: Ask,
    private readonly pid: number,
    /** Resolves once it has its lock. */
    readonly taken: Promise<void>,
  ) {}

  /** Waits until so many others wait for it. */
  async blocks(count = 1): Promise<void> {
    await eventually(async () => {
      const [row] = await this.ask(
        `WITH RECURSIVE waiting (pid) AS (
           SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))
           UNION SELECT a.pid FROM pg_stat_activity a JOIN waiting w ON w.pid = ANY(pg_blocking_pids(a.pid)))
         SELECT count(*)::int AS count FROM waiting`,
        [this.pid],
      );
      return (row?.['count'] as number) >= count;
    });
  }

  /** Waits until it stands in the queue behind another. */
  async isWaiting(): Promise<void> {
    await eventually(async () => {
      const [row] = await this.ask('SELECT cardinality(pg_blocking_pids($1)) AS count', [this.pid]);
      return row?.['count'] !== 0;
    });
  }

  async release(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.taken.catch(() => undefined);
    await this.client.query('ROLLBACK');
    await this.client.end();
  }
}
