import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who can sign in. Addresses are stored in lower case, so that a plain unique constraint ignores case. */
export class CreateUsers1763750000000 implements MigrationInterface {
  readonly name = 'CreateUsers1763750000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE users (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        email text NOT NULL,
        password_hash text NOT NULL,
        roles text[] NOT NULL,
        disabled boolean NOT NULL DEFAULT false,
        mfa_enabled boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT users_pkey PRIMARY KEY (id),
        CONSTRAINT users_email_key UNIQUE (email),
        CONSTRAINT users_email_lowercase CHECK (email = lower(email)),
        CONSTRAINT users_roles_known CHECK (
          cardinality(roles) > 0 AND roles <@ ARRAY['VIEWER', 'ANALYST', 'TRADER', 'AUDITOR', 'ADMIN']
        )
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE users');
  }
}
