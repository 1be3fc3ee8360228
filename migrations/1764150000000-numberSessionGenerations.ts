import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How often all sessions were ended, of a user and of everybody. Whoever proved who they are before the last time must not begin one after
 * it, so a sign-in that waits for its second factor keeps what it was then.
 */
export class NumberSessionGenerations1764150000000 implements MigrationInterface {
  readonly name = 'NumberSessionGenerations1764150000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables)
      await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN session_generation integer NOT NULL DEFAULT 0`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables) await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN session_generation`);
  }
}

const tables = ['users', 'trading_house', 'login_challenges'];
