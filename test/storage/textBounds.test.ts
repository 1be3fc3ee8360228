import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { mainBounds } from '../../src/security/inputBounds';
import { fillTables } from '../kit/filledTables';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';

/** Texts without a bound, and why. */
const unbounded: Readonly<Record<string, string>> = {
  'reconciliations.differences': 'written by the server, one line a difference that was found',
};

interface TextColumn {
  readonly table: string;
  readonly column: string;
  /** Its CHECKs, as PostgreSQL writes them. */
  readonly checks: readonly string[];
  /** Of varchar(n). */
  readonly declared: number | null;
}

let database: TestDatabase;
let operator: Client;
let columns: readonly TextColumn[];

beforeAll(async () => {
  database = await startTestDatabase();
  operator = new Client({ connectionString: database.url });
  await operator.connect();
  const { rows } = await operator.query<TextColumn>(`
    SELECT c.table_name AS "table", c.column_name AS "column", c.character_maximum_length AS declared,
      ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid
        WHERE k.contype = 'c' AND k.convalidated AND k.conrelid = c.table_name::regclass
          AND a.attname = c.column_name AND k.conkey = ARRAY[a.attnum]) AS checks
      FROM information_schema.columns c
      WHERE c.table_schema = 'public' AND c.udt_name IN ('text', '_text', 'varchar', '_varchar', 'bpchar', 'name')
        -- TypeORM's own.
        AND c.table_name <> 'schema_migrations'
      ORDER BY 1, 2`);
  columns = rows;
});

afterAll(async () => {
  await operator.end();
  await database.stop();
});

/** Characters that a CHECK lets a column have; `words` where it has to be one of a list, or a public key, of which each is as long as another. */
function boundOf({ checks, declared }: TextColumn): number | 'words' | null {
  if (checks.some((check) => /= ANY \(ARRAY\[|<@ ARRAY\[|~ '\^-----BEGIN/.test(check))) return 'words';
  const bounds = checks.flatMap((check) => [...check.matchAll(/char_length\(.+?\) <= \(?(\d+)(?: \* (\d+))?/g)]);
  const [smallest] = bounds.map(([, to, times]) => Number(to) * Number(times ?? 1)).sort((a, b) => a - b);
  return smallest ?? declared;
}

it('lets no text be as long as it likes, but for those that are named here with a reason', () => {
  expect(columns.length).toBeGreaterThan(60);
  const free = columns.filter((column) => boundOf(column) === null).map(({ table, column }) => `${table}.${column}`);
  expect(free).toEqual(Object.keys(unbounded));
});

it('holds what users are let send to no more than the server does', () => {
  const stated = (place: string, name: string): number => mainBounds[place]?.[name]?.to ?? 0;
  const given: Readonly<Record<string, number>> = {
    'accounts.label': stated('CreateAccountInput', 'label'),
    'accounts.exchange': stated('CreateAccountInput', 'exchange'),
    'accounts.trading_state_reason': stated('Mutation.setTradingState', 'reason'),
    'trading_house.reason': stated('Mutation.setGlobalTradingState', 'reason'),
    'idempotency_keys.key': stated('CreateOrderInput', 'idempotencyKey'),
    'users.email': stated('Mutation.createUser', 'email'),
    'api_keys.label': stated('Mutation.createApiKey', 'label'),
    'orders.market_id': stated('Query.node', 'id'),
  };
  for (const [name, to] of Object.entries(given)) {
    const bound = boundOf(columns.find(({ table, column }) => `${table}.${column}` === name)!);
    expect([name, Number(bound)]).toEqual([name, expect.any(Number)]);
    expect([name, Number(bound) <= to, bound === 0]).toEqual([name, true, false]);
  }
});

/** The SQLSTATE and the constraint that a statement is refused with; nothing of it stays. */
async function refusalOf(text: string, values: readonly unknown[]): Promise<readonly unknown[]> {
  await operator.query('BEGIN');
  try {
    await operator.query(text, [...values]);
    return [];
  } catch (error) {
    const { code, constraint } = error as { readonly code?: string; readonly constraint?: string };
    return [code, constraint];
  } finally {
    await operator.query('ROLLBACK');
  }
}

describe('with a row in every table', () => {
  beforeAll(async () => {
    const id = randomUUID();
    await operator.query(
      `INSERT INTO users (id, email, password_hash, roles) VALUES ($1, 'ada@example.org', '-', '{TRADER}')`,
      [id],
    );
    await fillTables(operator, { id, name: 'Ada' });
  });

  it('refuses one character more than a bound, by its own CHECK, and takes what is at the bound', async () => {
    const probed: string[] = [];
    for (const column of columns) {
      const bound = boundOf(column);
      if (typeof bound !== 'number' || (await isEmpty(column.table))) continue;
      const isList = column.table === 'api_keys' && column.column === 'allowed_ips';
      // One character each, of two UTF-16 units: characters are what is counted.
      const change = (length: number): Promise<readonly unknown[]> =>
        refusalOf(`UPDATE ${column.table} SET ${column.column} = $1`, [
          isList ? ['😀'.repeat(length)] : '😀'.repeat(length),
        ]);
      const name = `${column.table}.${column.column}`;
      expect([name, await change(bound + 1)]).toEqual([name, ['23514', expect.stringMatching(/_short$/)]]);
      expect([name, await change(bound)]).not.toEqual([name, ['23514', expect.anything()]]);
      probed.push(name);
    }
    expect(probed).toEqual(
      expect.arrayContaining(['accounts.label', 'users.email', 'idempotency_keys.key', 'trading_house.reason']),
    );
    expect(probed.length).toBeGreaterThan(40);
  });

  it('refuses more addresses of a key than it may have', async () => {
    const addresses = Array.from({ length: 21 }, (_, place) => `192.0.2.${String(place)}`);
    const change = (list: readonly string[]): Promise<readonly unknown[]> =>
      refusalOf('UPDATE api_keys SET allowed_ips = $1', [list]);
    expect(await change(addresses)).toEqual(['23514', 'api_keys_allowed_ips_short']);
    expect(await change(addresses.slice(1))).toEqual([]);
  });

  it('refuses an entry of the audit log that is too long, which nobody may change once it is written', async () => {
    const entry =
      'INSERT INTO audit_entries (at, actor, action, target, outcome, ip, user_agent) VALUES (now(), $1, $2, $3, $4, $5, $6)';
    const values = ['a', 'a', 'a', 'a', 'a', 'a'];
    const lengths = columns
      .filter(({ table }) => table === 'audit_entries')
      .map((column) => [column.column, Number(boundOf(column))] as const);
    expect(lengths).toHaveLength(values.length);
    for (const [column, bound] of lengths) {
      const place = ['actor', 'action', 'target', 'outcome', 'ip', 'user_agent'].indexOf(column);
      const withLength = (length: number) => refusalOf(entry, values.with(place, 'a'.repeat(length)));
      expect(await withLength(bound + 1)).toEqual(['23514', `audit_entries_${column}_short`]);
      expect(await withLength(bound)).toEqual([]);
    }
  });

  async function isEmpty(table: string): Promise<boolean> {
    return (await operator.query(`SELECT FROM ${table} LIMIT 1`)).rowCount === 0;
  }
});
