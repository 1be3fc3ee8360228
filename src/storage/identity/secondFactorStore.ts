import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import type { SealedRecord } from '../../domain/sealedRecord';
import { hashOfState, writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import type { Asking } from './passwordStore';
import { endSessionsOf } from './sessionEnding';
import type { Proven } from './sessionStore';
import { holdUser, type Change, type ListedUser } from './userAdministration';

/** What somebody has shown: a code of their authenticator, by its time step, or a recovery code, by its hash. */
export type Proof =
  { readonly kind: 'TOTP'; readonly step: number } | { readonly kind: 'RECOVERY_CODE'; readonly hash: Buffer };

/** Whose a proof is, and what it is for. */
export interface Proving extends Asking {
  readonly userId: string;
  readonly proof: Proof;
  /** Of the entry in the audit log. */
  readonly action: string;
  readonly target: string;
  readonly userAgent?: string | null;
}

export interface SealedSecret {
  readonly userId: string;
  readonly sealed: SealedRecord;
}

/**
 * TOTP secrets (sealed), recovery codes and sign-ins that wait for a code (hashes). A code is used up by the one statement that finds it
 * unused: of any number that send it at once, one is let in.
 */
export class SecondFactorStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** confirmed: the secret that counts, else the one that waits for its first code. Null where there is none. */
  async findSecret(userId: string, confirmed: boolean): Promise<SealedRecord | null> {
    const [row] = await this.#query(`${selectSecrets} WHERE user_id = $1 AND confirmed = $2`, [userId, confirmed]);
    return row === undefined ? null : readSecret(row).sealed;
  }

  /** Keeps a secret that counts once a code of it was shown, in place of another such. */
  async savePending(userId: string, sealed: SealedRecord, asking: Asking): Promise<void> {
    await this.#transaction(async (run) => {
      await run('DELETE FROM totp_secrets WHERE user_id = $1 AND NOT confirmed', [userId]);
      await run(
        `INSERT INTO totp_secrets (user_id, confirmed, key_id, wrapped_key, nonce, ciphertext, created_at)
           VALUES ($1, false, $2, $3, $4, $5, $6)`,
        [userId, sealed.keyId, ...bytesOf(sealed), new Date(asking.at)],
      );
      await writeAudit(run, { ...asking, action: 'mfa.enroll', target: userId, outcome: 'begun' });
    });
  }

  /**
   * The secret that waits counts from now on, with these recovery codes, and every session but that one ends: the answer names them.
   * Null where none waits any more, or it is not the one that the code was of.
   */
  async confirm(
    confirmation: {
      readonly userId: string;
      readonly sealed: SealedRecord;
      readonly step: number;
      readonly recoveryHashes: readonly Buffer[];
      readonly except: string;
    } & Asking,
  ): Promise<readonly string[] | null> {
    const { userId, sealed, step, recoveryHashes, except, ...asking } = confirmation;
    return this.#transaction(async (run) => {
      const [pending] = await run(
        `SELECT FROM totp_secrets WHERE user_id = $1 AND NOT confirmed AND ciphertext = $2 FOR UPDATE`,
        [userId, Buffer.from(sealed.ciphertext)],
      );
      if (pending === undefined) return null;
      const before = await hashOfFactor(run, userId);
      await forgetFactors(run, userId, { pending: false });
      await run('UPDATE totp_secrets SET confirmed = true, last_step = $2 WHERE user_id = $1', [userId, step]);
      await run('INSERT INTO recovery_codes (user_id, hash) SELECT $1, unnest($2::bytea[])', [userId, recoveryHashes]);
      await run('UPDATE users SET mfa_enabled = true WHERE id = $1', [userId]);
      await run('UPDATE sessions SET verified_at = $2 WHERE id = $1', [except, new Date(asking.at)]);
      const hashes = { before, after: await hashOfFactor(run, userId) };
      await writeAudit(run, { ...asking, action: 'mfa.confirm', target: userId, outcome: 'enabled', ...hashes });
      return endSessionsOf(run, { ...asking, userId, except, reason: 'MFA_CHANGED' });
    });
  }

  /** A sign-in that waits for a second factor. */
  async saveChallenge(
    challenge: Proven & { readonly hash: Buffer; readonly expiresAt: EpochMs } & Pick<
        Proving,
        'at' | 'ip' | 'userAgent'
      >,
  ): Promise<void> {
    const { hash, userId, generation, expiresAt, ...asking } = challenge;
    await this.#transaction(async (run) => {
      await run(
        'INSERT INTO login_challenges (hash, user_id, session_generation, expires_at) VALUES ($1, $2, $3, $4)',
        [hash, userId, generation, new Date(expiresAt)],
      );
      await writeAudit(run, { ...asking, actor: userId, action: 'login', target: userId, outcome: 'challenged' });
    });
  }

  /** Who signs in with it; null where it is not good (any more). */
  async findChallenge(hash: Buffer, at: EpochMs): Promise<Proven | null> {
    const [row] = await this.#query(
      `SELECT user_id AS "userId", session_generation AS generation FROM login_challenges
        WHERE hash = $1 AND expires_at > $2`,
      [hash, new Date(at)],
    );
    return (row as Proven | undefined) ?? null;
  }

  /** Uses a challenge and a proof up, both or neither. False where one of them was used before. */
  async answerChallenge(hash: Buffer, proving: Proving): Promise<boolean> {
    return this.#transaction(async (run) => {
      const [waiting] = await run(
        'SELECT FROM login_challenges WHERE hash = $1 AND expires_at > $2 AND user_id = $3 FOR UPDATE',
        [hash, new Date(proving.at), proving.userId],
      );
      if (waiting === undefined || !(await use(run, proving))) return false;
      await run('DELETE FROM login_challenges WHERE hash = $1', [hash]);
      return true;
    });
  }

  /** Uses a proof up. False where it was used before. */
  async prove(proving: Proving): Promise<boolean> {
    return this.#transaction((run) => use(run, proving));
  }

  /** Takes the second factor of a user away and ends their sessions. Null where there is no such user. */
  async reset(id: string, change: Change): Promise<ListedUser | null> {
    return this.#transaction(async (run) => {
      const held = await holdUser(run, id);
      if (held === null) return null;
      const { id: userId } = held.user;
      const before = await hashOfFactor(run, userId);
      await forgetFactors(run, userId, { pending: true });
      await run('UPDATE users SET mfa_enabled = false WHERE id = $1', [userId]);
      const hashes = { before, after: await hashOfFactor(run, userId) };
      await writeAudit(run, { ...change, action: 'mfa.reset', target: userId, outcome: 'deleted', ...hashes });
      await endSessionsOf(run, { userId, except: null, reason: 'MFA_CHANGED', ...change });
      return { ...held.user, mfaEnabled: false };
    });
  }

  /** Forgets challenges that nobody can answer any more. */
  async prune(at: EpochMs): Promise<void> {
    await this.#query('DELETE FROM login_challenges WHERE expires_at <= $1', [new Date(at)]);
  }

  /** Those that are not sealed with this key-encryption key. */
  async sealedOtherwise(keyId: string): Promise<readonly SealedSecret[]> {
    return (await this.#query(`${selectSecrets} WHERE key_id <> $1`, [keyId])).map(readSecret);
  }

  /** Keeps the same secret under another key-encryption key, unless another node was faster. */
  async reseal({ userId, sealed }: SealedSecret, after: SealedRecord): Promise<void> {
    await this.#query('UPDATE totp_secrets SET key_id = $3, wrapped_key = $4 WHERE user_id = $1 AND wrapped_key = $2', [
      userId,
      Buffer.from(sealed.wrappedKey),
      after.keyId,
      Buffer.from(after.wrappedKey),
    ]);
  }

  /** How many secrets each key-encryption key seals; one that seals none is not among them. */
  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#query('SELECT key_id, count(*)::int AS count FROM totp_secrets GROUP BY key_id');
    return new Map(rows.map((row) => [row['key_id'] as string, row['count'] as number]));
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);

  #transaction<Result>(work: (run: RunRows) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction((manager) =>
      work((text, values = []) => manager.query(text, [...values])),
    );
  }
}

/** One statement looks and uses: who comes second waits for the first, and then finds it used. */
async function use(run: RunRows, proving: Proving): Promise<boolean> {
  const { userId, proof, ...entry } = proving;
  const [used] = await run(
    proof.kind === 'TOTP'
      ? `WITH used AS (UPDATE totp_secrets SET last_step = $2
           WHERE user_id = $1 AND confirmed AND last_step < $2 RETURNING user_id) SELECT user_id FROM used`
      : `WITH used AS (UPDATE recovery_codes SET used_at = $3
           WHERE user_id = $1 AND hash = $2 AND used_at IS NULL RETURNING user_id) SELECT user_id FROM used`,
    proof.kind === 'TOTP' ? [userId, proof.step] : [userId, proof.hash, new Date(entry.at)],
  );
  if (used === undefined) return false;
  await writeAudit(run, { ...entry, outcome: proof.kind });
  return true;
}

/** Whether a user has a second factor, and since when the one that counts; nothing of what it is. */
async function hashOfFactor(run: RunRows, userId: string): Promise<Buffer> {
  const [row] = await run(
    `SELECT mfa_enabled, (SELECT created_at FROM totp_secrets WHERE user_id = u.id AND confirmed) AS enrolled_at
       FROM users u WHERE id = $1`,
    [userId],
  );
  return hashOfState({ mfaEnabled: row?.['mfa_enabled'], enrolledAt: row?.['enrolled_at'] });
}

/** pending: also the secret that waits for its first code. */
async function forgetFactors(run: RunRows, userId: string, { pending }: { readonly pending: boolean }): Promise<void> {
  await run('DELETE FROM totp_secrets WHERE user_id = $1 AND (confirmed OR $2)', [userId, pending]);
  await run('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
}

const selectSecrets = 'SELECT user_id, key_id, wrapped_key, nonce, ciphertext FROM totp_secrets';

function readSecret(row: Readonly<Record<string, unknown>>): SealedSecret {
  return {
    userId: row['user_id'] as string,
    sealed: {
      keyId: row['key_id'] as string,
      wrappedKey: row['wrapped_key'] as Buffer,
      nonce: row['nonce'] as Buffer,
      ciphertext: row['ciphertext'] as Buffer,
    },
  };
}

function bytesOf({ wrappedKey, nonce, ciphertext }: SealedRecord): readonly Buffer[] {
  return [wrappedKey, nonce, ciphertext].map((bytes) => Buffer.from(bytes));
}
