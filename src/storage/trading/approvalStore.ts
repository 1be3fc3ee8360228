import type { DataSource } from 'typeorm';
import { accountTable } from './accountTable';
import { hashOfState, writeAudit, type AuditEntry } from './audit';
import { isUuid } from './isUuid';
import type { AccountRecord } from './records';
import type { RunRows } from './runRows';

export interface ApprovalChange {
  readonly accountId: string;
  /** Of the key that the approver was shown: one that took its place since then is not what they approve. */
  readonly keyHint: string;
  readonly approverId: string;
  readonly audit: AuditEntry;
}

/** `done` also where the account was approved before: nothing has changed then. */
export type ApprovalOutcome = 'done' | 'noAccount' | 'noAdmin' | 'ownAccount' | 'otherKey';

/** A LIVE account that waits for a second person: what that one has to know of it, and nothing of what is traded there. */
export interface AwaitedApproval {
  readonly accountId: string;
  readonly ownerId: string;
  readonly exchange: string;
  readonly keyHint: string;
  /** When it was asked for with the key that it has now. */
  readonly requestedAt: Date;
}

/** What of an account an approval is about. */
type Approvable = Pick<AccountRecord, 'approval' | 'keyHint'>;

const requestAction = 'account.requestApproval';

/** Lets LIVE accounts trade that wait for a second person. */
export class ApprovalStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Accounts of others that wait, the oldest first. first: how many at most. */
  async awaited({ approverId, first }: { readonly approverId: string; readonly first: number }) {
    const rows: unknown = await this.parts.dataSource.query(
      `SELECT a.id AS "accountId", a.owner_id AS "ownerId", a.exchange, coalesce(a.key_hint, '') AS "keyHint",
              coalesce(asked.at, a.created_at) AS "requestedAt"
         FROM accounts a LEFT JOIN LATERAL (
           SELECT e.at FROM audit_entries e
            WHERE e.actor = a.owner_id::text AND e.action = '${requestAction}' AND e.target = a.id::text
            ORDER BY e.number DESC LIMIT 1) asked ON true
        WHERE a.approval = 'AWAITED' AND a.removed_at IS NULL AND a.owner_id <> $1
        ORDER BY a.created_at, a.id LIMIT $2`,
      [approverId, first],
    );
    return rows as readonly AwaitedApproval[];
  }

  /** Holds approver and account: of two who approve at once the second finds it done, and one who is disabled meanwhile is none. */
  async approve({ accountId, keyHint, approverId, audit }: ApprovalChange): Promise<ApprovalOutcome> {
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      // Users before accounts, as whoever erases one holds them.
      const [approver] = await run(
        `SELECT id FROM users WHERE id = $1 AND 'ADMIN' = ANY (roles) AND NOT disabled FOR SHARE`,
        [approverId],
      );
      const account = await holdLiveAccount(run, accountId);
      if (account === null) return 'noAccount';
      if (approver === undefined) return 'noAdmin';
      if (account.ownerId === approverId) return 'ownAccount';
      if (account.keyHint !== keyHint) return 'otherKey';
      if (account.approval === 'GIVEN') return 'done';
      const after = { ...account, approval: 'GIVEN' } as const;
      await run('UPDATE accounts SET approval = $2 WHERE id = $1', [accountId, after.approval]);
      await writeAudit(run, { ...audit, before: approvalHash(account), after: approvalHash(after) });
      return 'done';
    });
  }
}

/** For the audit log, in the transaction by which an account begins to wait, or waits with another key. */
export async function writeApprovalRequest(
  run: RunRows,
  account: Approvable & Pick<AccountRecord, 'id' | 'exchange'>,
  cause: Pick<AuditEntry, 'at' | 'actor' | 'ip' | 'before'>,
): Promise<void> {
  const { id, exchange } = account;
  await writeAudit(run, {
    ...cause,
    action: requestAction,
    target: id,
    // Which key, the hash tells whoever knows it: its characters would outlive the person who brought it.
    outcome: `LIVE at ${exchange}`,
    after: approvalHash(account),
  });
}

export function approvalHash({ approval, keyHint }: Approvable): Buffer {
  return hashOfState({ approval, keyHint });
}

async function holdLiveAccount(run: RunRows, accountId: string): Promise<AccountRecord | null> {
  if (!isUuid(accountId)) return null;
  const [row] = await run(
    `SELECT ${accountTable.list()} FROM accounts WHERE id = $1 AND mode = 'LIVE' AND removed_at IS NULL FOR UPDATE`,
    [accountId],
  );
  return row === undefined ? null : accountTable.read(row);
}
