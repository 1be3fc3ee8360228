import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets a LIVE account wait for a second person. Those that are there trade on as before: nobody was asked for when they were made. */
export class ApproveAccounts1764090000000 implements MigrationInterface {
  readonly name = 'ApproveAccounts1764090000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE accounts
        ADD COLUMN approval text NOT NULL DEFAULT 'NOT_NEEDED',
        ADD CONSTRAINT accounts_approval_known CHECK (approval IN ('NOT_NEEDED', 'AWAITED', 'GIVEN')),
        ADD CONSTRAINT accounts_approval_of_live CHECK (mode = 'LIVE' OR approval = 'NOT_NEEDED')`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE accounts DROP COLUMN approval');
  }
}
