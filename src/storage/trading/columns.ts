import { toDecimalString } from '../../domain/decimal';
import type { HeldWrite } from './heldWrites';

/** How a value of a record is kept in its column. */
export type ColumnKind = 'text' | 'money' | 'time' | 'integer' | 'boolean' | 'json';

/** Which column holds which property of a record. */
export type Columns<Entry> = { readonly [Key in keyof Entry]-?: readonly [column: string, kind: ColumnKind] };

type Row = Readonly<Record<string, unknown>>;

/** Reads and writes the rows of one table as records. */
export class TableColumns<Entry extends object> {
  readonly #fields: readonly { readonly key: string; readonly column: string; readonly kind: ColumnKind }[];

  constructor(
    readonly table: string,
    columns: Columns<Entry>,
  ) {
    this.#fields = Object.entries<readonly [string, ColumnKind]>(columns).map(([key, [column, kind]]) => ({
      key,
      column,
      kind,
    }));
  }

  /** The list of a SELECT; `of` is the table's alias. */
  list(of = this.table): string {
    return this.#fields.map(({ column }) => `${of}.${column}`).join(', ');
  }

  read(row: Row): Entry {
    return Object.fromEntries(
      this.#fields.map(({ key, column, kind }) => [key, fromColumn(row[column], kind)]),
    ) as Entry;
  }

  /** An INSERT of one record and its values. */
  insertion(entry: Entry): { readonly text: string; readonly values: readonly unknown[] } {
    const places = this.#fields.map((_, index) => `$${String(index + 1)}`).join(', ');
    return {
      text: `INSERT INTO ${this.table} (${this.#fields.map(({ column }) => column).join(', ')}) VALUES (${places})`,
      values: this.#fields.map(({ key, kind }) => toColumn(Reflect.get(entry, key), kind)),
    };
  }

  /** An INSERT of many, or, where there is one of the same key, the UPDATE of all its columns. key: its columns. */
  upsert(entries: readonly Entry[], key: string): HeldWrite {
    const columns = this.#fields.map(({ column }) => column);
    const list = columns.join(', ');
    const replaced = columns.map((column) => `${column} = excluded.${column}`).join(', ');
    return {
      text: (first) => `INSERT INTO ${this.table} (${list})
        SELECT ${list} FROM jsonb_populate_recordset(NULL::${this.table}, $${String(first)}::jsonb)
        ON CONFLICT (${key}) DO UPDATE SET ${replaced}`,
      values: [JSON.stringify(entries.map((entry) => this.#toJson(entry)))],
    };
  }

  /** The SET list of an UPDATE for the properties that are given; its values begin at `$first`. */
  assignment(change: Partial<Entry>, first: number): { readonly text: string; readonly values: readonly unknown[] } {
    const changed = this.#fields.filter(({ key }) => key in change);
    return {
      text: changed.map(({ column }, index) => `${column} = $${String(first + index)}`).join(', '),
      values: changed.map(({ key, kind }) => toColumn(Reflect.get(change, key), kind)),
    };
  }

  #toJson(entry: Entry): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      this.#fields.map(({ key, column, kind }) => {
        const value: unknown = Reflect.get(entry, key);
        return [column, kind === 'json' ? value : toColumn(value, kind)];
      }),
    );
  }
}

function fromColumn(value: unknown, kind: ColumnKind): unknown {
  if (value === null || value === undefined) return null;
  if (kind === 'money') return toDecimalString(value);
  if (kind === 'time') return (value as Date).getTime();
  // Counters of an account stay far below 2^53; pg gives a bigint as text.
  if (kind === 'integer') return typeof value === 'string' ? Number.parseInt(value, 10) : value;
  return value;
}

function toColumn(value: unknown, kind: ColumnKind): unknown {
  if (value === null || value === undefined) return null;
  if (kind === 'time') return new Date(value as number);
  if (kind === 'json') return JSON.stringify(value);
  return value;
}
