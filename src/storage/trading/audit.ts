import { createHash } from 'node:crypto';
import type { EpochMs } from '../../domain/marketData';
import { isUuid } from './isUuid';
import type { AccountRecord } from './records';
import type { RunRows } from './runRows';

/** What is left out is null. */
export interface AuditEntry {
  readonly at: EpochMs;
  /** Who: a user's id, a key's id, or the part of the service that did it. */
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  /** Where the request came from. */
  readonly ip?: string | null;
  /** Of sign-ins: what the client calls itself. Its beginning is kept. */
  readonly userAgent?: string | null;
  /** SHA-256 of the target's state before and after. Never of a secret, which could be guessed by its hash. */
  readonly before?: Buffer | null;
  readonly after?: Buffer | null;
}

const longestUserAgent = 200;

/** For `before` and `after`. Whoever knows a state computes the same: it holds no secret, and no label, which erasure takes back. */
export function hashOfState(state: object): Buffer {
  return createHash('sha256').update(JSON.stringify(state)).digest();
}

/** What of an account is named, as it stands. */
export function hashOfAccount(account: AccountRecord, named: readonly (keyof AccountRecord)[]): Buffer {
  return hashOfState(named.toSorted().map((key) => [key, account[key]]));
}

/** Of what stops an account, or lets it trade. */
export function hashOfTradingState(account: AccountRecord): Buffer {
  return hashOfAccount(account, ['tradingState', 'tradingStateReason']);
}

/** The target of what was asked about this id. Null of what is no id: people type names and addresses there, and an entry stays for good. */
export function targetOf(id: string): string | null {
  return isUuid(id) ? id : null;
}

/**
 * The one way of writing to the audit log, in the transaction of what is told: without the entry there is no deed. It is linked into the
 * chain once that is committed (`operations/auditChainer.ts`).
 */
export async function writeAudit(run: RunRows, entry: AuditEntry): Promise<void> {
  await run(
    `INSERT INTO audit_entries (at, actor, action, target, outcome, ip, user_agent, before_hash, after_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      new Date(entry.at),
      entry.actor,
      entry.action,
      entry.target,
      entry.outcome,
      entry.ip ?? null,
      entry.userAgent?.slice(0, longestUserAgent) ?? null,
      entry.before ?? null,
      entry.after ?? null,
    ],
  );
}
