import { existsSync } from 'node:fs';
import path from 'node:path';
import { migrations } from '../../migrations/migrations';
import { Readers } from '../../src/storage/readers';
import { openStorage, type Storage, type StorageOptions } from '../../src/storage/storage';
import { StorageError } from '../../src/storage/storageError';
import { freePort } from '../kit/freePorts';
import { startEmptyDatabase, startTestDatabase, type TestDatabase } from '../kit/postgres';
import { makeTemporaryDir } from '../kit/temporaryDir';

function options(databaseUrl: string | null, dataDir: string): StorageOptions & { readonly progress: string[] } {
  const progress: string[] = [];
  return {
    databaseUrl,
    dataDir,
    migrations,
    progress,
    onProgress: (message) => progress.push(message),
    signal: new AbortController().signal,
  };
}

describe('with a database of the operator', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await startEmptyDatabase();
  });

  afterAll(async () => {
    await database.stop();
  });

  it('uses that and makes none of its own', async () => {
    const given = options(database.url, '/nowhere');
    const storage = await openStorage(given);
    expect(storage.place).toMatch(/^127\.0\.0\.1:\d+\/tickgate$/);
    expect(given.progress).toEqual([
      'bringing the schema up to date',
      ...migrations.map((migration) => `ran migration ${migration.name}`),
    ]);
    expect(await storage.check()).toMatchObject({ healthy: true });
    await Promise.all([storage.stop(), storage.stop()]);
  });

  it('tells by its health that the database is gone', async () => {
    const own = await startTestDatabase();
    const storage = await openStorage(options(own.url, '/nowhere'));
    expect(await storage.check()).toMatchObject({ healthy: true });
    await own.stop();
    expect(await storage.check()).toMatchObject({ name: 'database', healthy: false });
    await storage.stop();
  });

  it('says where it failed, without the password, where the password is wrong', async () => {
    const wrong = database.url.replace(/:[^:@]+@/, ':wrong-password@');
    const failure = await openStorage(options(wrong, '/nowhere')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageError);
    expect(failure).toMatchObject({ exitStatus: 69, message: expect.stringContaining('28P01') as unknown });
    expect(String(failure)).not.toContain('wrong-password');
  });
});

it('says so where nothing answers at the address', async () => {
  const opening = openStorage(options(`postgres://a:b@127.0.0.1:${await freePort()}/c`, '/nowhere'));
  await expect(opening).rejects.toThrow(/ECONNREFUSED/);
});

describe('with the embedded database', () => {
  let storage: Storage | undefined;
  const temporary = makeTemporaryDir();

  afterAll(async () => {
    await storage?.stop();
    temporary.remove();
  });

  it('starts it in the data folder and has the schema at once, and nothing to do the second time', async () => {
    const first = options(null, temporary.dir);
    await (await openStorage(first)).stop();
    expect(first.progress.join('\n')).toContain(temporary.dir);
    const second = options(null, temporary.dir);
    storage = await openStorage(second);
    expect(second.progress).toEqual([]);
    expect(await storage.users.findByEmail('nobody@example.com')).toBeNull();
    expect(storage.place).toContain('embedded');
  });

  it('is ended all the same where something else does not close, and that is told', async () => {
    const fault = new Error('of the test');
    const close = jest.spyOn(Readers.prototype, 'close').mockRejectedValueOnce(fault);
    await expect(storage!.stop()).rejects.toBe(fault);
    close.mockRestore();
    storage = undefined;
    // PostgreSQL takes it away when it ends.
    expect(existsSync(path.join(temporary.dir, 'postgres/postmaster.pid'))).toBe(false);
  });
});
