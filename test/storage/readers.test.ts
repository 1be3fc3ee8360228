import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { migrations } from '../../migrations/migrations';
import { Readers } from '../../src/storage/readers';
import { readerRole } from '../../src/storage/readerRole';
import { openStorage, type Storage } from '../../src/storage/storage';
import { ownReader, type AccountReader } from '../../src/storage/trading/accountReader';
import { startDatabaseWithRoles, type DatabaseWithRoles } from '../kit/databaseRoles';
import { fillTables } from '../kit/filledTables';
import { OptionsPooler } from '../kit/optionsPooler';

/** What nobody owns, and every reader sees. */
const shared = ['trading_house'];

let database: DatabaseWithRoles;
let superuser: Client;
let readers: Readers;
const people = { Ada: randomUUID(), Bob: randomUUID() };

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
  await superuser.connect();
  for (const [name, id] of Object.entries(people)) {
    await superuser.query('INSERT INTO users (id, email, password_hash, roles) VALUES ($1, $2, $3, $4)', [
      id,
      `${name.toLowerCase()}@example.org`,
      'none',
      ['TRADER'],
    ]);
    await fillTables(superuser, { id, name });
  }
  readers = await Readers.open(database.serverUrl);
});

afterAll(async () => {
  await readers.close();
  await superuser.end();
  await database.stop();
});

async function textsOf(client: Client, text: string, values: readonly unknown[] = []): Promise<readonly string[]> {
  const { rows } = await client.query<{ text: string }>(text, [...values]);
  return rows.map((row) => row.text);
}

const isTable = `relnamespace = 'public'::regnamespace AND relkind = 'r'`;

/** The tables that the reader role may select from. */
const readable = (): Promise<readonly string[]> =>
  textsOf(
    superuser,
    `SELECT relname::text AS text FROM pg_class WHERE ${isTable} AND has_table_privilege($1, oid, 'SELECT') ORDER BY 1`,
    [readerRole],
  );

const rowsOf = async (client: Client, table: string): Promise<readonly string[]> =>
  (await textsOf(client, `SELECT to_jsonb(t)::text AS text FROM ${table} t`)).toSorted();

async function seenBy(reader: AccountReader, table: string): Promise<readonly string[]> {
  const rows = await readers.as(reader)(`SELECT to_jsonb(t)::text AS text FROM ${table} t`);
  return rows.map(({ text }) => text as string).toSorted();
}

it('lets a reader see their own rows of every table that it opens, and of no other, with no condition in the statement', async () => {
  const tables = (await readable()).filter((table) => !shared.includes(table));
  expect(tables).toEqual([
    'account_events',
    'account_grants',
    'accounts',
    'api_keys',
    'balances',
    'equity_days',
    'fills',
    'idempotency_keys',
    'ledger_entries',
    'order_transitions',
    'orders',
    'position_changes',
    'positions',
    'reconciliations',
    'sessions',
  ]);
  for (const table of tables) {
    const [ada, bob] = [await seenBy(ownReader(people.Ada), table), await seenBy(ownReader(people.Bob), table)];
    expect([table, ada.length, bob.length]).toEqual([table, 1, 1]);
    expect([...ada, ...bob].toSorted()).toEqual(await rowsOf(superuser, table));
    expect(ada).not.toEqual(bob);
    expect([table, await seenBy(ownReader(randomUUID()), table)]).toEqual([table, []]);
  }
});

it('opens what was granted, and all of it, to who reads that', async () => {
  const [analyst, account] = [randomUUID(), await textsOf(superuser, 'SELECT id::text AS text FROM accounts LIMIT 1')];
  await superuser.query(`INSERT INTO users (id, email, password_hash, roles) VALUES ($1, $2, 'none', '{ANALYST}')`, [
    analyst,
    'cleo@example.org',
  ]);
  await superuser.query('INSERT INTO account_grants (account_id, user_id, granted_at) VALUES ($1, $2, now())', [
    account[0],
    analyst,
  ]);
  const seen = async (as: Partial<AccountReader>): Promise<number> =>
    (await seenBy({ ...ownReader(analyst), ...as }, 'orders')).length;
  expect([await seen({}), await seen({ readsGranted: true }), await seen({ readsAll: true })]).toEqual([0, 1, 2]);
});

it('shows nothing to a connection on which nobody was named, and the next reader nothing of the one before', async () => {
  const client = new Client({ connectionString: database.serverUrl, options: `-c role=${readerRole}` });
  await client.connect();
  try {
    for (const table of await readable())
      if (!shared.includes(table)) expect([table, await rowsOf(client, table)]).toEqual([table, []]);
    await client.query(`SELECT set_config('tickgate.reads_all', 'true', false)`);
    expect(await rowsOf(client, 'orders')).toEqual([]);
  } finally {
    await client.end();
  }
  const all = await Promise.all(
    Array.from({ length: 60 }, async (_, turn) => {
      const id = turn % 2 === 0 ? people.Ada : people.Bob;
      const read = (await readers.as(ownReader(id))('SELECT owner_id FROM accounts')).map((row) => row.owner_id);
      const atOnce = await readers.atOnce(ownReader(id), (run) => run('SELECT owner_id FROM accounts'));
      const prepared = await readers.preparedAs(ownReader(id))('SELECT owner_id FROM accounts');
      return [...read, ...atOnce.map((row) => row.owner_id), ...prepared.map((row) => row.owner_id)].every(
        (owner) => owner === id,
      );
    }),
  );
  expect(all).toEqual(Array.from({ length: 60 }, () => true));
});

it('can write nothing, and read no table without a rule of whose its rows are', async () => {
  const refusal = async (text: string): Promise<unknown> =>
    readers
      .as(ownReader(people.Ada))(text)
      .then(
        () => null,
        (error: unknown) => (error as { readonly code: string }).code,
      );
  const [insufficientPrivilege, readOnly] = ['42501', '25006'];
  for (const table of [
    'users',
    'account_credentials',
    'totp_secrets',
    'refresh_tokens',
    'signing_keys',
    'audit_entries',
  ])
    expect([table, await refusal(`SELECT * FROM ${table}`)]).toEqual([table, insufficientPrivilege]);
  expect(await refusal('UPDATE orders SET amount = 1')).toBe(readOnly);
  const rights = await textsOf(
    superuser,
    `SELECT relname || ' ' || verb AS text FROM pg_class, unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS verb
      WHERE ${isTable} AND has_table_privilege($1, pg_class.oid, verb)`,
    [readerRole],
  );
  expect(rights).toEqual([]);
  const unguarded = await textsOf(
    superuser,
    `SELECT relname::text AS text FROM pg_class
      WHERE ${isTable} AND has_table_privilege($1, oid, 'SELECT') AND NOT relrowsecurity`,
    [readerRole],
  );
  expect(unguarded).toEqual([]);
});

it('becomes the reader whatever else the URL says of connections', async () => {
  const url = new URL(database.serverUrl);
  url.searchParams.set('options', '-c search_path=public -c role=none -c default_transaction_read_only=off');
  const others = await Readers.open(url.href);
  try {
    expect(await others.as(ownReader(people.Ada))('SELECT owner_id FROM accounts')).toEqual([{ owner_id: people.Ada }]);
    const [row] = await others.as(ownReader(people.Ada))(`SELECT current_setting('search_path') AS path`);
    expect(row).toEqual({ path: 'public' });
  } finally {
    await others.close();
  }
});

it.each([
  ['neither the role nor that it only reads', () => ''],
  ['the role alone', (options: string) => options.replace(`-c role=${readerRole}`, '')],
  ['that it only reads alone', (options: string) => options.replace('-c default_transaction_read_only=on', '')],
])('does not read through a pooler that leaves out of what it is asked for: %s', async (_name, change) => {
  const url = new URL(database.serverUrl);
  const pooler = await OptionsPooler.start(Number(url.port), change);
  url.port = String(pooler.port);
  await expect(Readers.open(url.href)).rejects.toThrow(`connections do not become ${readerRole}, or may write`);
  expect(pooler.changed).toBeGreaterThan(0);
  await pooler.stop();
});

it('takes away at the start what somebody has granted the role by hand', async () => {
  await superuser.query(`GRANT SELECT ON users TO ${readerRole}; GRANT INSERT ON orders TO ${readerRole}`);
  await (await open(database.serverUrl, database.ownerUrl)).stop();
  expect(await readable()).not.toContain('users');
});

it('does not start for a server that may not take the role on, and says what to run', async () => {
  await superuser.query(`REVOKE ${readerRole} FROM "${database.serverRole}"`);
  const refused = open(database.serverUrl, database.ownerUrl);
  await expect(refused).rejects.toThrow(
    `run "GRANT tickgate_reader TO "${database.serverRole}";" once as a superuser.`,
  );
  await superuser.query(`GRANT ${readerRole} TO "${database.serverRole}"`);
  await (await open(database.serverUrl, database.ownerUrl)).stop();
});

it('makes the role where the owner may make roles', async () => {
  await superuser.query(`DROP OWNED BY ${readerRole}; DROP ROLE ${readerRole}`);
  const making = `CREATE ROLE tickgate_reader NOLOGIN; GRANT tickgate_reader TO "${database.serverRole}"`;
  await expect(open(database.serverUrl, database.ownerUrl)).rejects.toThrow(`run "${making};" once as a superuser.`);
  await superuser.query('ALTER ROLE tickgate CREATEROLE');
  const storage = await open(database.serverUrl, database.ownerUrl);
  const keys = await storage.apiKeys.live(people.Ada, Date.now());
  await storage.stop();
  expect(keys.map(({ label }) => label)).toEqual(['label of Ada']);
});
