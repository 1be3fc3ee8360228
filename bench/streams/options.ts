import { parseArgs } from 'node:util';

export interface Options {
  /** Null: all. */
  readonly rows: ReadonlySet<string> | null;
  readonly isQuick: boolean;
  readonly isWritten: boolean;
}

export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { rows: { type: 'string' }, quick: { type: 'boolean' }, write: { type: 'boolean' } },
  });
  return {
    rows: values.rows === undefined ? null : new Set(values.rows.split(',').map((row) => row.trim())),
    isQuick: values.quick ?? false,
    isWritten: values.write ?? false,
  };
}
