import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sign-ins, and the refresh tokens that each goes on with: as hashes, so that a copy of the database is no way in.
 * That a session has ended is told on the channel of users, whoever ended it, and the sessions of a user who is disabled end.
 */
export class CreateSessions1764030000000 implements MigrationInterface {
  readonly name = 'CreateSessions1764030000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE sessions (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ip text,
        user_agent text,
        revoked_at timestamptz,
        revoked_reason text,
        CONSTRAINT sessions_pkey PRIMARY KEY (id),
        CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT sessions_user_agent_short CHECK (char_length(user_agent) <= 256),
        CONSTRAINT sessions_reason_known CHECK (
          revoked_reason IN ('SIGNED_OUT', 'REVOKED', 'REPLACED', 'TOKEN_REUSED', 'PASSWORD_CHANGED', 'USER_DISABLED', 'ALL_ENDED')),
        CONSTRAINT sessions_reason_given CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
        CONSTRAINT sessions_times_in_order CHECK (created_at <= last_seen_at AND created_at < expires_at)
      )`);
    await queryRunner.query('CREATE INDEX sessions_user ON sessions (user_id, last_seen_at)');
    await queryRunner.query('CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL');
    await queryRunner.query(`
      CREATE TABLE refresh_tokens (
        hash bytea NOT NULL,
        session_id uuid NOT NULL,
        issued_at timestamptz NOT NULL,
        used_at timestamptz,
        successor_salt bytea,
        CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash),
        CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
        CONSTRAINT refresh_tokens_hash_size CHECK (octet_length(hash) = 32),
        CONSTRAINT refresh_tokens_salt_of_used CHECK (successor_salt IS NULL OR used_at IS NOT NULL)
      )`);
    // A session has one token that is good; two at once would be two ways on.
    await queryRunner.query(
      'CREATE UNIQUE INDEX refresh_tokens_one_unused ON refresh_tokens (session_id) WHERE used_at IS NULL',
    );
    await queryRunner.query('CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id)');
    await this.#tellEndings(queryRunner);
    await this.#endWithUser(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TRIGGER users_end_sessions ON users');
    await queryRunner.query('DROP FUNCTION end_sessions_of_user()');
    await queryRunner.query('DROP TABLE refresh_tokens');
    await queryRunner.query('DROP TABLE sessions');
    await queryRunner.query('DROP FUNCTION tell_session_end()');
  }

  async #tellEndings(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION tell_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('tickgate_users', 'session ' || OLD.id);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER sessions_told_ended AFTER UPDATE OF revoked_at ON sessions
        FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION tell_session_end()`);
    await queryRunner.query(`
      CREATE TRIGGER sessions_told_deleted AFTER DELETE ON sessions
        FOR EACH ROW WHEN (OLD.revoked_at IS NULL) EXECUTE FUNCTION tell_session_end()`);
  }

  /** An account is disabled because someone else may hold its tokens: enabling it must not give them back. */
  async #endWithUser(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION end_sessions_of_user() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = 'USER_DISABLED'
          WHERE user_id = NEW.id AND revoked_at IS NULL;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER users_end_sessions AFTER UPDATE OF disabled ON users
        FOR EACH ROW WHEN (NEW.disabled AND NOT OLD.disabled) EXECUTE FUNCTION end_sessions_of_user()`);
  }
}
