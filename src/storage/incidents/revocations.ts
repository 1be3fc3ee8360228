import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { endApiKeys } from '../identity/apiKeyStore';
import { endAllSessions, endSessionsOf } from '../identity/sessionEnding';
import { writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';

/** What is to end. userId: whose; null: everybody's. */
export interface Revocation {
  readonly userId: string | null;
  readonly sessions: boolean;
  readonly apiKeys: boolean;
  /** Tokens that set a password, and sign-ins that wait for a second factor. */
  readonly oneTimeTokens: boolean;
  /** Who ends it, and when: for the audit log. */
  readonly actor: string;
  readonly at: EpochMs;
}

/** How many of each have ended. */
export interface Revoked {
  readonly sessions: number;
  readonly apiKeys: number;
  readonly oneTimeTokens: number;
}

/** Takes from one user, or from everybody, what they are signed in with. The database tells every node, key by key and session by session. */
export class Revocations {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** All of it or nothing, in one transaction; one entry of the audit log tells of it, of one user each session and key as well. */
  async revoke(revocation: Revocation): Promise<Revoked> {
    const { userId, actor, at } = revocation;
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const revoked = {
        sessions: revocation.sessions ? await endSessions(run, revocation) : 0,
        apiKeys: revocation.apiKeys ? (await endApiKeys(run, { userId, actor, at, ip: null })).length : 0,
        oneTimeTokens: revocation.oneTimeTokens ? await voidTokens(run, userId) : 0,
      };
      await writeAudit(run, {
        at,
        actor,
        action: 'service.revoke',
        target: userId,
        outcome: `${userId === null ? 'everybody' : 'one user'}: ${describeRevoked(revoked)}`,
      });
      return revoked;
    });
  }
}

export function describeRevoked({ sessions, apiKeys, oneTimeTokens }: Revoked): string {
  return `${sessions} sessions, ${apiKeys} API keys, ${oneTimeTokens} one-time tokens ended`;
}

async function endSessions(run: RunRows, { userId, actor, at }: Revocation): Promise<number> {
  if (userId !== null)
    return (await endSessionsOf(run, { userId, except: null, reason: 'REVOKED', at, actor, ip: null })).length;
  return endAllSessions(run);
}

async function voidTokens(run: RunRows, userId: string | null): Promise<number> {
  const [voided] = await run(
    `WITH resets AS (DELETE FROM password_resets WHERE $1::uuid IS NULL OR user_id = $1 RETURNING user_id),
          challenges AS (DELETE FROM login_challenges WHERE $1::uuid IS NULL OR user_id = $1 RETURNING user_id)
     SELECT ((SELECT count(*) FROM resets) + (SELECT count(*) FROM challenges))::int AS count`,
    [userId],
  );
  return voided?.['count'] as number;
}
