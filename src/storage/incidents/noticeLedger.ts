import type { DataSource } from 'typeorm';
import { writeAudit, type AuditEntry } from '../trading/audit';
import type { RunRows } from '../trading/runRows';

export interface Addressee {
  readonly id: string;
  readonly email: string;
}

/** How a notice stands with those whom it is for. */
export interface NoticeStanding {
  /** Nobody has begun to send it to them, or the mail server did not take it. */
  readonly waiting: number;
  readonly sent: number;
  /** Being sent now, or cut off on the way: then it may have reached them, and is not sent again. */
  readonly unknown: number;
}

const isWaiting = `n.state IS NULL OR n.state = 'FAILED'`;

/**
 * Who is sent a notice, and who was: each of them at most once, however often and by however many it is begun. A notice is known by its text.
 * Whoever is disabled is told as well; who was erased cannot be.
 */
export class NoticeLedger {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** userId: null for everybody. */
  async standing(notice: string, userId: string | null): Promise<NoticeStanding> {
    const [row] = await this.#query(
      `SELECT (count(*) FILTER (WHERE ${isWaiting}))::int AS waiting, (count(*) FILTER (WHERE n.state = 'SENT'))::int AS sent,
              (count(*) FILTER (WHERE n.state = 'SENDING'))::int AS unknown
         ${whose}`,
      [notice, userId],
    );
    return row as unknown as NoticeStanding;
  }

  /** Those who wait for it, by e-mail address, behind the one that is named; null: the first. */
  async waiting(
    notice: string,
    page: { readonly userId: string | null; readonly after: string | null; readonly limit: number },
  ): Promise<readonly Addressee[]> {
    const rows = await this.#query(
      `SELECT u.id, u.email ${whose} AND (${isWaiting}) AND ($3::text IS NULL OR u.email > $3) ORDER BY u.email LIMIT $4`,
      [notice, page.userId, page.after, page.limit],
    );
    return rows as unknown as readonly Addressee[];
  }

  /** True for one of all who ask at once: the mail is theirs to send. Written before it is handed over, so that a crash sends none twice. */
  async begin(notice: string, userId: string): Promise<boolean> {
    const begun = await this.#query(
      `WITH begun AS (
         INSERT INTO incident_notices AS n (notice, user_id, state, begun_at) VALUES ($1, $2, 'SENDING', now())
           ON CONFLICT (notice, user_id) DO UPDATE SET state = 'SENDING', begun_at = now(), ended_at = NULL, reason = NULL
             WHERE n.state = 'FAILED' RETURNING user_id)
       SELECT user_id FROM begun`,
      [notice, userId],
    );
    return begun.length === 1;
  }

  /** reason: why the mail server did not take it; null where it did. */
  async end(notice: string, userId: string, reason: string | null): Promise<void> {
    await this.#query(
      `UPDATE incident_notices SET state = CASE WHEN $3::text IS NULL THEN 'SENT' ELSE 'FAILED' END, ended_at = now(), reason = $3
        WHERE notice = $1 AND user_id = $2`,
      [notice, userId, reason],
    );
  }

  audit(entry: AuditEntry): Promise<void> {
    return writeAudit(this.#query, entry);
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

const whose = `FROM users u LEFT JOIN incident_notices n ON n.user_id = u.id AND n.notice = $1
         WHERE u.erased_at IS NULL AND ($2::uuid IS NULL OR u.id = $2)`;
