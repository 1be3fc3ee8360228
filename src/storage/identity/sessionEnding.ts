import type { EpochMs } from '../../domain/marketData';
import { writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';

export type SessionEnd = 'SIGNED_OUT' | 'REVOKED' | 'REPLACED' | 'TOKEN_REUSED' | 'PASSWORD_CHANGED' | 'MFA_CHANGED';

interface Ending {
  readonly reason: SessionEnd;
  readonly at: EpochMs;
  /** Who ends it, for the audit log. */
  readonly actor: string;
  /** Where they asked from; null: on the host. */
  readonly ip: string | null;
}

/** Ends a session, within a transaction; the database tells every node. False where it has ended already. */
export async function endSession(run: RunRows, ending: Ending & { readonly sessionId: string }): Promise<boolean> {
  const which = { condition: 'id = $2', values: [ending.sessionId] };
  return (await end(run, ending, which)).length > 0;
}

/**
 * All of a user's but, perhaps, one, and every sign-in of theirs that has not become a session yet: such as waits for a second factor, or
 * was proven a moment ago. Gives the sessions that were ended.
 */
export async function endSessionsOf(
  run: RunRows,
  ending: Ending & { readonly userId: string; readonly except: string | null },
): Promise<readonly string[]> {
  const { userId, except } = ending;
  // First: a session that is being begun holds this row, and ends with the others.
  await run('UPDATE users SET session_generation = session_generation + 1 WHERE id = $1', [userId]);
  await run('DELETE FROM login_challenges WHERE user_id = $1', [userId]);
  return end(run, ending, { condition: 'user_id = $2 AND id IS DISTINCT FROM $3::uuid', values: [userId, except] });
}

/**
 * Everybody's, and every sign-in that has not become one yet: one statement each, however many there are, and one entry in the audit log
 * for all, which the caller writes. Gives how many sessions.
 */
export async function endAllSessions(run: RunRows): Promise<number> {
  await run('UPDATE trading_house SET session_generation = session_generation + 1 WHERE id = 1');
  await run('DELETE FROM login_challenges');
  const [ended] = await run(
    `WITH ended AS (UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = 'ALL_ENDED'
        WHERE revoked_at IS NULL RETURNING id) SELECT count(*)::int AS count FROM ended`,
  );
  return ended?.['count'] as number;
}

async function end(
  run: RunRows,
  { reason, at, actor, ip }: Ending,
  { condition, values }: { readonly condition: string; readonly values: readonly unknown[] },
): Promise<readonly string[]> {
  // A CTE: the driver would give an UPDATE's rows in another shape. The database's clock, by which nodes ask what ended of late.
  const rows = await run(
    `WITH ended AS (UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = $1
        WHERE revoked_at IS NULL AND ${condition} RETURNING id) SELECT id FROM ended`,
    [reason, ...values],
  );
  const ids = rows.map((row) => row['id'] as string);
  for (const id of ids) await writeAudit(run, { at, actor, ip, action: 'session.end', target: id, outcome: reason });
  return ids;
}
