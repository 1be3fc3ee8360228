import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import { endSessionsOf } from './sessionEnding';

/** Who asks, for the audit log. */
export interface Asking {
  readonly at: EpochMs;
  readonly actor: string;
  readonly ip: string | null;
}

export interface ResetUser {
  readonly userId: string;
  readonly email: string;
  readonly mfaEnabled: boolean;
}

/** Passwords, and the one-time tokens that set one. A new password ends the sessions of the old one, in the same transaction. */
export class PasswordStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /**
   * Keeps the token of a user in place of an earlier one. nobodysHash: takes the place of the password that there is, whose sessions end
   * with it; left out, that stays good.
   */
  async saveReset(
    reset: {
      readonly userId: string;
      readonly hash: Buffer;
      readonly expiresAt: EpochMs;
      readonly nobodysHash?: string;
    } & Asking,
  ): Promise<void> {
    const { userId, hash, expiresAt, nobodysHash, ...asking } = reset;
    await this.#transaction(async (run) => {
      await run(
        `INSERT INTO password_resets (user_id, hash, expires_at) VALUES ($1, $2, $3)
           ON CONFLICT (user_id) DO UPDATE SET hash = EXCLUDED.hash, expires_at = EXCLUDED.expires_at`,
        [userId, hash, new Date(expiresAt)],
      );
      const outcome = nobodysHash === undefined ? 'issued' : 'issued: the password is void';
      await writeAudit(run, { ...asking, action: 'password.reset.issue', target: userId, outcome });
      if (nobodysHash === undefined) return;
      await run('UPDATE users SET password_hash = $2 WHERE id = $1', [userId, nobodysHash]);
      await endSessionsOf(run, { ...asking, userId, except: null, reason: 'PASSWORD_CHANGED' });
    });
  }

  /** Whom a token is of, while it is good; null where it is not. Disabled users have none. */
  async findReset(hash: Buffer, at: EpochMs): Promise<ResetUser | null> {
    const rows: unknown = await this.parts.dataSource.query(
      `SELECT user_id AS "userId", email, mfa_enabled AS "mfaEnabled" FROM password_resets r JOIN users u ON u.id = r.user_id
        WHERE hash = $1 AND expires_at > $2 AND NOT disabled`,
      [hash, new Date(at)],
    );
    return (rows as readonly ResetUser[])[0] ?? null;
  }

  /** Uses a token up. Gives the sessions that ended with it; null where it is not good any more, and then nothing has changed. */
  async useReset(
    use: { readonly hash: Buffer; readonly passwordHash: string } & Omit<Asking, 'actor'>,
  ): Promise<readonly string[] | null> {
    const { hash, passwordHash, at, ip } = use;
    return this.#transaction(async (run) => {
      const [used] = await run(
        `WITH used AS (DELETE FROM password_resets r USING users u
            WHERE u.id = r.user_id AND hash = $1 AND expires_at > $2 AND NOT disabled RETURNING user_id)
         SELECT user_id FROM used`,
        [hash, new Date(at)],
      );
      if (used === undefined) return null;
      const userId = used['user_id'] as string;
      await run('UPDATE users SET password_hash = $2 WHERE id = $1', [userId, passwordHash]);
      const asking = { at, actor: userId, ip };
      await writeAudit(run, { ...asking, action: 'password.reset', target: userId, outcome: 'changed' });
      return endSessionsOf(run, { ...asking, userId, except: null, reason: 'PASSWORD_CHANGED' });
    });
  }

  /**
   * Gives the user another password in place of the one that they have proven. Gives the sessions that ended with it; null where the
   * password was changed by somebody else meanwhile, or the user was disabled: then nothing has changed.
   */
  async change(
    change: {
      readonly userId: string;
      readonly from: string;
      readonly to: string;
      readonly except: string | null;
    } & Omit<Asking, 'actor'>,
  ): Promise<readonly string[] | null> {
    const { userId, from, to, except, at, ip } = change;
    return this.#transaction(async (run) => {
      const [changed] = await run(
        `WITH changed AS (UPDATE users SET password_hash = $3
            WHERE id = $1 AND password_hash = $2 AND NOT disabled RETURNING id) SELECT id FROM changed`,
        [userId, from, to],
      );
      if (changed === undefined) return null;
      // A token that was asked for before, perhaps by somebody else, must not undo it.
      await run('DELETE FROM password_resets WHERE user_id = $1', [userId]);
      await writeAudit(run, { at, actor: userId, ip, action: 'password.change', target: userId, outcome: 'changed' });
      return endSessionsOf(run, { userId, except, reason: 'PASSWORD_CHANGED', at, actor: userId, ip });
    });
  }

  /** The same password, hashed otherwise: no session ends. False where it was changed meanwhile. */
  async rehash({
    userId,
    from,
    to,
  }: {
    readonly userId: string;
    readonly from: string;
    readonly to: string;
  }): Promise<boolean> {
    const rows: unknown = await this.parts.dataSource.query(
      `WITH changed AS (UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id) SELECT id FROM changed`,
      [userId, from, to],
    );
    return (rows as readonly unknown[]).length > 0;
  }

  /** Of users who are not disabled: whose hash was made with a pepper that is none of these. */
  async countPepperedOtherwise(pepperIds: readonly string[]): Promise<number> {
    const rows: unknown = await this.parts.dataSource.query(
      `SELECT count(*)::int AS count FROM users
        WHERE NOT disabled AND password_hash NOT LIKE '$%' AND split_part(password_hash, ':', 1) <> ALL ($1)`,
      [pepperIds],
    );
    return (rows as readonly { readonly count: number }[])[0]?.count ?? 0;
  }

  #transaction<Result>(work: (run: RunRows) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction((manager) =>
      work((text, values = []) => manager.query(text, [...values])),
    );
  }
}
