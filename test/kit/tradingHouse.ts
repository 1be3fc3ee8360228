import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { GraphqlServices } from '../../src/graphql/context';
import { newAccount } from '../../src/storage/trading/accountTable';
import type { AccountRecord } from '../../src/storage/trading/records';
import { OrderEstimates } from '../../src/trading/orderEstimates';
import type { Asker, IntentRequest } from '../../src/trading/orderIntake';
import { AccountEquity } from '../../src/trading/risk/accountEquity';
import type { Trading } from '../../src/trading/trading';
import { TradingReader } from '../../src/trading/tradingReader';
import { eventually } from './eventually';
import { openTestStorage } from './postgres';
import type { RunningSimulator } from './simulator';
import { intentFor, openTradingNode, type TradingNode, type TradingNodeOptions } from './tradingNode';

type TestStorage = Awaited<ReturnType<typeof openTestStorage>>;

interface HouseOptions extends Pick<TradingNodeOptions, 'longestWaitMs' | 'follow'> {
  /** Done once the account is there, before the node starts. */
  readonly before?: (storage: TestStorage['storage'], account: AccountRecord) => Promise<void>;
}

/** One node of trading with a database of its own, a user, and one LIVE account of hers at the simulated exchange. */
export class TradingHouse {
  readonly trading: Trading;

  private constructor(
    private readonly database: TestStorage,
    private readonly node: TradingNode,
    readonly account: AccountRecord,
    readonly asker: Asker,
  ) {
    this.trading = node.trading;
  }

  /** Waits until the account may trade. */
  static async open(
    simulator: RunningSimulator,
    { before = () => Promise.resolve(), ...options }: HouseOptions = {},
  ): Promise<TradingHouse> {
    const database = await openTestStorage();
    const { storage } = database;
    const user = await storage.users.saveByEmail({
      id: randomUUID(),
      email: `${randomUUID()}@example.org`,
      passwordHash: '-',
      roles: ['TRADER'],
    });
    const account = newAccount({
      id: randomUUID(),
      ownerId: user.id,
      label: 'trader',
      exchange: 'simulator',
      mode: 'LIVE',
      currency: 'USDT',
      positionMode: 'ONE_WAY',
      keyHint: 'abcd',
      createdAt: Date.now(),
    });
    await storage.trading.insertAccount(account, {
      at: Date.now(),
      actor: user.id,
      action: 'account.create',
      target: account.id,
      outcome: 'made',
    });
    const { restUrl, wsUrl } = simulator;
    await before(storage, account);
    const node = openTradingNode({ ...options, storage, restUrl, wsUrl });
    const house = new TradingHouse(database, node, account, { userId: user.id, actor: user.id });
    await house.reconciled();
    return house;
  }

  get storage(): TestStorage['storage'] {
    return this.database.storage;
  }

  /** What the API asks of trading. */
  get services(): Pick<GraphqlServices, 'trading' | 'tradingReader' | 'orderEstimates'> {
    const { intake, markets, marketData } = this.node;
    const equity = new AccountEquity({ risk: this.storage.risk, markets, clock: Date.now });
    return {
      trading: this.trading,
      tradingReader: new TradingReader({
        orders: this.storage.orders,
        trades: this.storage.trades,
        positions: this.storage.positions,
        mark: (marketId) => equity.prices('simulator').mark(marketId),
      }),
      orderEstimates: new OrderEstimates({ intake, orderBook: (marketId) => marketData.orderBook(marketId, 500) }),
    };
  }

  /** Somebody at its database by hand, who has to leave. */
  async operator(): Promise<Client> {
    const client = new Client({ connectionString: this.database.url });
    await client.connect();
    return client;
  }

  /** What its database says to anybody. */
  async query<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const client = await this.operator();
    const { rows } = await client.query<Row>(text, [...values]);
    await client.end();
    return rows;
  }

  /** Waits until the account may trade. */
  async reconciled(): Promise<void> {
    const { trading } = this.storage;
    await eventually(async () => {
      const account = await trading.ownedAccount(this.asker.userId, this.account.id);
      return account?.reconciledEpoch === (await trading.house()).epoch;
    });
  }

  create(changes: Partial<IntentRequest['input']>, idempotencyKey: string = randomUUID()) {
    return this.trading.createOrder(this.asker, intentFor(this.account.id, changes, idempotencyKey));
  }

  async stop(): Promise<void> {
    await this.node.stop();
    await this.database.stop();
  }
}
