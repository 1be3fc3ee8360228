import type { Config } from '../config/config';
import { openRunningStorage, type Storage } from '../storage/storage';

export type StorageWork<Result> = (storage: Storage) => Promise<Result>;

/** Works with the database, which has to be up, and closes what it opened there whatever becomes of the work. Throws StorageError. */
export async function withRunningStorage<Result>(
  { database, dataDir }: Pick<Config, 'database' | 'dataDir'>,
  work: StorageWork<Result>,
): Promise<Result> {
  return withStorage(await openRunningStorage({ databaseUrl: database.url?.reveal() ?? null, dataDir }), work);
}

/** The same with one that is open. */
export async function withStorage<Result>(storage: Storage, work: StorageWork<Result>): Promise<Result> {
  try {
    return await work(storage);
  } finally {
    await storage.stop();
  }
}
