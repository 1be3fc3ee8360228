import { migrations } from '../../migrations/migrations';
import { startEmbeddedPostgres } from '../../src/storage/embedded/embeddedPostgres';
import { openStorage, type Storage } from '../../src/storage/storage';
import { makeTemporaryDir } from './temporaryDir';

export interface TestDatabase {
  /** Connection URL of an empty database on a real PostgreSQL of its own. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL in a temporary folder: about a second. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const temporary = makeTemporaryDir();
  const server = await startEmbeddedPostgres({
    dataDir: temporary.dir,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      temporary.remove();
    },
  };
}

/** The storage room on a database of its own, its schema up to date. */
export async function openTestStorage(): Promise<{ readonly storage: Storage; stop(): Promise<void> }> {
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
    stop: async () => {
      await storage.stop();
      await database.stop();
    },
  };
}
