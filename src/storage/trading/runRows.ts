import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** Runs one statement and gives its rows. */
export type RunRows = (
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/**
 * Statements that come with every order: each connection keeps them parsed and planned, which costs a third of a new text. Only for
 * texts that are few: what is written anew for each request would fill the server's memory.
 */
export function preparedRows(source: DataSource): RunRows {
  return async (text, values) => {
    const runner = source.createQueryRunner();
    try {
      return await preparedOn((await runner.connect()) as ClientBase)(text, values);
    } finally {
      await runner.release();
    }
  };
}

/** The same on the connection of a transaction that has begun. */
export async function preparedRowsWithin(manager: EntityManager): Promise<RunRows> {
  return preparedOn((await manager.queryRunner?.connect()) as ClientBase);
}

/** The same on a connection that somebody holds. */
export function preparedOn(connection: ClientBase): RunRows {
  return async (text, values = []) => {
    const { rows } = await connection.query<Readonly<Record<string, unknown>>>({
      name: nameOf(text),
      text,
      values: [...values],
    });
    return rows;
  };
}

const names = new Map<string, string>();

/** A name of PostgreSQL has 63 characters at most. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
}
