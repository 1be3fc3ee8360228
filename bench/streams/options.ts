import { parseArgs } from 'node:util';

export interface Options {
  /** Null: all. */
  readonly rows: ReadonlySet<string> | null;
  readonly isQuick: boolean;
  readonly isWritten: boolean;
}

/** Throws where some rows alone would replace what was written of all. */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { rows: { type: 'string' }, quick: { type: 'boolean' }, write: { type: 'boolean' } },
  });
  if (values.write === true && values.rows !== undefined) throw new Error('--write is for all rows: leave out --rows.');
  return {
    rows: values.rows === undefined ? null : new Set(values.rows.split(',').map((row) => row.trim())),
    isQuick: values.quick ?? false,
    isWritten: values.write ?? false,
  };
}
