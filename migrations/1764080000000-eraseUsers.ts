import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who have had their account erased stay as a pseudonym that nobody can let in again. */
export class EraseUsers1764080000000 implements MigrationInterface {
  readonly name = 'EraseUsers1764080000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE users
        ADD COLUMN erased_at timestamptz,
        ADD CONSTRAINT users_erased_stay_out CHECK (erased_at IS NULL OR disabled)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE users DROP CONSTRAINT users_erased_stay_out, DROP COLUMN erased_at');
  }
}
