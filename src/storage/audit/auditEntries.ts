import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { writeAudit, type AuditEntry } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import { linkColumns, readLink, type LinkedRecord } from './auditRecords';

/** Null: any. */
export interface AuditFilter {
  readonly action: string | null;
  readonly actor: string | null;
  /** Inclusive. */
  readonly since: EpochMs | null;
  /** Exclusive. */
  readonly until: EpochMs | null;
}

/** The entries of the log: written by whoever does something outside of a transaction, looked up by auditors once they are linked. */
export class AuditEntries {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  write(entry: AuditEntry): Promise<void> {
    return writeAudit(this.#query, entry);
  }

  /** The newest first. before: only those that stand before this place in the chain. */
  async list(filter: AuditFilter, page: { readonly before: number | null; readonly limit: number }) {
    const { action, actor, since, until } = filter;
    const rows = await this.#query(
      `SELECT ${linkColumns} FROM audit_links l JOIN audit_entries e ON e.number = l.entry
       WHERE ($1::text IS NULL OR e.action = $1) AND ($2::text IS NULL OR e.actor = $2)
         AND ($3::timestamptz IS NULL OR e.at >= $3) AND ($4::timestamptz IS NULL OR e.at < $4)
         AND ($5::bigint IS NULL OR l.seq < $5)
       ORDER BY l.seq DESC LIMIT $6`,
      [action, actor, toDate(since), toDate(until), page.before, page.limit],
    );
    return rows.map(readLink);
  }

  async find(seq: number): Promise<LinkedRecord | null> {
    const [row] = await this.#query(
      `SELECT ${linkColumns} FROM audit_links l JOIN audit_entries e ON e.number = l.entry WHERE l.seq = $1`,
      [seq],
    );
    return row === undefined ? null : readLink(row);
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

function toDate(time: EpochMs | null): Date | null {
  return time === null ? null : new Date(time);
}
