import type { DataSource } from 'typeorm';
import type { HealthState } from '../telemetry/health';
import { findExcessRights, findOwned, grantApplicationRights } from './applicationRole';
import type { ConnectionUrl } from './connectionOptions';
import { createDataSource, type MigrationClass } from './dataSource';
import { runningDatabaseUrl } from './embedded/credentials';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/embeddedPostgres';
import { migrate } from './migrate';
import { StorageError, firstLineOf, reasonOf } from './storageError';
import { PasswordStore } from './identity/passwordStore';
import { AccessRecords } from './identity/accessRecords';
import { UserAdministration } from './identity/userAdministration';
import { SecondFactorStore } from './identity/secondFactorStore';
import { SessionStore } from './identity/sessionStore';
import { SignInAddresses } from './identity/signInAddresses';
import { Readers } from './readers';
import { admitReaderRole } from './readerRole';
import { FollowedTable, type FollowedTableOptions } from './followedTable';
import { ApiKeyStore, readLiveApiKeys, type LiveApiKey } from './identity/apiKeyStore';
import { readRing, type RingReading } from './identity/signingKeyRecords';
import { SigningKeyStore } from './identity/signingKeyStore';
import { AuditEntries } from './audit/auditEntries';
import { AuditLinks } from './audit/auditLinks';
import { LockdownStore, lockdownChannel, readLockdown, type LockdownState } from './incidents/lockdownStore';
import { NoticeLedger } from './incidents/noticeLedger';
import { Revocations } from './incidents/revocations';
import { ErasureStore } from './privacy/erasureStore';
import { PersonalDataStore } from './privacy/personalDataStore';
import { PaperLedgerRepository } from './paper/paperLedger.repository';
import { AccountEvents } from './trading/accountEvents';
import { AccountNews, type AccountNewsOptions } from './trading/accountNews';
import { AccountStore } from './trading/accountStore';
import { ApprovalStore } from './trading/approvalStore';
import { CredentialStore } from './trading/credentialStore';
import { GrantStore } from './trading/grantStore';
import { LeaderLock } from './trading/leaderLock';
import { OrderQueries } from './trading/orderQueries';
import { PositionQueries } from './trading/positionQueries';
import { PnlStore } from './trading/pnlStore';
import { RiskStore } from './trading/riskStore';
import { TradeQueries } from './trading/tradeQueries';
import { TradingFigureStore } from './trading/tradingFigures';
import { TradingStore } from './trading/tradingStore';
import { UserChanges, type UserChangesOptions } from './userChanges';
import { UserRepository } from './user.repository';
import type { RunQuery } from './userStanding';

export interface StorageOptions {
  /** PostgreSQL to use; null starts the embedded one in `dataDir`. */
  readonly databaseUrl: string | null;
  /** The same database as the owner of its schema, who runs the migrations; left out, `databaseUrl` names the owner. */
  readonly ownerUrl?: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly migrations: readonly MigrationClass[];
  readonly onProgress: (message: string) => void;
  /** Ends an opening that is under way. */
  readonly signal: AbortSignal;
}

/** The database, open and with its schema up to date. */
export interface Storage {
  readonly users: UserRepository;
  readonly userAdministration: UserAdministration;
  readonly accessRecords: AccessRecords;
  readonly sessions: SessionStore;
  readonly passwords: PasswordStore;
  readonly secondFactors: SecondFactorStore;
  readonly signInAddresses: SignInAddresses;
  readonly apiKeys: ApiKeyStore;
  readonly signingKeys: SigningKeyStore;
  readonly trading: TradingStore;
  readonly tradingFigures: TradingFigureStore;
  readonly accounts: AccountStore;
  readonly orders: OrderQueries;
  readonly trades: TradeQueries;
  readonly positions: PositionQueries;
  readonly accountEvents: AccountEvents;
  readonly credentials: CredentialStore;
  readonly grants: GrantStore;
  readonly approvals: ApprovalStore;
  readonly risk: RiskStore;
  readonly pnl: PnlStore;
  readonly paper: PaperLedgerRepository;
  readonly personalData: PersonalDataStore;
  readonly erasures: ErasureStore;
  readonly auditEntries: AuditEntries;
  readonly auditLinks: AuditLinks;
  readonly lockdown: LockdownStore;
  readonly revocations: Revocations;
  readonly notices: NoticeLedger;
  /** To be released before the storage is stopped. */
  leaderLock(onLost: () => void): LeaderLock;
  /** Where it is, for the operator: no password. */
  readonly place: string;
  /** Resolves when an embedded server has ended by itself; never where DATABASE_URL is used. */
  readonly crashed: Promise<void>;
  /**
   * Lets connections be made with the password of this URL, once one was. False where it names another place or another role, which a start
   * alone takes. Throws StorageError where the database does not take it: then nothing has changed.
   */
  useUrl(url: string): Promise<boolean>;
  /** How many records each key-encryption key seals. */
  countSealed(): Promise<ReadonlyMap<string, number>>;
  /** Asks the database for one row. */
  check(): Promise<HealthState>;
  /** To be started, and stopped before the storage. */
  accountNews(options: AccountNewsOptions): AccountNews;
  /** To be started, and stopped before the storage. */
  signingKeyChanges(options: FollowedTableOptions<RingReading>): FollowedTable<RingReading>;
  /** To be started, and stopped before the storage. */
  apiKeyChanges(options: FollowedTableOptions<readonly LiveApiKey[]>): FollowedTable<readonly LiveApiKey[]>;
  /** To be started, and stopped before the storage. */
  lockdownChanges(options: FollowedTableOptions<LockdownState>): FollowedTable<LockdownState>;
  /** To be started, and stopped before the storage. */
  userChanges(options: UserChangesOptions): UserChanges;
  /** Closes connections, then stops an embedded server. May be called twice. */
  stop(): Promise<void>;
}

/** Opens the database and runs the migrations that are missing. Throws StorageError: a sentence and an exit status. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { databaseUrl, ownerUrl = null } = options;
  if (databaseUrl === null && ownerUrl !== null)
    throw new StorageError('MIGRATION_DATABASE_URL is given without DATABASE_URL: set both, or neither.');
  const embedded = databaseUrl === null ? await startEmbeddedPostgres(options) : null;
  const url = databaseUrl ?? embedded?.url ?? '';
  try {
    await runMigrations(url, { ...options, ownerUrl });
    return await toStorage({ url, embedded, migrations: options.migrations });
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

/** A database that is up: it is neither started nor brought up to date, nor stopped with what is opened here. Throws StorageError. */
export async function openRunningStorage({
  databaseUrl,
  dataDir,
}: Pick<StorageOptions, 'databaseUrl' | 'dataDir'>): Promise<Storage> {
  const url = databaseUrl ?? runningDatabaseUrl(dataDir);
  return toStorage({ url, embedded: null, migrations: [] });
}

/** How many records each key-encryption key seals, in a database that is up: it is neither started nor brought up to date. Throws StorageError. */
export async function countSealedRecords({
  databaseUrl,
  dataDir,
}: Pick<StorageOptions, 'databaseUrl' | 'dataDir'>): Promise<ReadonlyMap<string, number>> {
  const url = databaseUrl ?? runningDatabaseUrl(dataDir);
  const dataSource = await connect(url, { migrations: [] });
  try {
    return await countSealed(dataSource);
  } catch (error) {
    throw new StorageError(`The sealed keys in ${withoutCredentials(url)} cannot be counted (${reasonOf(error)}).`, {
      cause: error,
    });
  } finally {
    await dataSource.destroy();
  }
}

async function countSealed(dataSource: DataSource): Promise<ReadonlyMap<string, number>> {
  const counts = await Promise.all([
    new CredentialStore({ dataSource }).countByKey(),
    new SigningKeyStore({ dataSource }).countByKey(),
    new SecondFactorStore({ dataSource }).countByKey(),
  ]);
  const sums = new Map<string, number>();
  for (const [id, count] of counts.flatMap((each) => [...each])) sums.set(id, (sums.get(id) ?? 0) + count);
  return sums;
}

/** On a connection of their own: a migration may take longer than any statement of a request. */
async function runMigrations(
  url: string,
  options: StorageOptions & { readonly ownerUrl: string | null },
): Promise<void> {
  const { ownerUrl } = options;
  const role = await roleAt(url);
  const dataSource = await connect(ownerUrl ?? url, { ...options, hasStatementTimeout: false });
  const afterwards = async (): Promise<void> => {
    if (ownerUrl !== null) await confine(dataSource, role);
    await admitReaderRole((text, values) => dataSource.query(text, [...values]), role);
  };
  try {
    options.signal.throwIfAborted();
    await migrate({ dataSource, onProgress: options.onProgress, afterwards });
  } catch (error) {
    if (options.signal.aborted || error instanceof StorageError) throw error;
    throw new StorageError(
      `The schema of ${withoutCredentials(url)} cannot be brought up to date: ${firstLineOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await dataSource.destroy();
  }
}

async function roleAt(url: string): Promise<string> {
  const dataSource = await connect(url, { migrations: [] });
  try {
    const [row] = await dataSource.query<readonly { readonly role: string }[]>('SELECT current_user AS role');
    return row?.role ?? '';
  } finally {
    await dataSource.destroy();
  }
}

/** Lets the server's own role do what the server does, and nothing beyond. Throws StorageError where it can do more all the same. */
async function confine(owner: DataSource, role: string): Promise<void> {
  const run: RunQuery = (text, values) => owner.query(text, [...values]);
  // First: what is taken from the owner of a table is taken from the server that runs as its owner.
  const [owned] = await findOwned(run, role);
  if (owned === undefined) await grantApplicationRights(run, role);
  const excess = owned ?? (await findExcessRights(run, role))[0];
  if (excess !== undefined) {
    throw new StorageError(
      `The role ${role} of DATABASE_URL ${excess}: beside MIGRATION_DATABASE_URL, give the server a role of its own that does not.`,
    );
  }
}

async function connect(
  url: ConnectionUrl,
  options: { readonly migrations: readonly MigrationClass[]; readonly hasStatementTimeout?: boolean },
): Promise<DataSource> {
  try {
    return await createDataSource({ ...options, url }).initialize();
  } catch (error) {
    throw new StorageError(
      `PostgreSQL at ${withoutCredentials(typeof url === 'string' ? url : url())} cannot be used (${reasonOf(error)}).`,
      {
        cause: error,
      },
    );
  }
}

async function toStorage(parts: {
  readonly url: string;
  readonly embedded: EmbeddedPostgres | null;
  readonly migrations: readonly MigrationClass[];
}): Promise<Storage> {
  const { embedded } = parts;
  let urlInUse = parts.url;
  const url = (): string => urlInUse;
  const dataSource = await connect(url, { migrations: parts.migrations });
  const readers = await openReaders(url).catch(async (error: unknown) => {
    await dataSource.destroy();
    throw error;
  });
  const place = withoutCredentials(parts.url);
  const pool: RunQuery = (text, values) => dataSource.query(text, [...values]);
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    const closed = await Promise.allSettled([readers.close(), dataSource.destroy()]);
    await embedded?.stop();
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  };
  return {
    users: new UserRepository({ dataSource }),
    userAdministration: new UserAdministration({ dataSource }),
    accessRecords: new AccessRecords({ dataSource }),
    sessions: new SessionStore({ dataSource, readers }),
    passwords: new PasswordStore({ dataSource }),
    secondFactors: new SecondFactorStore({ dataSource }),
    signInAddresses: new SignInAddresses({ dataSource }),
    apiKeys: new ApiKeyStore({ dataSource, readers }),
    signingKeys: new SigningKeyStore({ dataSource }),
    trading: new TradingStore({ dataSource, readers }),
    tradingFigures: new TradingFigureStore({ dataSource }),
    accounts: new AccountStore({ dataSource, readers }),
    orders: new OrderQueries({ readers }),
    trades: new TradeQueries({ readers }),
    positions: new PositionQueries({ readers }),
    accountEvents: new AccountEvents({ dataSource, readers }),
    credentials: new CredentialStore({ dataSource }),
    grants: new GrantStore({ dataSource }),
    approvals: new ApprovalStore({ dataSource }),
    risk: new RiskStore({ dataSource, readers }),
    pnl: new PnlStore({ readers }),
    paper: new PaperLedgerRepository({ dataSource }),
    personalData: new PersonalDataStore({ dataSource }),
    erasures: new ErasureStore({ dataSource }),
    auditEntries: new AuditEntries({ dataSource }),
    auditLinks: new AuditLinks({ dataSource }),
    lockdown: new LockdownStore({ dataSource }),
    revocations: new Revocations({ dataSource }),
    notices: new NoticeLedger({ dataSource }),
    leaderLock: (onLost) => new LeaderLock({ url, onLost }),
    place: embedded === null ? place : `${place} (embedded, process ${embedded.pid})`,
    crashed: embedded?.crashed ?? new Promise<void>(() => undefined),
    useUrl: async (next) => {
      if (withoutPassword(next) !== withoutPassword(urlInUse)) return false;
      if (next !== urlInUse) await (await connect(next, { migrations: [] })).destroy();
      urlInUse = next;
      return true;
    },
    countSealed: () => countSealed(dataSource),
    check: () => checkHealth(dataSource),
    accountNews: (options) => new AccountNews({ ...options, url, pool }),
    signingKeyChanges: (options) =>
      new FollowedTable({
        ...options,
        name: 'signing keys',
        channel: 'tickgate_signing_keys',
        read: readRing,
        url,
        pool,
      }),
    apiKeyChanges: (options) =>
      new FollowedTable({
        ...options,
        name: 'API keys',
        channel: 'tickgate_api_keys',
        read: readLiveApiKeys,
        url,
        pool,
      }),
    lockdownChanges: (options) =>
      new FollowedTable({
        ...options,
        name: 'lockdown',
        channel: lockdownChannel,
        read: readLockdown,
        url,
        pool,
      }),
    userChanges: (options) => new UserChanges({ ...options, url, pool }),
    stop: () => (stopping ??= stop()),
  };
}

async function openReaders(url: () => string): Promise<Readers> {
  try {
    return await Readers.open(url);
  } catch (error) {
    throw new StorageError(
      `PostgreSQL at ${withoutCredentials(url())} cannot be read on behalf of users (${reasonOf(error)}).`,
      { cause: error },
    );
  }
}

async function checkHealth(dataSource: DataSource): Promise<HealthState> {
  try {
    await dataSource.query('SELECT 1');
    return { name: 'database', healthy: true, detail: 'answers' };
  } catch (error) {
    return { name: 'database', healthy: false, detail: reasonOf(error) };
  }
}

function withoutPassword(url: string): string {
  const changed = new URL(url);
  changed.password = '';
  return changed.href;
}

/** host:port/database of a connection URL. */
function withoutCredentials(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}
