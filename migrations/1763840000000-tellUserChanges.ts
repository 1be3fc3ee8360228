import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tells whoever listens on the channel `tickgate_users` the id of a user whose authority has changed, and keeps what those
 * who did not listen have to catch up on: `updated_at`, `disabled_at` (when the user was disabled last) and `deleted_users`.
 * All of it is the database's own doing, so that a change made by hand counts like one of ours.
 */
export class TellUserChanges1763840000000 implements MigrationInterface {
  readonly name = 'TellUserChanges1763840000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE users
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN disabled_at timestamptz`);
    await queryRunner.query('UPDATE users SET disabled_at = now() WHERE disabled');
    // An id alone says nothing of a person, so it may stay.
    await queryRunner.query(`
      CREATE TABLE deleted_users (
        id uuid NOT NULL,
        deleted_at timestamptz NOT NULL,
        CONSTRAINT deleted_users_pkey PRIMARY KEY (id)
      )`);
    await this.#keepTimes(queryRunner);
    await this.#tellChanges(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TRIGGER users_told_changed ON users');
    await queryRunner.query('DROP TRIGGER users_told ON users');
    await queryRunner.query('DROP TRIGGER users_times ON users');
    await queryRunner.query('DROP FUNCTION tell_user_change()');
    await queryRunner.query('DROP FUNCTION keep_user_times()');
    await queryRunner.query('DROP TABLE deleted_users');
    await queryRunner.query('ALTER TABLE users DROP COLUMN disabled_at, DROP COLUMN updated_at');
  }

  async #keepTimes(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION keep_user_times() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.updated_at := clock_timestamp();
        NEW.disabled_at := CASE TG_OP WHEN 'UPDATE' THEN OLD.disabled_at END;
        IF NEW.disabled AND (TG_OP = 'INSERT' OR NOT OLD.disabled) THEN
          NEW.disabled_at := NEW.updated_at;
        END IF;
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER users_times BEFORE INSERT OR UPDATE ON users
        FOR EACH ROW EXECUTE FUNCTION keep_user_times()`);
  }

  async #tellChanges(queryRunner: QueryRunner): Promise<void> {
    // The search path of now: whoever deletes a user may have another.
    await queryRunner.query(`
      CREATE FUNCTION tell_user_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        IF TG_OP = 'DELETE' THEN
          INSERT INTO deleted_users VALUES (OLD.id, clock_timestamp())
            ON CONFLICT (id) DO UPDATE SET deleted_at = EXCLUDED.deleted_at;
        ELSIF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM deleted_users WHERE id = NEW.id) THEN
          -- Of a new user nobody knows anything that could be wrong.
          RETURN NULL;
        END IF;
        PERFORM pg_notify('tickgate_users', (CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END)::text);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER users_told AFTER INSERT OR DELETE ON users
        FOR EACH ROW EXECUTE FUNCTION tell_user_change()`);
    await queryRunner.query(`
      CREATE TRIGGER users_told_changed AFTER UPDATE OF roles, disabled ON users
        FOR EACH ROW WHEN ((OLD.roles, OLD.disabled) IS DISTINCT FROM (NEW.roles, NEW.disabled))
        EXECUTE FUNCTION tell_user_change()`);
  }
}
