/** Everything of an entry that its hash covers, as the database tells it: exact, and the same in every session. */
export interface AuditRecord {
  /** Microseconds since 1970, as decimal digits: a clock finer than ours may have written it. */
  readonly atUs: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** SHA-256 in lower-case hex, as the next one. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Where the chain stands. seq: counts from 1 without a hole. */
export interface ChainHead {
  readonly seq: number;
  /** 32 bytes in lower-case hex. */
  readonly hash: string;
}

/** A link and the entry that it holds; `record` is null where that is gone. */
export interface LinkedRecord extends ChainHead {
  readonly prevHash: string;
  readonly record: AuditRecord | null;
}

/** An entry that is committed and not in the chain yet. */
export interface PendingRecord {
  /** Its key, as decimal digits. */
  readonly number: string;
  readonly record: AuditRecord;
}

export interface NewLink extends ChainHead {
  readonly number: string;
  readonly prevHash: string;
}

export type AuditRow = Readonly<Record<string, unknown>>;

/** The SELECT list that `readRecord` reads; the entries are `e`. */
export const recordColumns = `trunc(extract(epoch FROM e.at) * 1000000)::text AS at_us, e.actor, e.action, e.target, e.outcome,
  e.ip, e.user_agent, encode(e.before_hash, 'hex') AS before, encode(e.after_hash, 'hex') AS after`;

export function readRecord(row: AuditRow): AuditRecord {
  return {
    atUs: row.at_us as string,
    actor: row.actor as string,
    action: row.action as string,
    target: row.target as string | null,
    outcome: row.outcome as string,
    ip: row.ip as string | null,
    userAgent: row.user_agent as string | null,
    before: row.before as string | null,
    after: row.after as string | null,
  };
}

/** The SELECT list that `readLink` reads; the links are `l`, their entries `e`, which may be missing. */
export const linkColumns = `l.seq, encode(l.prev_hash, 'hex') AS prev_hash, encode(l.hash, 'hex') AS hash,
  e.number IS NULL AS is_gone, ${recordColumns}`;

export function readLink(row: AuditRow): LinkedRecord {
  return {
    seq: Number(row.seq),
    prevHash: row.prev_hash as string,
    hash: row.hash as string,
    record: row.is_gone === true ? null : readRecord(row),
  };
}
