import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Client } from 'pg';
import WebSocket from 'ws';
import { issueDevelopmentToken } from '../../src/cli/issueDevelopmentToken';
import type { Role } from '../../src/identity/principal';
import { limits } from '../../src/security/limits';
import type { ExportedTable } from '../../src/storage/privacy/personalDataStore';
import { keptTables } from '../../src/storage/privacy/erasureStore';
import { readPersonalTables } from '../../src/storage/privacy/personalTables';
import { openRunningStorage, type Storage } from '../../src/storage/storage';
import { newAccount } from '../../src/storage/trading/accountTable';
import { eventually } from '../kit/eventually';
import { fillTables } from '../kit/filledTables';
import { RawSocket } from '../kit/rawSocket';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: nothing of this is a question to an exchange. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const iso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

interface Export {
  readonly userId: string;
  readonly exportedAt: string;
  readonly tables: Readonly<Record<string, ExportedTable>>;
}

let server: RunningTickgate;
let operator: Client;
let storage: Storage;
/** What stands in every table of the trader, and of somebody else. */
let own: Awaited<ReturnType<typeof fillTables>>;
let others: Awaited<ReturnType<typeof fillTables>>;

beforeAll(async () => {
  server = await RunningTickgate.start('simulator', deadExchange);
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
  storage = await openRunningStorage({ databaseUrl: server.databaseUrl, dataDir: '/nowhere' });
  own = await fillTables(operator, { id: demoUser('TRADER').id, name: 'the trader' });
  others = await fillTables(operator, { id: demoUser('VIEWER').id, name: 'a stranger' });
}, 60_000);

afterAll(async () => {
  await storage.stop();
  await operator.end();
  await server.stop();
});

function demoUser(role: Role): { readonly id: string; readonly email: string; readonly password: string } {
  const user = server.tickgate.demo?.users.find((candidate) => candidate.role === role);
  if (user === undefined) throw new Error(`no demo user is ${role}`);
  return user;
}

/** Credentials without a sign-in, of which there are five a minute. */
async function signIn(role: Role): Promise<string> {
  return `Bearer ${(await issueDevelopmentToken({ config: server.config, role })).accessToken}`;
}

/** What a document gives, or the code of the first error. */
async function ask(
  query: string,
  authorization: string,
  options: { readonly path?: string; readonly variables?: unknown } = {},
): Promise<unknown> {
  const { data, errors } = await server.post<Record<string, unknown>>(query, { authorization, ...options });
  return errors?.[0]?.extensions['code'] ?? data;
}

async function exported(role: Role): Promise<Export> {
  const answer = await ask('mutation { exportMyData }', await signIn(role));
  return (answer as { readonly exportMyData: Export }).exportMyData;
}

async function erase(role: Role, password = demoUser(role).password): Promise<unknown> {
  const query = 'mutation ($password: String!) { eraseMyAccount(password: $password) }';
  return ask(query, await signIn(role), { variables: { password } });
}

async function login(email: string, password: string): Promise<unknown> {
  const query =
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { expiresAt } }';
  return ask(query, '', { path: '/auth/graphql', variables: { email, password } });
}

async function rows<Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return (await operator.query(text, [...values])).rows as readonly Row[];
}

/** How many rows of every table hold one of these texts, wherever it stands in them; tables without such a row are left out. */
async function holding(texts: readonly string[]): Promise<Record<string, number>> {
  const tables = await rows<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`);
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await rows<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${name} t
        WHERE EXISTS (SELECT FROM unnest($1::text[]) AS part WHERE strpos(lower(t::text), part) > 0)`,
      [texts],
    );
    if (row !== undefined && row.count > 0) found[name] = row.count;
  }
  return found;
}

function countsOf(tables: Export['tables']): Record<string, number> {
  const counted = Object.entries(tables).map(([name, { count }]) => [name, count] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

/** Every value of an export that is no list and no object. */
function leaves(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

const personalTables = (): ReturnType<typeof readPersonalTables> => readPersonalTables(rows);

/** Columns that, by their type or their name, hold the id of somebody or of something of theirs, and are no reference that is followed. */
async function unfollowed(): Promise<readonly string[]> {
  const followed = (await personalTables()).flatMap(({ name, ways }) =>
    ways.flatMap(({ columns }) => columns.map((column) => `${name}.${column}`)),
  );
  const columns = await rows<{ place: string }>(
    `SELECT table_name || '.' || column_name AS place FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name <> 'id'
        AND (udt_name IN ('uuid', '_uuid') OR column_name ~ '(^|_)(user|owner|actor|author|person|member|by)(_id)?$')`,
  );
  return columns.map(({ place }) => place).filter((place) => !followed.includes(place));
}

describe('an export', () => {
  it('has each row, of whatever table, that speaks of whoever asks, and none that speaks of others alone', async () => {
    const { id } = demoUser('TRADER');
    const accounts = await rows<{ id: string }>('SELECT id FROM accounts WHERE owner_id = $1', [id]);
    const sessions = await rows<{ id: string }>('SELECT id FROM sessions WHERE user_id = $1', [id]);
    const ids = [...own.ids, ...accounts.map((row) => row.id), ...sessions.map((row) => row.id)];
    // Trading goes on with the account of the demo: whole is what was the same before and after.
    const { before: expected, read } = await eventually(async () => {
      const before = await holding([...ids, 'of the trader']);
      const read = await storage.personalData.read(id, limits.export);
      return isDeepStrictEqual(await holding([...ids, 'of the trader']), before) && { before, read };
    });
    expect(countsOf(read)).toEqual(expected);
    expect(Object.keys(expected).length).toBeGreaterThan(20);
    for (const { rows: given, leftOut, count } of Object.values(read)) {
      expect([given.length, leftOut]).toEqual([count, 0]);
    }
    const all = await exported('TRADER');
    expect(Object.keys(all.tables)).toEqual(Object.keys(read));
    const text = JSON.stringify(all);
    expect(all.userId).toBe(id);
    const strange = [...others.ids, 'of a stranger', demoUser('VIEWER').email, demoUser('VIEWER').id];
    expect(strange.filter((part) => text.includes(part))).toEqual([]);
  });

  it('gives no secret, and names the columns that it leaves out', async () => {
    const all = await exported('TRADER');
    const text = JSON.stringify(all);
    const [user] = await rows<{ hash: string }>('SELECT password_hash AS hash FROM users WHERE id = $1', [all.userId]);
    const secrets = own.bytes.flatMap((bytes) => [bytes.toString('hex'), bytes.toString('base64')]);
    expect(secrets.length).toBeGreaterThan(10);
    expect([...secrets, user?.hash ?? ''].filter((secret) => text.includes(secret))).toEqual([]);
    const withheld = Object.entries(all.tables).flatMap(([name, table]) =>
      table.withheld.map((one) => `${name}.${one}`),
    );
    expect(withheld).toEqual(
      expect.arrayContaining([
        'users.password_hash',
        'account_credentials.wrapped_key',
        'account_credentials.ciphertext',
        'refresh_tokens.hash',
        'api_keys.hash',
        'password_resets.hash',
      ]),
    );
  });

  it('tells money as exact text and times in ISO-8601', async () => {
    const { tables } = await exported('TRADER');
    const [fill] = tables['fills']?.rows ?? [];
    expect(fill).toMatchObject({ price: '1.5', at: '2026-01-31T12:00:00.123Z' });
    const numbers = leaves(tables).filter((value) => typeof value === 'number');
    expect(numbers.filter((value) => !Number.isSafeInteger(value))).toEqual([]);
    const times = Object.values(tables).flatMap((table) => table.rows.map((row) => row['created_at']).filter(Boolean));
    expect(times.filter((time) => !iso.test(String(time)))).toEqual([]);
  });

  it('tells what others did to an account without who they were and where', async () => {
    const { id } = demoUser('ANALYST');
    await operator.query(
      `INSERT INTO audit_entries (at, actor, action, target, outcome, ip, user_agent)
        VALUES (now(), $1, 'user.roles', $2, 'ANALYST', '198.51.100.77', 'the browser of an admin')`,
      [demoUser('ADMIN').id, id],
    );
    const all = await exported('ANALYST');
    const entry = all.tables['audit_entries']?.rows.find(({ action }) => action === 'user.roles');
    expect(entry).toMatchObject({ actor: 'somebody else', outcome: 'ANALYST', ip: null, user_agent: null });
    expect(all.tables['audit_entries']?.rows).toContainEqual(
      expect.objectContaining({ action: 'user.export', actor: id, ip: '127.0.0.1' }),
    );
    expect(JSON.stringify(all)).not.toMatch(/198\.51\.100\.77|browser of an admin/);
  });

  it('has a table that came later, and what refers to that, without anybody thinking of it', async () => {
    const { id } = demoUser('AUDITOR');
    await operator.query(`
      CREATE TABLE diaries (number integer PRIMARY KEY, author uuid NOT NULL REFERENCES users, mood text, access_token text);
      CREATE TABLE diary_pages (diary integer NOT NULL REFERENCES diaries, follows integer REFERENCES diaries, text text);
      INSERT INTO diaries VALUES (1, '${id}', 'fine', 'a token'), (2, '${demoUser('VIEWER').id}', 'bad', 'another');
      INSERT INTO diary_pages VALUES (1, NULL, 'once'), (2, NULL, 'not mine'), (1, 1, 'twice')`);
    try {
      const { tables } = await exported('AUDITOR');
      expect(tables['diaries']).toEqual({
        count: 1,
        leftOut: 0,
        withheld: ['access_token'],
        rows: [{ number: 1, author: id, mood: 'fine' }],
      });
      expect(tables['diary_pages']?.rows.map(({ text }) => text).toSorted()).toEqual(['once', 'twice']);
    } finally {
      await operator.query('DROP TABLE diary_pages, diaries');
    }
  });

  it('says how much it left out where somebody has more than one answer holds, the oldest', async () => {
    const { id } = demoUser('TRADER');
    const read = (maxRowsPerTable: number, maxBytes: number) =>
      storage.personalData.read(id, { maxRowsPerTable, maxBytes });
    const whole = (await read(1_000, 1_000_000))['audit_entries'];
    const cut = (await read(2, 1_000_000))['audit_entries'];
    expect(whole?.count).toBeGreaterThan(2);
    expect(cut).toEqual({ ...whole, leftOut: (whole?.count ?? 0) - 2, rows: whole?.rows.slice(0, 2) });
    const none = await read(1_000, 1);
    for (const { count, leftOut, rows: given } of Object.values(none)) expect([leftOut, given]).toEqual([count, []]);
  });

  it('misses nothing that refers to somebody in another way than by a key: such a column is found here', async () => {
    expect(await unfollowed()).toEqual([]);
    await operator.query('CREATE TABLE notes (id integer, written_by text, about uuid)');
    try {
      expect([...(await unfollowed())].toSorted()).toEqual(['notes.about', 'notes.written_by']);
    } finally {
      await operator.query('DROP TABLE notes');
    }
  });

  it('is told of in docs/PRIVACY.md, table by table', async () => {
    const document = readFileSync(path.resolve(__dirname, '../../docs/PRIVACY.md'), 'utf8');
    const told = [...document.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, names]) =>
      [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    );
    expect(told.toSorted()).toEqual((await personalTables()).map(({ name }) => name).toSorted());
  });

  it('stands in the audit log', async () => {
    const { id } = demoUser('TRADER');
    const found = await rows(
      `SELECT actor, target, outcome, ip FROM audit_entries WHERE action = 'user.export' AND actor = $1`,
      [id],
    );
    expect(found).toContainEqual({ actor: id, target: id, outcome: 'given', ip: '127.0.0.1' });
  });
});

describe('erasing an account', () => {
  /** What is kept of the trader, but for the audit log, which goes on. */
  async function books(): Promise<unknown> {
    const counts = Object.entries(await holding(own.ids)).filter(([name]) => keptTables.has(name));
    const traded = `account_id = ANY ($1)`;
    return {
      counts: Object.fromEntries(counts.filter(([name]) => name !== 'audit_entries')),
      sums: await rows(
        `SELECT account_id, book, currency, sum(amount)::text, count(*) FROM ledger_entries WHERE ${traded} GROUP BY 1, 2, 3`,
        [own.ids],
      ),
      orders: await rows(`SELECT * FROM orders WHERE ${traded} ORDER BY id`, [own.ids]),
      fills: await rows(`SELECT * FROM fills WHERE ${traded} ORDER BY id`, [own.ids]),
    };
  }

  it('takes the password, and no more guesses of it than a sign-in does', async () => {
    const { id, email, password } = demoUser('ANALYST');
    // Five a minute, wherever they are made; of the five of the field itself these are three.
    for (let guess = 0; guess < 3; guess += 1) expect(await erase('ANALYST', 'not this')).toBe('LOGIN_FAILED');
    const guesses = [await login(email, 'nor this'), await login(email, 'nor that'), await login(email, password)];
    expect(guesses).toEqual(['LOGIN_FAILED', 'LOGIN_FAILED', 'RATE_LIMITED']);
    expect(await erase('ANALYST')).toBe('RATE_LIMITED');
    const found = await rows<{ outcome: string }>(
      `SELECT outcome FROM audit_entries WHERE actor = $1 AND action IN ('user.erase', 'eraseMyAccount') ORDER BY number`,
      [id],
    );
    expect(found.map(({ outcome }) => outcome)).toEqual([
      ...Array<string>(3).fill('refused: LOGIN_FAILED'),
      'refused: RATE_LIMITED',
    ]);
    expect(await rows('SELECT disabled, email FROM users WHERE id = $1', [id])).toEqual([{ disabled: false, email }]);
  });

  it('leaves the last admin', async () => {
    const { id, email } = demoUser('ADMIN');
    expect(await erase('ADMIN')).toBe('LAST_ADMIN');
    expect(await rows('SELECT disabled, email FROM users WHERE id = $1', [id])).toEqual([{ disabled: false, email }]);
  });

  it('waits until nothing is open on a LIVE account, and changes nothing before', async () => {
    const { id } = demoUser('TRADER');
    const before = [await books(), await rows('SELECT email, disabled, erased_at FROM users WHERE id = $1', [id])];
    const live = `account_id IN (SELECT id FROM accounts WHERE owner_id = '${id}' AND mode = 'LIVE')`;
    await operator.query(`UPDATE accounts SET removed_at = NULL WHERE mode = 'LIVE' AND owner_id = $1`, [id]);
    for (const [open, close, code] of [
      [`UPDATE orders SET phase = 'UNKNOWN'`, `UPDATE orders SET phase = 'CLOSED'`, 'ACCOUNT_HAS_ORDERS'],
      ['UPDATE positions SET closed_at = NULL', 'UPDATE positions SET closed_at = now()', 'ACCOUNT_HAS_POSITIONS'],
    ] as const) {
      await operator.query(`${open} WHERE ${live}`);
      expect(await erase('TRADER')).toBe(code);
      await operator.query(`${close} WHERE ${live}`);
    }
    expect([await books(), await rows('SELECT email, disabled, erased_at FROM users WHERE id = $1', [id])]).toEqual(
      before,
    );
  });

  it('ends everything that is open within a second, and leaves books, audit and nothing that names the person', async () => {
    const { id, email, password } = demoUser('TRADER');
    await operator.query(`UPDATE accounts SET label = $2, trading_state_reason = $2 WHERE owner_id = $1`, [
      id,
      `of ${email}`,
    ]);
    await operator.query(`UPDATE api_keys SET label = $2 WHERE user_id = $1`, [id, email]);
    await operator.query(`UPDATE idempotency_keys SET key = $2 WHERE owner_id = $1`, [id, email]);
    const told = JSON.stringify({ reason: email });
    await operator.query(
      `UPDATE account_events SET payload = $2 WHERE account_id IN (SELECT id FROM accounts WHERE owner_id = $1)`,
      [id, told],
    );
    expect(Object.keys(await holding([email])).toSorted()).toEqual([
      'account_events',
      'accounts',
      'api_keys',
      'idempotency_keys',
      'users',
    ]);
    const authorization = await signIn('TRADER');
    const key = await ask(
      `mutation { createApiKey(label: "bot", scopes: [ACCOUNT_READ], expiresAt: "${new Date(Date.now() + 3_600_000).toISOString()}") { secret } }`,
      authorization,
    );
    const bearer = `Bearer ${(key as { createApiKey: { secret: string } }).createApiKey.secret}`;
    const url = `${server.url.replace('http', 'ws')}/graphql`;
    const [socket, botSocket] = [await RawSocket.connect(url, authorization), await RawSocket.connect(url, bearer)];
    const before = await books();

    expect(await erase('TRADER')).toEqual({ eraseMyAccount: true });

    for (const open of [socket, botSocket]) {
      await eventually(() => open.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
      expect((await open.closed).code).toBe(4401);
    }
    for (const credentials of [authorization, bearer])
      expect(await ask('{ serverTime }', credentials)).toBe('UNAUTHENTICATED');
    expect(await login(email, password)).toBe('LOGIN_FAILED');
    expect(await holding([email])).toEqual({});
    expect(await books()).toEqual(before);

    const [user] = await rows('SELECT email, roles, disabled, mfa_enabled FROM users WHERE id = $1', [id]);
    expect(user).toEqual({ email: `${id}@erased.invalid`, roles: ['VIEWER'], disabled: true, mfa_enabled: false });
    await expect(operator.query('UPDATE users SET disabled = false WHERE id = $1', [id])).rejects.toMatchObject({
      code: '23514',
    });
    const accounts = await rows(
      'SELECT DISTINCT label, key_hint, trading_state_reason, removed_at IS NULL AS there FROM accounts WHERE owner_id = $1',
      [id],
    );
    expect(accounts).toEqual([{ label: 'erased', key_hint: null, trading_state_reason: null, there: false }]);
    const account = newAccount({
      id: randomUUID(),
      ownerId: id,
      label: 'asked for before',
      exchange: 'simulator',
      mode: 'PAPER',
      currency: 'USDT',
      positionMode: 'ONE_WAY',
      keyHint: null,
      createdAt: Date.now(),
    });
    const audit = { at: Date.now(), actor: id, action: 'account.create', target: account.id, outcome: 'made' };
    const tooLate = storage.accounts.insert({ account, credentials: null, maxAccounts: 20, audit });
    await expect(tooLate).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });

    const left = Object.keys(await holding([...own.ids, id, 'of the trader']));
    expect(left.filter((table) => !keptTables.has(table))).toEqual([]);
    expect((await holding(others.ids))['account_credentials']).toBe(1);
    expect(
      await rows(`SELECT outcome, ip FROM audit_entries WHERE action = 'user.erase' AND actor = $1`, [id]),
    ).toContainEqual({
      outcome: 'erased',
      ip: '127.0.0.1',
    });
    await eventually(async () => {
      const [waiting] = await rows<{ count: number }>(
        'SELECT count(*)::int AS count FROM audit_entries e WHERE NOT EXISTS (SELECT FROM audit_links l WHERE l.entry = e.number)',
      );
      return waiting?.count === 0;
    });
    const verified = await ask('{ verifyAuditLog { ok } }', await signIn('AUDITOR'));
    expect(verified).toEqual({ verifyAuditLog: { ok: true } });
  });
});
