import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DataSource } from 'typeorm';
import { migrations } from '../../migrations/migrations';
import { findProjectDir } from '../../src/config/processConfig';
import { createDataSource } from '../../src/storage/dataSource';
import { migrate } from '../../src/storage/migrate';
import { userRoles } from '../../src/storage/userRole';
import { startEmptyDatabase, type TestDatabase } from '../kit/postgres';

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await startEmptyDatabase();
  dataSource = await createDataSource({ url: database.url, migrations }).initialize();
});

afterAll(async () => {
  await dataSource.destroy();
  await database.stop();
});

/** Every column, constraint, index, trigger and function of our own, as PostgreSQL describes them. */
async function describeSchema(): Promise<unknown> {
  return dataSource.query(`
    SELECT table_name AS place, column_name || ' ' || data_type || ' ' || is_nullable || coalesce(' ' || column_default, '') AS what
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2`);
}

async function downAll(): Promise<void> {
  for (let count = 0; count < migrations.length; count += 1) await dataSource.undoLastMigration();
}

const silent = { onProgress: (): void => undefined };

it('goes up, down to nothing, and up to the same again', async () => {
  const done = await migrate({ dataSource, ...silent });
  expect(done).toEqual(migrations.map((migration) => migration.name));
  const first = await describeSchema();
  await downAll();
  const left: unknown = await dataSource.query(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'schema_migrations'
      UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
  );
  expect(left).toEqual([]);
  await migrate({ dataSource, ...silent });
  expect(await describeSchema()).toEqual(first);
});

it('is what the entities say', async () => {
  await migrate({ dataSource, ...silent });
  const difference = await dataSource.driver.createSchemaBuilder().log();
  expect(difference.upQueries.map((query) => query.query)).toEqual([]);
});

it('is brought up to date once where several processes start at the same moment', async () => {
  await migrate({ dataSource, ...silent });
  await downAll();
  const others = await Promise.all(
    [1, 2, 3].map(() => createDataSource({ url: database.url, migrations }).initialize()),
  );
  try {
    const done = await Promise.all(others.map((other) => migrate({ dataSource: other, ...silent })));
    expect(done.flat()).toEqual(migrations.map((migration) => migration.name));
  } finally {
    await Promise.all(others.map((other) => other.destroy()));
  }
});

it('needs no extension', async () => {
  await migrate({ dataSource, ...silent });
  expect(Reflect.get(dataSource.driver, 'uuidGenerator')).toBe('gen_random_uuid()');
  expect(await dataSource.query(`SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'`)).toEqual([]);
});

it('refuses roles that nobody knows, and users without one', async () => {
  await migrate({ dataSource, ...silent });
  const insert = (roles: string): Promise<unknown> =>
    dataSource.query(`INSERT INTO users (email, password_hash, roles) VALUES ('a@b.c', 'x', $1)`, [roles]);
  await expect(insert('{ROOT}')).rejects.toMatchObject({ code: '23514' });
  await expect(insert('{}')).rejects.toMatchObject({ code: '23514' });
  await expect(insert(`{${userRoles.join(',')}}`)).resolves.toBeDefined();
  await dataSource.query('DELETE FROM users');
});

it("is read by TypeORM's own command line", async () => {
  await migrate({ dataSource, ...silent });
  const args = [
    '--require',
    '@swc-node/register',
    'node_modules/typeorm/cli.js',
    'migration:show',
    '-d',
    'ormconfig.ts',
  ];
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: findProjectDir(),
    env: { PATH, HOME, DATABASE_URL: database.url },
  });
  expect(stdout).toMatch(new RegExp(`\\[X\\] \\d+ ${migrations[0].name}`));
});
