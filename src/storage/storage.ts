import type { DataSource } from 'typeorm';
import type { HealthState } from '../telemetry/health';
import { createDataSource, type MigrationClass } from './dataSource';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/embeddedPostgres';
import { migrate } from './migrate';
import { StorageError, firstLineOf, reasonOf } from './storageError';
import { UserChanges, type UserChangesOptions } from './userChanges';
import { UserRepository } from './user.repository';

export interface StorageOptions {
  /** PostgreSQL to use; null starts the embedded one in `dataDir`. */
  readonly databaseUrl: string | null;
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
  /** Where it is, for the operator: no password. */
  readonly place: string;
  /** Resolves when an embedded server has ended by itself; never where DATABASE_URL is used. */
  readonly crashed: Promise<void>;
  /** Asks the database for one row. */
  check(): Promise<HealthState>;
  /** To be started, and stopped before the storage. */
  userChanges(options: UserChangesOptions): UserChanges;
  /** Closes connections, then stops an embedded server. May be called twice. */
  stop(): Promise<void>;
}

/** Opens the database and runs the migrations that are missing. Throws StorageError: a sentence and an exit status. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { databaseUrl } = options;
  const embedded = databaseUrl === null ? await startEmbeddedPostgres(options) : null;
  const url = databaseUrl ?? embedded?.url ?? '';
  try {
    await runMigrations(url, options);
    const dataSource = await connect(url, options);
    return toStorage({ dataSource, embedded, url });
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

/** On a connection of their own: a migration may take longer than any statement of a request. */
async function runMigrations(url: string, options: StorageOptions): Promise<void> {
  const dataSource = await connect(url, { ...options, hasStatementTimeout: false });
  try {
    options.signal.throwIfAborted();
    await migrate({ dataSource, onProgress: options.onProgress });
  } catch (error) {
    if (options.signal.aborted) throw error;
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

async function connect(
  url: string,
  options: { readonly migrations: readonly MigrationClass[]; readonly hasStatementTimeout?: boolean },
): Promise<DataSource> {
  try {
    return await createDataSource({ url, ...options }).initialize();
  } catch (error) {
    throw new StorageError(`PostgreSQL at ${withoutCredentials(url)} cannot be used (${reasonOf(error)}).`, {
      cause: error,
    });
  }
}

function toStorage(parts: {
  readonly dataSource: DataSource;
  readonly embedded: EmbeddedPostgres | null;
  readonly url: string;
}): Storage {
  const { dataSource, embedded, url } = parts;
  const place = withoutCredentials(url);
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await dataSource.destroy();
    await embedded?.stop();
  };
  return {
    users: new UserRepository({ dataSource }),
    place: embedded === null ? place : `${place} (embedded, process ${embedded.pid})`,
    crashed: embedded?.crashed ?? new Promise<void>(() => undefined),
    check: () => checkHealth(dataSource),
    userChanges: (options) =>
      new UserChanges({ ...options, url, pool: (text, values) => dataSource.query(text, [...values]) }),
    stop: () => (stopping ??= stop()),
  };
}

async function checkHealth(dataSource: DataSource): Promise<HealthState> {
  try {
    await dataSource.query('SELECT 1');
    return { name: 'database', healthy: true, detail: 'answers' };
  } catch (error) {
    return { name: 'database', healthy: false, detail: reasonOf(error) };
  }
}

/** host:port/database of a connection URL. */
function withoutCredentials(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}
