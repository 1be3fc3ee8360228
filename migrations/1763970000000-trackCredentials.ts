import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets whoever trades an account see that its key was replaced, and says which account at the exchange the key is of. */
export class TrackCredentials1763970000000 implements MigrationInterface {
  readonly name = 'TrackCredentials1763970000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE accounts ADD COLUMN credentials_number integer NOT NULL DEFAULT 0');
    await queryRunner.query('ALTER TABLE account_credentials ADD COLUMN exchange_account text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE account_credentials DROP COLUMN exchange_account');
    await queryRunner.query('ALTER TABLE accounts DROP COLUMN credentials_number');
  }
}
