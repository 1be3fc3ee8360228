import type { RunRows } from '../trading/runRows';

/** A column as an export gives it. */
interface ExportedColumn {
  readonly name: string;
  /** Its value in SQL, of a row `t`: exact numbers and times as text. */
  readonly value: string;
}

export interface ExportedColumns {
  readonly given: readonly ExportedColumn[];
  /** Names of those that are left out because they are secrets, or made of some. */
  readonly withheld: readonly string[];
  /** The first time that every row has, to give the newest first; null where there is none. */
  readonly newestBy: string | null;
}

/** By their names: the secret of a table that nobody has thought of yet is rather left out. */
const secretName =
  /(^|_)(password|secret|seed|hash|token|salt|nonce|ciphertext|wrapped|private|recovery|otp|totp)(_|$)/;

/** What JSON says as exactly. */
const plainTypes: ReadonlySet<string> = new Set(['text', 'uuid', 'bool', 'int2', 'int4', 'json', 'jsonb', '_text']);

const isoTime = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** An entry tells who did it and from where; of others than the user that is theirs. $1: the user's id. */
const isOwnDeed = `(t.actor !~ '^[0-9a-f]{8}-' OR t.actor = $1::uuid::text
  OR t.actor IN (SELECT id::text FROM api_keys WHERE user_id = $1::uuid))`;
const othersShare: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  audit_entries: {
    actor: `CASE WHEN ${isOwnDeed} THEN t.actor ELSE 'somebody else' END`,
    ip: `CASE WHEN ${isOwnDeed} THEN t.ip END`,
    user_agent: `CASE WHEN ${isOwnDeed} THEN t.user_agent END`,
  },
};

/** The columns of these tables, as the catalogue says now. */
export async function readExportedColumns(
  run: RunRows,
  tables: readonly string[],
): Promise<ReadonlyMap<string, ExportedColumns>> {
  const rows = await run(
    `SELECT attrelid::regclass::text AS "table", attname AS name, quote_ident(attname) AS quoted, typname AS type,
            attnotnull AS required
       FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
      WHERE attrelid = ANY ($1::text[]::regclass[]) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [[...tables]],
  );
  const found = new Map<string, Column[]>(tables.map((table) => [table, []]));
  for (const row of rows) found.get(row['table'] as string)?.push(row as unknown as Column);
  return new Map([...found].map(([table, columns]) => [table, arrange(table, columns)]));
}

interface Column {
  readonly name: string;
  readonly quoted: string;
  readonly type: string;
  readonly required: boolean;
}

function arrange(table: string, columns: readonly Column[]): ExportedColumns {
  const given = columns.filter((column) => !isSecret(column));
  return {
    given: given.map((column) => ({ name: column.name, value: othersShare[table]?.[column.name] ?? valueOf(column) })),
    withheld: columns.filter(isSecret).map(({ name }) => name),
    newestBy: columns.find(({ type, required }) => type === 'timestamptz' && required)?.quoted ?? null,
  };
}

/** Bytes are hashes here, or sealed. */
function isSecret({ name, type }: Column): boolean {
  return type === 'bytea' || type === '_bytea' || secretName.test(name);
}

function valueOf({ quoted, type }: Column): string {
  const column = `t.${quoted}`;
  if (plainTypes.has(type)) return column;
  if (type === 'numeric') return `trim_scale(${column})::text`;
  if (type === 'timestamptz') return `to_char(${column} AT TIME ZONE 'UTC', ${isoTime})`;
  return type.startsWith('_') ? `${column}::text[]` : `${column}::text`;
}
