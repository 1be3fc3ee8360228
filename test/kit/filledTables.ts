import { randomBytes, randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { readPersonalTables } from '../../src/storage/privacy/personalTables';

interface Column {
  readonly name: string;
  readonly type: string;
}

type Row = Readonly<Record<string, unknown>>;

const noon = new Date(Date.UTC(2026, 0, 31, 12, 0, 0, 123));
const tomorrow = new Date(Date.now() + 86_400_000);

/** What a column may not hold just anything of, or what is to be known of it. */
const givenValues: Readonly<Record<string, unknown>> = {
  'accounts.approval': 'GIVEN',
  'accounts.mode': 'LIVE',
  'accounts.position_mode': 'ONE_WAY',
  'accounts.trading_state': 'ACTIVE',
  'orders.phase': 'CLOSED',
  'orders.origin': 'API',
  'ledger_entries.book': 'ASSETS',
  'incident_notices.state': 'SENT',
  'positions.side': 'LONG',
  'positions.closed_at': noon,
  'account_events.kind': 'order',
  'paper_accounts.position_mode': 'ONE_WAY',
  'paper_orders.status': 'CLOSED',
  'paper_transfers.kind': 'TRANSFER',
  'sessions.expires_at': tomorrow,
  'sessions.revoked_at': null,
  'sessions.revoked_reason': null,
  'api_keys.scopes': ['MARKET_READ'],
  'api_keys.created_at': new Date(),
  'api_keys.expires_at': tomorrow,
  'api_keys.revoked_at': null,
  'api_keys.public_key': `-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA${'A'.repeat(43)}=\n-----END PUBLIC KEY-----\n`,
};

/** Tables that are not filled: nobody who is there is in them, or the database fills them itself. */
const notFilled = ['users', 'deleted_users', 'audit_entries'];

/**
 * Writes a row of somebody into every table that may hold one, whichever those are by now, and gives the ids and the bytes of all these
 * rows. Every text tells whose it is.
 */
export async function fillTables(
  client: Client,
  person: { readonly id: string; readonly name: string },
): Promise<{ readonly ids: readonly string[]; readonly bytes: readonly Buffer[] }> {
  const run = async (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await client.query<Row>(text, [...values])).rows;
  const tables = (await readPersonalTables(run)).filter(({ name }) => !notFilled.includes(name));
  const filled = new Map<string, Row>([['users', { id: person.id }]]);
  for (let left = tables; left.length > 0;) {
    const ready = left.filter(({ ways }) => ways.every(({ to, columns }) => filled.has(to) || columns[0] === 'target'));
    if (ready.length === 0) throw new Error(`${left.map(({ name }) => name).join(', ')} wait for each other`);
    for (const { name, ways } of ready) {
      const references = ways.flatMap(({ columns, to, toColumns }) =>
        columns.map((column, place) => [column, filled.get(to)?.[toColumns[place] ?? '']] as const),
      );
      filled.set(name, await insert(run, name, { person: person.name, references: new Map(references) }));
    }
    left = left.filter((table) => !ready.includes(table));
  }
  const values = [...filled.values()].flatMap((row) => Object.values(row));
  return {
    ids: values.filter((value): value is string => typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value)),
    bytes: values.filter((value) => Buffer.isBuffer(value)),
  };
}

async function insert(
  run: (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>,
  table: string,
  { person, references }: { readonly person: string; readonly references: ReadonlyMap<string, unknown> },
): Promise<Row> {
  const columns = (await run(
    `SELECT column_name AS name, udt_name AS type FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name = $1 AND is_identity = 'NO'`,
    [table],
  )) as unknown as readonly Column[];
  const values = columns.map(({ name, type }) => {
    if (references.has(name)) return references.get(name);
    const given = givenValues[`${table}.${name}`];
    return given === undefined ? valueOf(type, `${name} of ${person}`) : given;
  });
  const list = columns.map(({ name }) => `"${name}"`).join(', ');
  const [row] = await run(
    `INSERT INTO ${table} (${list}) VALUES (${columns.map((_, place) => `$${place + 1}`).join(', ')}) RETURNING *`,
    values,
  );
  return row!;
}

function valueOf(type: string, text: string): unknown {
  switch (type) {
    case 'uuid':
      return randomUUID();
    case 'text':
      return text;
    case '_text':
      return [text];
    case 'jsonb':
      return JSON.stringify({ text });
    case 'bytea':
      return randomBytes(32);
    case 'bool':
      return false;
    case 'timestamptz':
      return noon;
    case 'numeric':
      return '1.500';
    case 'int2':
    case 'int4':
    case 'int8':
      return 1;
    default:
      throw new Error(`say in test/kit/filledTables.ts what a ${type} holds`);
  }
}
