import type { MigrationInterface, QueryRunner } from 'typeorm';

const reasons = ['SIGNED_OUT', 'REVOKED', 'REPLACED', 'TOKEN_REUSED', 'PASSWORD_CHANGED', 'USER_DISABLED', 'ALL_ENDED'];

/**
 * Second factors: TOTP secrets, sealed, of a user one that counts and one that waits for its first code; recovery codes and sign-ins that
 * wait for a code, as hashes; when a session has proven a second factor last.
 */
export class CreateSecondFactors1764070000000 implements MigrationInterface {
  readonly name = 'CreateSecondFactors1764070000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE totp_secrets (
        user_id uuid NOT NULL,
        confirmed boolean NOT NULL,
        key_id text NOT NULL,
        wrapped_key bytea NOT NULL,
        nonce bytea NOT NULL,
        ciphertext bytea NOT NULL,
        created_at timestamptz NOT NULL,
        last_step bigint NOT NULL DEFAULT -1,
        CONSTRAINT totp_secrets_pkey PRIMARY KEY (user_id, confirmed),
        CONSTRAINT totp_secrets_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(`
      CREATE TABLE recovery_codes (
        user_id uuid NOT NULL,
        hash bytea NOT NULL,
        used_at timestamptz,
        CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, hash),
        CONSTRAINT recovery_codes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT recovery_codes_hash_size CHECK (length(hash) = 32)
      )`);
    await queryRunner.query(`
      CREATE TABLE login_challenges (
        hash bytea NOT NULL,
        user_id uuid NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT login_challenges_pkey PRIMARY KEY (hash),
        CONSTRAINT login_challenges_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT login_challenges_hash_size CHECK (length(hash) = 32)
      )`);
    await queryRunner.query('CREATE INDEX login_challenges_user ON login_challenges (user_id)');
    await queryRunner.query('ALTER TABLE sessions ADD COLUMN verified_at timestamptz');
    await this.#allowReasons(queryRunner, [...reasons, 'MFA_CHANGED']);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`UPDATE sessions SET revoked_reason = 'REVOKED' WHERE revoked_reason = 'MFA_CHANGED'`);
    await this.#allowReasons(queryRunner, reasons);
    await queryRunner.query('ALTER TABLE sessions DROP COLUMN verified_at');
    await queryRunner.query('DROP TABLE login_challenges');
    await queryRunner.query('DROP TABLE recovery_codes');
    await queryRunner.query('DROP TABLE totp_secrets');
  }

  async #allowReasons(queryRunner: QueryRunner, allowed: readonly string[]): Promise<void> {
    const list = allowed.map((reason) => `'${reason}'`).join(', ');
    await queryRunner.query('ALTER TABLE sessions DROP CONSTRAINT sessions_reason_known');
    await queryRunner.query(
      `ALTER TABLE sessions ADD CONSTRAINT sessions_reason_known CHECK (revoked_reason IN (${list}))`,
    );
  }
}
