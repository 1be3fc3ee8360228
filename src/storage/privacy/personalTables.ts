import type { RunRows } from '../trading/runRows';

/** Columns of a table that say which row of another it belongs to. Names are quoted for SQL. */
export interface Reference {
  readonly table: string;
  readonly columns: readonly string[];
  readonly to: string;
  readonly toColumns: readonly string[];
}

/** A table in which rows may belong to somebody, and every way from there towards its owner. */
export interface PersonalTable {
  readonly name: string;
  /** Empty of `users`, where every way ends. */
  readonly ways: readonly Reference[];
}

const root = 'users';

/**
 * What belongs to somebody and cannot say so by a foreign key. Everything else is found by its keys alone; a column that holds an id and is
 * neither makes a test fail (test/main/privacy.test.ts).
 */
const looseReferences: readonly Reference[] = [
  // The books of the simulated exchange are made before their account, and know nothing of it but its id.
  loose('paper_accounts', 'id', 'accounts'),
  // Beside the foreign keys of their orders and positions; checking them again would cost every order.
  loose('idempotency_keys', 'owner_id', 'users'),
  loose('order_attempts', 'account_id', 'accounts'),
  loose('position_changes', 'account_id', 'accounts'),
  // Its entries outlive what they speak of, and speak of many kinds of things.
  ...['users', 'api_keys'].map((to) => looseText('audit_entries', 'actor', to)),
  ...['users', 'accounts', 'orders', 'positions', 'sessions', 'api_keys'].map((to) =>
    looseText('audit_entries', 'target', to),
  ),
  // Written by the database when a user's row goes.
  loose('deleted_users', 'id', 'users'),
];

function loose(table: string, column: string, to: string): Reference {
  return { table, columns: [column], to, toColumns: ['id'] };
}

function looseText(table: string, column: string, to: string): Reference {
  return { table, columns: [column], to, toColumns: ['id::text'] };
}

/**
 * Every table that refers to users, be it by way of others (their accounts, the orders of those), as the catalogue of the database says now:
 * one that was added later is among them. `users` is the first; the others follow by their distance from it.
 */
export async function readPersonalTables(run: RunRows): Promise<readonly PersonalTable[]> {
  const references = [...(await readForeignKeys(run)), ...looseReferences];
  const reached: string[] = [root];
  for (const parent of reached) {
    const children = references.filter(({ to }) => to === parent).map(({ table }) => table);
    reached.push(...new Set(children.filter((table) => !reached.includes(table))));
  }
  return reached.map((name) => ({ name, ways: name === root ? [] : waysFrom(name, references, reached) }));
}

/** A reference of a table to itself leads nowhere else. */
function waysFrom(name: string, references: readonly Reference[], reached: readonly string[]): readonly Reference[] {
  return references.filter(({ table, to }) => table === name && to !== name && reached.includes(to));
}

async function readForeignKeys(run: RunRows): Promise<readonly Reference[]> {
  const named = (key: string, relation: string): string =>
    `ARRAY(SELECT quote_ident(a.attname) FROM unnest(c.${key}) WITH ORDINALITY AS k (number, place)
       JOIN pg_attribute a ON a.attrelid = c.${relation} AND a.attnum = k.number ORDER BY k.place)`;
  // Those of partitions repeat the one of their table.
  const rows = await run(
    `SELECT conrelid::regclass::text AS "table", ${named('conkey', 'conrelid')} AS columns,
            confrelid::regclass::text AS "to", ${named('confkey', 'confrelid')} AS "toColumns"
       FROM pg_constraint c WHERE contype = 'f' AND conparentid = 0 ORDER BY 1, conname`,
  );
  return rows as unknown as readonly Reference[];
}

/**
 * The conditions on the rows of a table of which one has to hold for a row to belong to the user whose id is $1: apart, so that each
 * can use an index of its own.
 */
export function conditionsOf(table: PersonalTable, tables: readonly PersonalTable[]): readonly string[] {
  return conditions(table, new Map(tables.map((each) => [each.name, each])), []);
}

function conditions(
  { name, ways }: PersonalTable,
  tables: ReadonlyMap<string, PersonalTable>,
  below: readonly string[],
): readonly string[] {
  if (name === root) return ['id = $1::uuid'];
  const owners = new Map<string, string[]>();
  for (const { columns, to, toColumns } of ways) {
    const parent = tables.get(to);
    // Tables that refer to each other in a circle: what leads back leads to nobody.
    if (parent === undefined || below.includes(to)) continue;
    const own = conditions(parent, tables, [...below, name]);
    if (own.length === 0) continue;
    const place = `(${columns.join(', ')})`;
    const rows = `SELECT ${toColumns.join(', ')} FROM ${to} WHERE ${own.map((each) => `(${each})`).join(' OR ')}`;
    owners.set(place, [...(owners.get(place) ?? []), rows]);
  }
  return [...owners].map(([place, rows]) => `${place} IN (${rows.join(' UNION ALL ')})`);
}

/** A statement that gives the place of each row that belongs to the user whose id is $1, once. */
export function ownRows({ name }: PersonalTable, ownConditions: readonly string[]): string {
  return ownConditions
    .map((condition) => `SELECT tableoid AS source, ctid AS place FROM ${name} WHERE ${condition}`)
    .join(' UNION ');
}
