import { migrations } from '../../migrations/migrations';
import { readCredentials } from '../../src/storage/embedded/credentials';
import { superuser } from '../../src/storage/embedded/cluster';
import { startEmbeddedPostgres } from '../../src/storage/embedded/embeddedPostgres';
import { openStorage, type Storage } from '../../src/storage/storage';
import { copyDatabase } from './databaseTemplate';
import { makeTemporaryDir } from './temporaryDir';

export interface TestDatabase {
  /** Connection URL of a database on a real PostgreSQL of its own. */
  readonly url: string;
  /** The same database as who may do everything in it. */
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL in a temporary folder: its schema is up to date, its tables are empty. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const temporary = makeTemporaryDir();
  await copyDatabase(temporary.dir);
  return startIn(temporary);
}

/** Starts a PostgreSQL that holds nothing, not even a schema: its files are made for it, which takes seconds. */
export async function startEmptyDatabase(): Promise<TestDatabase> {
  return startIn(makeTemporaryDir());
}

async function startIn(temporary: ReturnType<typeof makeTemporaryDir>): Promise<TestDatabase> {
  const server = await startEmbeddedPostgres({
    dataDir: temporary.dir,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const superuserUrl = new URL(server.url);
  superuserUrl.username = superuser;
  superuserUrl.password = readCredentials(temporary.dir, false).superuserPassword;
  return {
    url: server.url,
    superuserUrl: superuserUrl.href,
    stop: async () => {
      await server.stop();
      temporary.remove();
    },
  };
}

/** The storage room on a database of its own. */
export async function openTestStorage(): Promise<{
  readonly storage: Storage;
  readonly url: string;
  stop(): Promise<void>;
}> {
  const database = await startTestDatabase();
  const storage = await openStorage({
    databaseUrl: database.url,
    dataDir: '/nowhere',
    migrations,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return {
    storage,
    url: database.url,
    stop: async () => {
      await storage.stop();
      await database.stop();
    },
  };
}
