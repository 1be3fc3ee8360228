import { withRunningStorage } from '../../src/cli/runningStorage';
import { Secret } from '../../src/domain/secret';
import type { Storage } from '../../src/storage/storage';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';

let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
});

afterAll(async () => {
  await database.stop();
});

it.each([
  ['is done', () => Promise.resolve('done'), 'done'],
  ['fails', () => Promise.reject(new Error('of the work')), 'of the work'],
])(
  'closes what it opened where the work %s: a connection would keep the command from its end',
  async (_, end, told) => {
    const config = { database: { url: new Secret(database.url), migrationUrl: null }, dataDir: '/nowhere' };
    const find = ({ users }: Storage) => users.findByEmail('nobody@example.org');
    let opened: Storage | null = null;
    const work = withRunningStorage(config, async (storage) => {
      opened = storage;
      expect(await find(storage)).toBeNull();
      return end();
    });
    expect(await work.catch((error: unknown) => (error as Error).message)).toBe(told);
    await expect(find(opened!)).rejects.toThrow();
  },
);
