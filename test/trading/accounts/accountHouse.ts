import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { migrations } from '../../../migrations/migrations';
import { Secret } from '../../../src/domain/secret';
import { createTradingPorts } from '../../../src/exchanges/trading/openTradingPort';
import { CredentialVault } from '../../../src/identity/sealing/credentialVault';
import { KeyEncryptionKeys, type SealingKey } from '../../../src/identity/sealing/keyEncryptionKeys';
import { createDataSource } from '../../../src/storage/dataSource';
import { AccountStore } from '../../../src/storage/trading/accountStore';
import type { UserRole } from '../../../src/storage/userRole';
import { Readers } from '../../../src/storage/readers';
import { openStorage, type Storage } from '../../../src/storage/storage';
import { BackgroundRunner } from '../../../src/telemetry/backgroundRunner';
import { createLogger } from '../../../src/telemetry/logger';
import { createMetrics } from '../../../src/telemetry/metrics';
import { AccountApprovals } from '../../../src/trading/accounts/accountApprovals';
import { AccountGrants } from '../../../src/trading/accounts/accountGrants';
import { AccountPorts } from '../../../src/trading/accounts/accountPorts';
import type { AccountInput } from '../../../src/trading/accounts/accountInput';
import { AccountService } from '../../../src/trading/accounts/accountService';
import { KeyCheck } from '../../../src/trading/accounts/keyCheck';
import { KeyWatch } from '../../../src/trading/accounts/keyWatch';
import { SealedKeys } from '../../../src/trading/accounts/sealedKeys';
import { MovableClock } from '../../kit/movableClock';
import { startTestDatabase, type TestDatabase } from '../../kit/postgres';
import type { RunningSimulator } from '../../kit/simulator';
import { demoCredentials } from '../../kit/tradingAccount';

export const oldKey = { id: 'old', key: new Secret(randomBytes(32).toString('base64')) };
export const newKey = { id: 'new', key: new Secret(randomBytes(32).toString('base64')) };

export const logger = createLogger('silent');

type Keys = readonly SealingKey[];

/** Accounts behind a real database, the real vault, and ccxt to the simulated exchange in its own process. */
export class AccountHouse {
  readonly clock = new MovableClock();
  readonly service: AccountService;
  readonly grants: AccountGrants;
  readonly approvals: AccountApprovals;
  /** Accounts whose orders on paper were ended. */
  readonly closedBooks: string[] = [];
  readonly runner = new BackgroundRunner({ logger, metrics: createMetrics() });

  private constructor(
    readonly storage: Storage,
    readonly client: Client,
    private readonly database: TestDatabase,
    private readonly simulator: RunningSimulator,
  ) {
    this.service = this.serviceWith([oldKey]);
    this.grants = new AccountGrants({ store: storage.trading, grants: storage.grants, clock: this.clock.now });
    this.approvals = new AccountApprovals({ approvals: storage.approvals, clock: this.clock.now });
  }

  static async open(simulator: RunningSimulator): Promise<AccountHouse> {
    const database = await startTestDatabase();
    const storage = await openStorage({
      databaseUrl: database.url,
      dataDir: '/nowhere',
      migrations,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    const client = new Client({ connectionString: database.url });
    await client.connect();
    return new AccountHouse(storage, client, database, simulator);
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  async stop(): Promise<void> {
    await this.runner.idle();
    await this.client.end();
    await this.storage.stop();
    await this.database.stop();
  }

  /**
   * What a server does whose settings hold these keys. isTestnet: whether the exchange counts as one without real money.
   * liveNeedsApproval: whether a second person is waited for.
   */
  serviceWith(keys: Keys, isTestnet = true, liveNeedsApproval = false): AccountService {
    const { storage, clock } = this;
    return new AccountService({
      store: storage.trading,
      accounts: storage.accounts,
      credentials: storage.credentials,
      places: { exchanges: ['simulator', 'kraken'], tradable: ['simulator'] },
      vault: vaultOf(keys),
      check: this.#check(isTestnet),
      clock: clock.now,
      newId: randomUUID,
      liveNeedsApproval,
      currencies: () => Promise.resolve(new Set(['USDT', 'BTC', 'ETH'])),
      openPaperBooks: (books) => storage.paper.create(books),
      closePaperBooks: (_, { id }) => {
        this.closedBooks.push(id);
        return Promise.resolve();
      },
    });
  }

  watchWith(keys: Keys, isLeading = true): KeyWatch {
    const { storage, clock, runner } = this;
    return new KeyWatch({
      store: storage.trading,
      credentials: storage.credentials,
      keys: new SealedKeys({ vault: vaultOf(keys), store: storage.credentials }),
      check: this.#check(true),
      clock: clock.now,
      logger,
      runner,
      equity: () => null,
      schedule: () => () => undefined,
      isLeading: () => isLeading,
    });
  }

  portsWith(keys: Keys): AccountPorts {
    const { storage, clock } = this;
    return new AccountPorts({
      store: storage.trading,
      clock: clock.now,
      logger,
      equity: () => null,
      keys: new SealedKeys({ vault: vaultOf(keys), store: storage.credentials }),
      openLive: (account) => this.#livePorts().open(account),
      openPaper: () => null,
    });
  }

  async user(...roles: UserRole[]): Promise<{ readonly userId: string; readonly actor: string }> {
    const id = randomUUID();
    await this.storage.users.saveByEmail({ id, email: `${id}@example.org`, passwordHash: '-', roles });
    return { userId: id, actor: id };
  }

  /** What a client asks for who has the key of a demo account of the exchange. */
  async liveInput(name: string): Promise<AccountInput> {
    const { apiKey, secret } = await demoCredentials(this.simulator, name);
    return { ...paperInput, mode: 'LIVE', apiKey: apiKey.reveal(), secret: secret.reveal(), paperBalances: null };
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await this.client.query<Record<string, unknown>>(text, [...values]);
    return rows;
  }

  /** The store of accounts on a connection of its own, which writes down the statements that are run on it. */
  async recordedStore() {
    const dataSource = createDataSource({ url: this.database.url, migrations });
    const statements: string[] = [];
    const nothing = (): void => undefined;
    const logQuery = (query: string): void => {
      statements.push(query);
    };
    const logger = { logQuery, logQueryError: nothing, logQuerySlow: nothing, logSchemaBuild: nothing };
    dataSource.setOptions({ logging: true, logger: { ...logger, logMigration: nothing, log: nothing } });
    await dataSource.initialize();
    return {
      store: new AccountStore({ dataSource, readers: new Readers({ dataSource }) }),
      statements,
      close: () => dataSource.destroy(),
    };
  }

  #check(isTestnet: boolean): KeyCheck {
    return new KeyCheck({ openLive: (account) => this.#livePorts().open(account), isTestnet: () => isTestnet });
  }

  #livePorts() {
    const { restUrl, wsUrl } = this.simulator;
    return createTradingPorts({
      settings: [{ id: 'simulator', ccxtId: 'binance', sandbox: false, restUrl, wsUrl }],
      clock: Date.now,
      random: Math.random,
      logger,
      metrics: createMetrics(),
      answerTimeoutMs: 5_000,
    });
  }
}

export const paperInput: AccountInput = {
  label: 'main',
  exchange: 'simulator',
  mode: 'PAPER',
  currency: 'USDT',
  apiKey: null,
  secret: null,
  passphrase: null,
  paperBalances: [{ currency: 'USDT', amount: '1000' }],
};

function vaultOf(keys: Keys) {
  return new CredentialVault(new KeyEncryptionKeys(keys));
}
