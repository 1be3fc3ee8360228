import { Client } from 'pg';
import { migrations } from '../../migrations/migrations';
import { appendOnlyTables } from '../../src/storage/applicationRole';
import { openStorage, type Storage } from '../../src/storage/storage';
import { startDatabaseWithRoles, type DatabaseWithRoles } from '../kit/databaseRoles';

let database: DatabaseWithRoles;
let superuser: Client;
let server: Client;

function open(databaseUrl: string, ownerUrl?: string): Promise<Storage> {
  return openStorage({
    databaseUrl,
    ...(ownerUrl === undefined ? {} : { ownerUrl }),
    dataDir: '/nowhere',
    migrations,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
}

beforeAll(async () => {
  database = await startDatabaseWithRoles();
  await (await open(database.serverUrl, database.ownerUrl)).stop();
  superuser = new Client({ connectionString: database.superuserUrl });
  server = new Client({ connectionString: database.serverUrl });
  await superuser.connect();
  await server.connect();
});

afterAll(async () => {
  await server.end();
  await superuser.end();
  await database.stop();
});

/** The SQLSTATE that the server's role is answered with; null where it is let do it. */
async function refusalOf(statement: string): Promise<string | null> {
  try {
    await server.query('BEGIN');
    await server.query(statement);
    return null;
  } catch (error) {
    return (error as { readonly code: string }).code;
  } finally {
    await server.query('ROLLBACK');
  }
}

const insufficientPrivilege = '42501';

it('lets the role of the server append to what is only ever appended to, and neither change it nor take it away', async () => {
  expect(appendOnlyTables.toSorted()).toEqual([
    'audit_entries',
    'audit_links',
    'fills',
    'ledger_entries',
    'order_transitions',
    'paper_fills',
    'paper_transfers',
    'position_changes',
  ]);
  // What refuses has to be the rights, and not the triggers that stand behind them.
  for (const table of ['audit_entries', 'audit_links'])
    await superuser.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  for (const table of appendOnlyTables) {
    const { rows } = await superuser.query<{ column: string }>(
      'SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped',
      [table],
    );
    expect(await refusalOf(`SELECT FROM ${table}`)).toBeNull();
    expect(await refusalOf(`INSERT INTO ${table} OVERRIDING USER VALUE SELECT * FROM ${table} WHERE false`)).toBeNull();
    for (const { column } of rows.filter((row) => `${table}.${row.column}` !== 'fills.order_id'))
      expect([table, column, await refusalOf(`UPDATE ${table} SET ${column} = DEFAULT`)]).toEqual([
        table,
        column,
        insufficientPrivilege,
      ]);
    for (const statement of [`DELETE FROM ${table}`, `TRUNCATE ${table}`])
      expect([statement, await refusalOf(statement)]).toEqual([statement, insufficientPrivilege]);
  }
  for (const table of ['audit_entries', 'audit_links'])
    await superuser.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`);
});

it.each([
  'CREATE TABLE more (id int)',
  'CREATE SCHEMA more',
  'CREATE ROLE more',
  'CREATE FUNCTION more() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE TRIGGER more BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()',
  'CREATE EXTENSION pgcrypto',
  'ALTER TABLE users ADD COLUMN more int',
  'ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only',
  'DROP TABLE sessions',
  'DROP FUNCTION refuse_audit_change()',
  'TRUNCATE sessions CASCADE',
  'DELETE FROM users',
  'DELETE FROM orders',
  'DELETE FROM accounts',
  'DELETE FROM signing_keys',
  'UPDATE account_events SET seq = 0',
  'UPDATE schema_migrations SET timestamp = 0',
  `SELECT setval('audit_entries_seq_seq', 1)`,
  `SET session_replication_role = 'replica'`,
  'SET ROLE tickgate',
])('refuses the role of the server: %s', async (statement) => {
  expect(await refusalOf(statement)).toBe(insufficientPrivilege);
});

it('opens as the role of the server alone, once the schema is up to date', async () => {
  const storage = await open(database.serverUrl);
  expect(await storage.check()).toMatchObject({ healthy: true });
  await storage.stop();
});

it.each([
  ['owns the schema', `GRANT tickgate TO "tickgate-server"`, `REVOKE tickgate FROM "tickgate-server"`],
  ['makes tables', 'GRANT CREATE ON SCHEMA public TO PUBLIC', 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'],
  ['changes the audit log', 'GRANT UPDATE ON audit_entries TO PUBLIC', 'REVOKE UPDATE ON audit_entries FROM PUBLIC'],
  ['is a superuser', `ALTER ROLE "tickgate-server" SUPERUSER`, `ALTER ROLE "tickgate-server" NOSUPERUSER`],
])('does not start for a role that could do more after all: one that %s', async (_, widen, narrow) => {
  await superuser.query(widen);
  await expect(open(database.serverUrl, database.ownerUrl)).rejects.toThrow('give the server a role of its own');
  await superuser.query(narrow);
  await (await open(database.serverUrl, database.ownerUrl)).stop();
});

it('does not start where both settings name the same role, or only the owner is named', async () => {
  await expect(open(database.ownerUrl, database.ownerUrl)).rejects.toThrow('give the server a role of its own');
  // And has taken nothing from the owner.
  const storage = await open(database.ownerUrl);
  expect(await storage.userAdministration.list(null)).toEqual([]);
  await storage.stop();
  await expect(
    openStorage({
      databaseUrl: null,
      ownerUrl: database.ownerUrl,
      dataDir: '/nowhere',
      migrations,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    }),
  ).rejects.toThrow('without DATABASE_URL');
});
