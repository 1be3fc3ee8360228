import type { DataSource, EntityManager } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import type { Readers } from '../readers';
import { ownReader } from '../trading/accountReader';
import { writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import { toUuid } from '../trading/statement';
import type { UserRole } from '../userRole';
import type { RunQuery } from '../userStanding';
import { endSession } from './sessionEnding';

/** A sign-in that has not ended. */
export interface SessionRecord {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  /** When it was refreshed last. */
  readonly lastSeenAt: Date;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Who has proven who they are, and as of when. */
export interface Proven {
  readonly userId: string;
  /** What `generationOf` gave before the proof: it counts only as long as that stays so. */
  readonly generation: number;
}

export interface NewSession extends Proven {
  readonly id: string;
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly tokenHash: Buffer;
  /** When a second factor was proven; null: none was. */
  readonly verifiedAt: EpochMs | null;
}

const hourMs = 3_600_000;

/** How long a session goes on (RFC 9700 section 4.14.2 wants an end to both). */
export const sessionLife = {
  /** Without a refresh. */
  idleMs: 7 * 24 * hourMs,
  /** In all. */
  absoluteMs: 30 * 24 * hourMs,
  /** In which a token that was used is given its successor again. */
  graceMs: 10_000,
} as const;

export interface Refresh {
  readonly tokenHash: Buffer;
  readonly successor: { readonly hash: Buffer; readonly salt: Buffer };
  readonly at: EpochMs;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export type RefreshOutcome =
  /** salt: what the successor is made with, be it the one given or that of the refresh before. */
  | {
      readonly kind: 'refreshed';
      readonly sessionId: string;
      readonly userId: string;
      readonly roles: readonly UserRole[];
      readonly verifiedAt: EpochMs | null;
      readonly salt: Buffer;
    }
  /** A token that was used long ago: somebody has a copy, so the session has been ended. */
  | { readonly kind: 'reused'; readonly sessionId: string; readonly userId: string }
  | { readonly kind: 'refused' };

interface TokenRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly roles: readonly UserRole[];
  readonly verified_at: Date | null;
  readonly is_over: boolean;
  readonly used_at: Date | null;
  readonly successor_salt: Buffer | null;
}

/** How much longer than it can be used a session is kept: nodes that were cut off read which have ended. */
const keptMs = 24 * hourMs;

/** Sessions and their refresh tokens. Whatever ends a session is told to every node by the database. */
export class SessionStore {
  constructor(private readonly parts: { readonly dataSource: DataSource; readonly readers: Readers }) {}

  /** How often all sessions of the user were ended, alone or with everybody's. Null where there is no such user. */
  async generationOf(userId: string): Promise<number | null> {
    const rows: unknown = await this.parts.dataSource.query(
      `SELECT u.session_generation + h.session_generation AS generation FROM users u CROSS JOIN trading_house h
        WHERE u.id = $1 AND h.id = 1`,
      [toUuid(userId)],
    );
    return (rows as readonly { readonly generation: number }[])[0]?.generation ?? null;
  }

  /**
   * Begins a session; null where there is no such user, they are disabled, or all their sessions were ended since they proved who they are;
   * 'locked' where the service is and they are no admin. Of more than `maxLive` of one user those that were seen least of late end: the
   * answer names them. roles: the user's, as of now.
   */
  async begin(
    session: NewSession,
    maxLive: number,
  ): Promise<{ readonly roles: readonly UserRole[]; readonly replaced: readonly string[] } | 'locked' | null> {
    return this.#transaction(async (run) => {
      const { id, userId, generation, at, expiresAt, ip, userAgent, tokenHash, verifiedAt } = session;
      // Held: what ends all sessions ends those that began before it, and nothing begins between the two.
      const [house] = await run('SELECT lockdown, session_generation FROM trading_house WHERE id = 1 FOR SHARE');
      // One sign-in of a user at a time, and none while they are being disabled, or their password voided.
      const [user] = await run(
        'SELECT roles FROM users WHERE id = $1 AND NOT disabled AND session_generation + $2 = $3 FOR NO KEY UPDATE',
        [userId, house?.['session_generation'], generation],
      );
      if (user === undefined) return null;
      const roles = user['roles'] as readonly UserRole[];
      if (house?.['lockdown'] === 'FULL' && !roles.includes('ADMIN')) return 'locked';
      await run(
        `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at, ip, user_agent, verified_at)
           VALUES ($1, $2, $3, $3, $4, $5, $6, $7)`,
        [
          id,
          userId,
          new Date(at),
          new Date(expiresAt),
          ip,
          userAgent,
          verifiedAt === null ? null : new Date(verifiedAt),
        ],
      );
      await run('INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)', [
        tokenHash,
        id,
        new Date(at),
      ]);
      const audit = { at, actor: userId, action: 'session.begin', target: id, outcome: 'begun' };
      await writeAudit(run, { ...audit, ip, userAgent });
      const oldest = await run(
        `SELECT id FROM sessions s WHERE user_id = $1 AND ${isLive(2)} ORDER BY last_seen_at DESC, id OFFSET $4`,
        [userId, ...liveValues(at), maxLive],
      );
      const replaced = oldest.map((row) => row['id'] as string);
      for (const other of replaced)
        await endSession(run, { sessionId: other, reason: 'REPLACED', at, actor: userId, ip });
      return { roles, replaced };
    });
  }

  /** Exchanges a token for its successor, once; again within the grace it is the same successor. */
  async refresh(refresh: Refresh): Promise<RefreshOutcome> {
    const { tokenHash, successor, at, ip } = refresh;
    return this.#transaction(async (run) => {
      // Both rows: who waits here for another refresh of this token sees what it has done.
      const [row] = await run(
        `SELECT t.session_id, s.user_id, u.roles, s.verified_at, t.used_at, t.successor_salt, u.disabled OR NOT (${isLive(2)}) AS is_over
           FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
          WHERE t.hash = $1 FOR UPDATE OF t, s`,
        [tokenHash, ...liveValues(at)],
      );
      const token = row as TokenRow | undefined;
      if (token === undefined || token.is_over) return { kind: 'refused' };
      const { session_id: sessionId, user_id: userId, roles, used_at: usedAt, successor_salt: salt } = token;
      const whose = { sessionId, userId };
      const standing = { ...whose, roles, verifiedAt: token.verified_at?.getTime() ?? null };
      if (usedAt === null) {
        await this.#rotate(run, { ...refresh, sessionId });
        return { kind: 'refreshed', ...standing, salt: successor.salt };
      }
      if (salt !== null && at - usedAt.getTime() <= sessionLife.graceMs)
        return { kind: 'refreshed', ...standing, salt };
      await endSession(run, { sessionId, reason: 'TOKEN_REUSED', at, actor: userId, ip });
      return { kind: 'reused', ...whose };
    });
  }

  /** A second factor was proven in a session of the user. Gives their roles of now; null where they have no such session that goes on. */
  async noteVerified(userId: string, sessionId: string, at: EpochMs): Promise<readonly UserRole[] | null> {
    const rows: unknown = await this.parts.dataSource.query(
      `WITH verified AS (UPDATE sessions s SET verified_at = $2 FROM users u
          WHERE u.id = s.user_id AND NOT u.disabled AND s.user_id = $1 AND ${isLive(2)} AND s.id = $4 RETURNING u.roles)
       SELECT roles FROM verified`,
      [userId, ...liveValues(at), toUuid(sessionId)],
    );
    return (rows as readonly { readonly roles: readonly UserRole[] }[])[0]?.roles ?? null;
  }

  /** Sign-out by the token that the session would go on with, or went on with before. Gives the session's id, or null where none was ended. */
  async endByToken(tokenHash: Buffer, at: EpochMs, ip: string | null): Promise<string | null> {
    return this.#transaction(async (run) => {
      const [row] = await run(
        'SELECT s.id, s.user_id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = $1',
        [tokenHash],
      );
      if (row === undefined) return null;
      const [sessionId, actor] = [row['id'] as string, row['user_id'] as string];
      return (await endSession(run, { sessionId, reason: 'SIGNED_OUT', at, actor, ip })) ? sessionId : null;
    });
  }

  /** False where the user has no such session that goes on. */
  async endOwn(asked: {
    readonly userId: string;
    readonly sessionId: string;
    readonly at: EpochMs;
    readonly ip: string | null;
  }): Promise<boolean> {
    const { userId, sessionId, at, ip } = asked;
    return this.#transaction(async (run) => {
      const [own] = await run(`SELECT id FROM sessions s WHERE user_id = $1 AND ${isLive(2)} AND id = $4`, [
        userId,
        ...liveValues(at),
        toUuid(sessionId),
      ]);
      return own !== undefined && endSession(run, { sessionId, reason: 'REVOKED', at, actor: userId, ip });
    });
  }

  /** Those that go on, the one seen last first. */
  async live(userId: string, at: EpochMs): Promise<readonly SessionRecord[]> {
    const rows: unknown = await this.parts.readers.as(ownReader(userId))(
      `${selectSessions} WHERE user_id = $1 AND ${isLive(2)} ORDER BY last_seen_at DESC, id`,
      [userId, ...liveValues(at)],
    );
    return rows as SessionRecord[];
  }

  /** Null where the user has no such session that goes on. */
  async liveOne(userId: string, sessionId: string, at: EpochMs): Promise<SessionRecord | null> {
    const rows: unknown = await this.parts.readers.as(ownReader(userId))(
      `${selectSessions} WHERE user_id = $1 AND ${isLive(2)} AND id = $4`,
      [userId, ...liveValues(at), toUuid(sessionId)],
    );
    return (rows as SessionRecord[])[0] ?? null;
  }

  /** Deletes what nobody can go on with any more, with its tokens. */
  async prune(at: EpochMs): Promise<void> {
    const [ended, idle] = [new Date(at - keptMs), new Date(at - keptMs - sessionLife.idleMs)];
    await this.parts.dataSource.query(
      'DELETE FROM sessions WHERE revoked_at < $1 OR expires_at < $1 OR last_seen_at < $2',
      [ended, idle],
    );
  }

  async #rotate(run: RunRows, refresh: Refresh & { readonly sessionId: string }): Promise<void> {
    const { tokenHash, successor, sessionId, ip, userAgent } = refresh;
    const at = new Date(refresh.at);
    await run('UPDATE refresh_tokens SET used_at = $2, successor_salt = $3 WHERE hash = $1', [
      tokenHash,
      at,
      successor.salt,
    ]);
    await run('INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)', [
      successor.hash,
      sessionId,
      at,
    ]);
    await run('UPDATE sessions SET last_seen_at = greatest(last_seen_at, $2), ip = $3, user_agent = $4 WHERE id = $1', [
      sessionId,
      at,
      ip,
      userAgent,
    ]);
    // Past the grace a salt is of no use to anybody but a thief.
    await run(
      `UPDATE refresh_tokens SET successor_salt = NULL WHERE session_id = $1 AND successor_salt IS NOT NULL AND used_at < $2`,
      [sessionId, new Date(refresh.at - sessionLife.graceMs)],
    );
  }

  #transaction<Result>(work: (run: RunRows) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction((manager: EntityManager) =>
      work((text, values = []) => manager.query(text, [...values])),
    );
  }
}

/** The ids of those that have ended in the last so many ms. */
export async function readEndedSessions(query: RunQuery, lookBackMs: number): Promise<readonly string[]> {
  const text = `SELECT id FROM sessions WHERE revoked_at >= now() - $1 * interval '1 millisecond'`;
  return (await query(text, [lookBackMs])).map((row) => (row as { readonly id: string }).id);
}

const selectSessions = `SELECT id, user_id AS "userId", created_at AS "createdAt", last_seen_at AS "lastSeenAt", ip,
  user_agent AS "userAgent" FROM sessions s`;

function isLive(place: number): string {
  return `s.revoked_at IS NULL AND s.expires_at > $${place} AND s.last_seen_at > $${place + 1}`;
}

/** The values of `isLive`: now, and the time since which one has to have been seen. */
function liveValues(at: EpochMs): readonly Date[] {
  return [new Date(at), new Date(at - sessionLife.idleMs)];
}
