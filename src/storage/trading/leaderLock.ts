import { Client } from 'pg';
import { connectionOptions, type ConnectionUrl } from '../connectionOptions';

/** An arbitrary number that only this lock uses. */
const lockNumber = 7_146_301;

/** A leader that is heard of for so long no more (stopped, cut off) loses the lock: the database ends its connection. */
const silentForMs = 6_500;
const heartbeatMs = 1_000;

/**
 * At most one node leads trading at a time: an advisory lock of the database on a connection of its own, let go when that
 * connection ends. The lock alone could be held twice for a moment after a cut; the epoch in every write is what keeps an old leader out.
 */
export class LeaderLock {
  #client: Client | null = null;
  #heartbeat: NodeJS.Timeout | null = null;

  constructor(
    private readonly parts: {
      readonly url: ConnectionUrl;
      /** The connection is gone, and the lock with it. */
      readonly onLost: () => void;
    },
  ) {}

  /** True where this node holds it now. Rejects where the database does not answer. */
  async tryTake(): Promise<boolean> {
    if (this.#client !== null) return true;
    const client = new Client({
      keepAlive: true,
      application_name: 'tickgate leader',
      ...connectionOptions(this.parts.url),
    });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`SET idle_session_timeout = ${String(silentForMs)}`);
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockNumber]);
    if (rows[0]?.taken !== true) {
      await client.end();
      return false;
    }
    client.once('end', () => {
      if (this.#client !== client) return;
      this.#forget();
      this.parts.onLost();
    });
    this.#client = client;
    this.#heartbeat = setInterval(() => {
      // A connection that fails tells so by its end.
      client.query('SELECT 1').catch(() => undefined);
    }, heartbeatMs);
    return true;
  }

  async release(): Promise<void> {
    const client = this.#client;
    this.#forget();
    await client?.end();
  }

  #forget(): void {
    this.#client = null;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
  }
}
