import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the next valuation of an account goes on from, and what tells it cheaply what was brought in or taken out. */
export class CreateEquityMarks1763960000000 implements MigrationInterface {
  readonly name = 'CreateEquityMarks1763960000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE equity_days ADD COLUMN mark jsonb NOT NULL
         DEFAULT '{"revaluation": "0", "holdings": {}, "rates": {}, "transferred": {}, "broughtIn": "0"}'`,
    );
    await queryRunner.query(
      `CREATE INDEX ledger_entries_transfers ON ledger_entries (account_id) WHERE book = 'TRANSFERS'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ledger_entries_transfers');
    await queryRunner.query('ALTER TABLE equity_days DROP COLUMN mark');
  }
}
