import type { DataSource } from 'typeorm';
import { createDataSource } from '../../../src/storage/dataSource';
import { hasDied, never, type Mortal } from './mortal';
import { isReading, type DatabaseWire } from './databaseWire';

/** What becomes of a connection between its opening and its release. */
export interface ConnectionFate {
  /** How long it takes to get it. */
  readonly openingMs: number;
  /** It breaks at this statement of it, counted from 1; null: it holds. */
  readonly breaksAt: number | null;
  /** Whether the statement at which it breaks is still executed. */
  readonly isExecuted: boolean;
}

/** The side of the database that a simulated node sees. */
export interface DatabaseSide extends Mortal {
  schedule(task: () => void, delayMs: number): () => void;
  fate(): ConnectionFate;
  /** Told of the connection that is being used; null when it is let go. */
  holds(connection: { abandon(): void } | null): void;
}

/** As pg takes one. */
interface PreparedQuery {
  readonly text: string;
  readonly values: readonly unknown[];
}

type Connected = (error: Error | null, connection: SimulatedConnection | null, release: () => void) => void;

/** One connection from its opening to its release, on the real one behind all of them. */
class SimulatedConnection {
  #count = 0;
  #isBroken = false;
  #transaction: 'asked for' | 'begun' | null = null;
  #release: (() => void) | null;

  constructor(
    private readonly wire: DatabaseWire,
    private readonly side: DatabaseSide,
    private readonly parts: { readonly fate: ConnectionFate; readonly release: () => void },
  ) {
    this.#release = parts.release;
    side.holds(this);
  }

  /** TypeORM listens for errors of idle connections. */
  on(): void {
    return;
  }

  removeListener(): void {
    return;
  }

  async query(asked: string | PreparedQuery, given?: readonly unknown[]): Promise<unknown> {
    const { text, values } = typeof asked === 'string' ? { text: asked, values: given } : asked;
    const { side } = this;
    this.#count += 1;
    if (hasDied(side)) return never;
    if (this.#isBroken) throw new Error('Connection terminated');
    const { breaksAt, isExecuted } = this.parts.fate;
    const breaksHere = this.#count === breaksAt;
    if (breaksHere && !isExecuted) return this.#break();
    const answer = await this.#run(text, values);
    if (hasDied(side)) return never;
    if (breaksHere) return this.#break();
    return answer;
  }

  /** Its node is gone or has given it back: whatever is not committed by now is undone. */
  abandon(): void {
    const release = this.#release;
    if (release === null) return;
    this.#release = null;
    this.side.holds(null);
    if (this.#transaction === 'begun') void this.wire.run('ROLLBACK').then(release);
    else release();
  }

  /** A transaction begins with the first thing that it writes: until then nobody else can come in between in any case. */
  async #run(text: string, values: readonly unknown[] = []): Promise<unknown> {
    if (text === 'START TRANSACTION' || text.startsWith('SET TRANSACTION')) {
      this.#transaction = 'asked for';
      return null;
    }
    const isEnd = text === 'COMMIT' || text === 'ROLLBACK';
    if (!isEnd && !isReading(text) && this.#transaction === 'asked for') {
      this.#transaction = 'begun';
      await this.wire.run('START TRANSACTION');
    }
    const answer = isEnd && this.#transaction !== 'begun' ? null : await this.wire.run(text, values);
    if (isEnd) this.#transaction = null;
    return answer;
  }

  #break(): never {
    this.#isBroken = true;
    throw new Error('Connection terminated unexpectedly');
  }
}

/** Stands in for pg's pool: connections that take their time, break, and are never heard of again by a node that died. */
class SimulatedPool {
  constructor(
    private readonly wire: DatabaseWire,
    private readonly side: () => DatabaseSide,
  ) {}

  on(): void {
    return;
  }

  connect(connected: Connected): void {
    const side = this.side();
    const fate = side.fate();
    const open = async (): Promise<void> => {
      const release = await this.wire.take();
      if (side.isDead) {
        release();
        return;
      }
      const connection = new SimulatedConnection(this.wire, side, { fate, release });
      connected(null, connection, () => {
        connection.abandon();
      });
    };
    if (fate.openingMs === 0) void open();
    else side.schedule(() => void open(), fate.openingMs);
  }

  end(done: () => void): void {
    done();
  }
}

/** TypeORM as the product opens it, over simulated connections. side: of the node that uses it now. */
export async function openSimulatedDataSource(wire: DatabaseWire, side: () => DatabaseSide): Promise<DataSource> {
  const dataSource = createDataSource({ url: 'postgres://simulated', migrations: [] });
  const Pool = SimulatedPool.bind(null, wire, side);
  Object.assign(dataSource.driver, { postgres: { Pool } });
  return dataSource.initialize();
}
