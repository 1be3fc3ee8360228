import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { hashOfState, writeAudit, type AuditEntry } from './audit';
import { isUuid } from './isUuid';
import type { RunRows } from './runRows';
import { accountChannel } from './heldEvents';

export interface GrantChange {
  readonly ownerId: string;
  readonly accountId: string;
  readonly userId: string;
  readonly audit: AuditEntry;
}

/** Which analysts may read which accounts. A change is told on the channel of accounts, with the account's id. */
export class GrantStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Again for the same user: nothing changes. */
  async grant(
    change: GrantChange & { readonly at: EpochMs; readonly maxGrants: number },
  ): Promise<'done' | 'noAccount' | 'noAnalyst' | 'tooMany'> {
    const { accountId, userId, at, maxGrants } = change;
    return this.#change(change, async (run) => {
      const [analyst] = isUuid(userId)
        ? await run(`SELECT id FROM users WHERE id = $1 AND 'ANALYST' = ANY(roles) AND NOT disabled`, [userId])
        : [];
      if (analyst === undefined) return 'noAnalyst';
      const others = await run('SELECT user_id FROM account_grants WHERE account_id = $1 AND user_id <> $2', [
        accountId,
        userId,
      ]);
      if (others.length >= maxGrants) return 'tooMany';
      await run(
        'INSERT INTO account_grants (account_id, user_id, granted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [accountId, userId, new Date(at)],
      );
      return 'done';
    });
  }

  /** Of a user who has no grant: nothing changes. */
  async revoke(change: GrantChange): Promise<'done' | 'noAccount'> {
    return this.#change(change, async (run) => {
      if (isUuid(change.userId))
        await run('DELETE FROM account_grants WHERE account_id = $1 AND user_id = $2', [
          change.accountId,
          change.userId,
        ]);
      return 'done';
    });
  }

  #change<Outcome extends string>(
    { ownerId, accountId, audit }: GrantChange,
    work: (run: RunRows) => Promise<Outcome>,
  ): Promise<Outcome | 'noAccount'> {
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const [account] = isUuid(accountId)
        ? await run('SELECT id FROM accounts WHERE id = $1 AND owner_id = $2 AND removed_at IS NULL FOR UPDATE', [
            accountId,
            ownerId,
          ])
        : [];
      const before = account === undefined ? null : await hashOfReaders(run, accountId);
      const outcome = account === undefined ? 'noAccount' : await work(run);
      const hashes = outcome === 'done' ? { before, after: await hashOfReaders(run, accountId) } : {};
      await writeAudit(run, { ...audit, outcome, ...hashes });
      if (outcome === 'done') await run('SELECT pg_notify($1, $2)', [accountChannel, accountId]);
      return outcome;
    });
  }
}

async function hashOfReaders(run: RunRows, accountId: string): Promise<Buffer> {
  const rows = await run('SELECT user_id FROM account_grants WHERE account_id = $1 ORDER BY user_id', [accountId]);
  return hashOfState({ readers: rows.map((row) => row['user_id']) });
}
