import type { DataSource } from 'typeorm';
import { migrations } from '../../migrations/migrations';
import type { DecimalString } from '../../src/domain/decimal';
import type { GraphqlServices } from '../../src/graphql/context';
import type { Role } from '../../src/identity/principal';
import { createDataSource } from '../../src/storage/dataSource';
import { Readers } from '../../src/storage/readers';
import { openStorage, type Storage } from '../../src/storage/storage';
import type { AccountRecord } from '../../src/storage/trading/records';
import { AccountStore } from '../../src/storage/trading/accountStore';
import { OrderQueries } from '../../src/storage/trading/orderQueries';
import { PositionQueries } from '../../src/storage/trading/positionQueries';
import { TradeQueries } from '../../src/storage/trading/tradeQueries';
import { TradingReader } from '../../src/trading/tradingReader';
import { startTestDatabase } from './postgres';
import { TestServer, type GraphqlAnswer } from './testServer';

/** The reading half of trading behind a real server, on a real database, with every statement that it runs. */
export class ReadingHouse {
  /** What was asked of the database since the last look. */
  readonly statements: string[] = [];
  /** What a price of any market is; null where none is known. */
  mark: DecimalString | null = null;

  private constructor(
    readonly storage: Storage,
    private readonly stops: (() => Promise<void>)[],
  ) {}

  #server: TestServer | null = null;
  #dataSource: DataSource | null = null;
  #services: Partial<GraphqlServices> = {};

  static async open(): Promise<ReadingHouse> {
    const stops: (() => Promise<void>)[] = [];
    const database = await startTestDatabase();
    stops.push(() => database.stop());
    const { url } = database;
    const onProgress = (): void => undefined;
    const { signal } = new AbortController();
    const storage = await openStorage({ databaseUrl: url, dataDir: '/nowhere', migrations, onProgress, signal });
    stops.push(() => storage.stop());
    const dataSource = await createDataSource({ url, migrations: [] }).initialize();
    stops.push(() => dataSource.destroy());
    const house = new ReadingHouse(storage, stops);
    house.#dataSource = dataSource;
    const readers = await Readers.open(url);
    stops.push(() => readers.close());
    house.#services = house.#watch(dataSource, readers);
    house.#server = await house.openServer({});
    return house;
  }

  /** One more server, of another deployment, on the same database. */
  async openServer(services: Partial<GraphqlServices>): Promise<TestServer> {
    const server = await TestServer.start({ services: { ...this.#services, ...services } });
    this.stops.push(() => server.stop());
    return server;
  }

  get server(): TestServer {
    if (this.#server === null) throw new Error('the server is not up yet');
    return this.#server;
  }

  #watch(dataSource: DataSource, opened: Readers): Partial<GraphqlServices> {
    const readers: Pick<Readers, 'as' | 'atOnce'> = {
      as: (reader) => (text, values) => {
        this.statements.push(text.replace(/\s+/g, ' '));
        return opened.as(reader)(text, values);
      },
      atOnce: opened.atOnce.bind(opened),
    };
    const accounts = new AccountStore({ dataSource, readers });
    return {
      tradingReader: new TradingReader({
        orders: new OrderQueries({ readers }),
        trades: new TradeQueries({ readers }),
        positions: new PositionQueries({ readers }),
        mark: () => Promise.resolve(this.mark),
      }),
      accountViews: { account: accounts.findReadable.bind(accounts) } as GraphqlServices['accountViews'],
    };
  }

  /** Asks as a user in some roles; the statements of the question are in `statements` afterwards. */
  async ask(userId: string, query: string, roles: Role[] = ['TRADER'], variables: object = {}): Promise<GraphqlAnswer> {
    this.statements.length = 0;
    const { accessToken } = this.server.tokens.issue({ userId, roles, verifiedAt: Date.now() });
    return this.server.post({ query, variables }, { authorization: `Bearer ${accessToken}` });
  }

  /** Lets a user read an account, where their roles let them read what was granted. */
  async grant({ id }: AccountRecord, userId: string): Promise<void> {
    const text = 'INSERT INTO account_grants (account_id, user_id, granted_at) VALUES ($1, $2, now())';
    await this.#dataSource?.query(text, [id, userId]);
  }

  async stop(): Promise<void> {
    for (let stop = this.stops.pop(); stop !== undefined; stop = this.stops.pop()) await stop();
  }
}
