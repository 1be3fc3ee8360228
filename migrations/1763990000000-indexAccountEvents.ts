import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The newest event of a kind, and those since a number, whatever else the account's outbox holds: what who comes back asks for. */
export class IndexAccountEvents1763990000000 implements MigrationInterface {
  readonly name = 'IndexAccountEvents1763990000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE INDEX account_events_kind ON account_events (account_id, kind, seq)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX account_events_kind');
  }
}
