import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far the operator has locked the service. It stands beside what holds for all accounts, which every transaction of an order reads and
 * holds: no order passes between its being set and its being known. What becomes of it is told on the channel `tickgate_lockdown`.
 */
export class LockService1764130000000 implements MigrationInterface {
  readonly name = 'LockService1764130000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE trading_house
        ADD COLUMN lockdown text NOT NULL DEFAULT 'NONE',
        ADD COLUMN lockdown_reason text,
        ADD COLUMN lockdown_since timestamptz,
        ADD CONSTRAINT trading_house_lockdown_known CHECK (lockdown IN ('NONE', 'NO_TRADING', 'READONLY', 'FULL')),
        ADD CONSTRAINT trading_house_lockdown_reason_short CHECK (char_length(lockdown_reason) <= 1024),
        ADD CONSTRAINT trading_house_lockdown_told CHECK ((lockdown = 'NONE') = (lockdown_since IS NULL))`);
    await queryRunner.query(`
      CREATE FUNCTION tell_lockdown() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('tickgate_lockdown', NEW.lockdown);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER trading_house_lockdown_told AFTER UPDATE OF lockdown ON trading_house
        FOR EACH ROW EXECUTE FUNCTION tell_lockdown()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TRIGGER trading_house_lockdown_told ON trading_house');
    await queryRunner.query('DROP FUNCTION tell_lockdown()');
    await queryRunner.query(
      'ALTER TABLE trading_house DROP COLUMN lockdown, DROP COLUMN lockdown_reason, DROP COLUMN lockdown_since',
    );
  }
}
