import type { ClientBase } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import type { ConnectionUrl } from './connectionOptions';
import { createDataSource } from './dataSource';
import { readerRole } from './readerRole';
import type { AccountReader } from './trading/accountReader';
import { preparedOn, type RunRows } from './trading/runRows';

/**
 * Reads on behalf of a user. Whose rows may be read stands in each statement; here the database holds the same a second time, by row level
 * security: on connections that were opened as a role of their own, which may only read, and where somebody is named before each read. A
 * statement that forgot its condition finds nothing of others.
 */
export class Readers {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Opens the connections. Rejects where the role is missing, or is not this server's to take on. */
  static async open(url: ConnectionUrl): Promise<Readers> {
    const dataSource = await createDataSource({ url, migrations: [], role: readerRole }).initialize();
    const [taken] = await dataSource.query<readonly { readonly role: string; readonly readonly: string }[]>(
      `SELECT current_user AS role, current_setting('default_transaction_read_only') AS readonly`,
    );
    if (taken?.role === readerRole && taken.readonly === 'on') return new Readers({ dataSource });
    await dataSource.destroy();
    throw new Error(`connections do not become ${readerRole}, or may write`);
  }

  as(reader: AccountReader): RunRows {
    return (text, values = []) => this.#holding(reader, (runner) => runner.query(text, [...values]) as Promise<Rows>);
  }

  /** For texts that are few and come often: `runRows.ts`. */
  preparedAs(reader: AccountReader): RunRows {
    return (text, values) => this.#holding(reader, (_runner, connection) => preparedOn(connection)(text, values));
  }

  /** Everything as it was at one moment. */
  atOnce<T>(reader: AccountReader, read: (run: RunRows) => Promise<T>): Promise<T> {
    return this.parts.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const connection = (await manager.queryRunner?.connect()) as ClientBase;
      await name(connection, reader);
      return read((text, values = []) => manager.query(text, [...values]));
    });
  }

  close(): Promise<void> {
    return this.parts.dataSource.destroy();
  }

  async #holding(
    reader: AccountReader,
    read: (runner: QueryRunner, connection: ClientBase) => Promise<Rows>,
  ): Promise<Rows> {
    const runner = this.parts.dataSource.createQueryRunner();
    try {
      const connection = (await runner.connect()) as ClientBase;
      await name(connection, reader);
      return await read(runner, connection);
    } finally {
      await runner.release();
    }
  }
}

type Rows = Awaited<ReturnType<RunRows>>;

/** Before every read: the connection still knows who was named before. */
async function name(connection: ClientBase, { userId, readsGranted, readsAll }: AccountReader): Promise<void> {
  await preparedOn(connection)(
    `SELECT set_config('tickgate.reader', $1, false), set_config('tickgate.reads_granted', $2, false),
       set_config('tickgate.reads_all', $3, false)`,
    [userId, String(readsGranted), String(readsAll)],
  );
}
