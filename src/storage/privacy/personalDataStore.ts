import type { DataSource } from 'typeorm';
import type { RunRows } from '../trading/runRows';
import { readExportedColumns, type ExportedColumns } from './personalColumns';
import { conditionsOf, ownRows, readPersonalTables } from './personalTables';

/** What is kept of somebody in one table. */
export interface ExportedTable {
  /** How many rows there are. */
  readonly count: number;
  /** How many of them the limits of an export left out: the oldest. */
  readonly leftOut: number;
  /** Columns that are left out because they are secrets, or made of some. */
  readonly withheld: readonly string[];
  /** Money and 64-bit numbers as decimal strings, times in ISO-8601, the newest first. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export interface ExportLimits {
  readonly maxRowsPerTable: number;
  /** Of all tables together, as JSON. */
  readonly maxBytes: number;
}

/** Everything that the database keeps of a person. */
export class PersonalDataStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Every table that may hold something of somebody, as at one moment, those nearest to the user first; one without a row of theirs too. */
  read(userId: string, limits: ExportLimits): Promise<Readonly<Record<string, ExportedTable>>> {
    return this.parts.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const tables = await readPersonalTables(run);
      const columns = await readExportedColumns(
        run,
        tables.map(({ name }) => name),
      );
      const found: Record<string, ExportedTable> = {};
      let bytesLeft = limits.maxBytes;
      for (const table of tables) {
        const own = conditionsOf(table, tables);
        const shown = columns.get(table.name);
        if (own.length === 0 || shown === undefined) continue;
        const texts = await run(selection(table.name, ownRows(table, own), shown), [userId, limits.maxRowsPerTable]);
        const count = (texts[0]?.['count'] as number | undefined) ?? 0;
        const rows: Readonly<Record<string, unknown>>[] = [];
        for (const text of texts.map((row) => row['row'] as string)) {
          bytesLeft -= Buffer.byteLength(text);
          if (bytesLeft < 0) break;
          rows.push(JSON.parse(text) as Readonly<Record<string, unknown>>);
        }
        found[table.name] = { count, leftOut: count - rows.length, withheld: shown.withheld, rows };
      }
      return found;
    });
  }
}

/** Each row as JSON beside the number of all, at most $2 of them: what an export holds in memory is bounded before it is read. */
function selection(table: string, own: string, { given, newestBy }: ExportedColumns): string {
  const list = given.map(({ name, value }) => `${value} AS "${name.replaceAll('"', '""')}"`).join(', ');
  const order = newestBy === null ? 'own.place' : `t.${newestBy}`;
  return `
    WITH own AS MATERIALIZED (${own})
    SELECT (SELECT count(*)::int FROM own) AS count, row_to_json(r)::text AS row FROM (
      SELECT ${list} FROM own JOIN ${table} t ON t.ctid = own.place AND t.tableoid = own.source
      ORDER BY ${order} DESC LIMIT $2) r`;
}
