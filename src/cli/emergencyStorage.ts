import { migrations } from '../../migrations/migrations';
import type { Config } from '../config/config';
import { openRunningStorage, openStorage, type Storage } from '../storage/storage';
import { StorageError } from '../storage/storageError';

/** The embedded database runs with its server; where that does not start for want of a key, the emergency is what makes it start. */
export async function openEmergencyStorage({
  dataDir,
  database,
}: Pick<Config, 'dataDir' | 'database'>): Promise<Storage> {
  const databaseUrl = database.url?.reveal() ?? null;
  try {
    return await openRunningStorage({ databaseUrl, dataDir });
  } catch (error) {
    if (databaseUrl !== null || !(error instanceof StorageError)) throw error;
    const { signal } = new AbortController();
    return openStorage({ databaseUrl, dataDir, migrations, onProgress: () => undefined, signal });
  }
}
