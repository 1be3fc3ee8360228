import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One-time tokens that set a password, as hashes: a user has one at a time. */
export class CreatePasswordResets1764040000000 implements MigrationInterface {
  readonly name = 'CreatePasswordResets1764040000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE password_resets (
        user_id uuid NOT NULL,
        hash bytea NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT password_resets_pkey PRIMARY KEY (user_id),
        CONSTRAINT password_resets_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT password_resets_hash_key UNIQUE (hash),
        CONSTRAINT password_resets_hash_size CHECK (octet_length(hash) = 32)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE password_resets');
  }
}
