import { migrations } from '../../migrations/migrations';
import type { Config } from '../config/config';
import { openRunningStorage, openStorage, type Storage } from '../storage/storage';
import { StorageError } from '../storage/storageError';
import { withStorage, type StorageWork } from './runningStorage';

/** As `withRunningStorage`. The embedded database runs with its server; where that does not start for want of a key, the emergency is what makes it start. */
export async function withEmergencyStorage<Result>(
  config: Pick<Config, 'dataDir' | 'database'>,
  work: StorageWork<Result>,
): Promise<Result> {
  return withStorage(await open(config), work);
}

async function open({ dataDir, database }: Pick<Config, 'dataDir' | 'database'>): Promise<Storage> {
  const databaseUrl = database.url?.reveal() ?? null;
  try {
    return await openRunningStorage({ databaseUrl, dataDir });
  } catch (error) {
    if (databaseUrl !== null || !(error instanceof StorageError)) throw error;
    const { signal } = new AbortController();
    return openStorage({ databaseUrl, dataDir, migrations, onProgress: () => undefined, signal });
  }
}
