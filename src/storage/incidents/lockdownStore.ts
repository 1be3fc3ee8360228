import type { DataSource } from 'typeorm';
import { holds, type LockdownLevel } from '../../domain/lockdown';
import type { EpochMs } from '../../domain/marketData';
import { endAllSessions } from '../identity/sessionEnding';
import { hashOfState, writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import type { RunQuery } from '../userStanding';

export interface LockdownState {
  readonly level: LockdownLevel;
  readonly reason: string | null;
  /** Null where nothing is locked. */
  readonly since: Date | null;
}

/** Who locks or unlocks, and when: for the audit log. */
export interface LockdownChange {
  readonly level: LockdownLevel;
  readonly reason: string;
  readonly actor: string;
  readonly at: EpochMs;
}

/** Longer than a node that stands still can keep what it has locked (`dataSource.ts`). */
const lockTimeoutMs = 10_000;

/** How far the service is locked: one row, which every node follows and every transaction of an order reads. */
export class LockdownStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  read(): Promise<LockdownState> {
    return readLockdown(this.#query);
  }

  /**
   * Waits for orders that are being taken in; those that follow see the new level. What begins with FULL ends every session and every
   * sign-in that waits for a second factor, in the same transaction. Gives how many sessions ended.
   */
  async set({ level, reason, actor, at }: LockdownChange): Promise<{ readonly sessions: number }> {
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      await run(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
      await run('LOCK TABLE trading_house IN EXCLUSIVE MODE');
      const before = await readLockdown(run);
      await run(
        `UPDATE trading_house SET lockdown = $1::text, lockdown_reason = $2,
           lockdown_since = CASE WHEN $1::text <> 'NONE' THEN coalesce(lockdown_since, clock_timestamp()) END WHERE id = 1`,
        [level, level === 'NONE' ? null : reason],
      );
      const isClosing = level === 'FULL' && !holds(before.level, 'FULL');
      const sessions = isClosing ? await endAllSessions(run) : 0;
      const after = await readLockdown(run);
      await writeAudit(run, {
        at,
        actor,
        action: 'service.lockdown',
        target: null,
        outcome: `${level}: ${reason}${isClosing ? ` (${sessions} sessions ended)` : ''}`,
        before: hashOf(before),
        after: hashOf(after),
      });
      return { sessions };
    });
  }

  /** How many nodes hear of a change as it is made. Those whose listening connection is lost just now are not among them. */
  async countListeners(): Promise<number> {
    const [row] = await this.#query(
      `SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'tickgate ${lockdownChannel}'`,
      [],
    );
    return row?.['count'] as number;
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

/** What the trigger of the migration tells changes on. */
export const lockdownChannel = 'tickgate_lockdown';

export async function readLockdown(query: RunQuery): Promise<LockdownState> {
  const rows = await query(
    'SELECT lockdown AS level, lockdown_reason AS reason, lockdown_since AS since FROM trading_house WHERE id = 1',
    [],
  );
  return rows[0] as LockdownState;
}

function hashOf({ level, reason }: LockdownState): Buffer {
  return hashOfState({ level, reason });
}
