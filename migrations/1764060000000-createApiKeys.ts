import type { MigrationInterface, QueryRunner } from 'typeorm';

/** API keys, as hashes. Whatever changes them is told on a channel; those of a user who is disabled end. */
export class CreateApiKeys1764060000000 implements MigrationInterface {
  readonly name = 'CreateApiKeys1764060000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE api_keys (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        label text NOT NULL,
        prefix text NOT NULL,
        hash bytea NOT NULL,
        scopes text[] NOT NULL,
        allowed_ips text[] NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT api_keys_hash_key UNIQUE (hash),
        CONSTRAINT api_keys_hash_size CHECK (octet_length(hash) = 32),
        CONSTRAINT api_keys_label_short CHECK (char_length(label) BETWEEN 1 AND 80),
        CONSTRAINT api_keys_scopes_known CHECK (
          cardinality(scopes) > 0
          AND scopes <@ ARRAY['MARKET_READ', 'ACCOUNT_READ', 'TRADE_PAPER', 'TRADE_LIVE', 'AI_USE', 'SCHEMA_READ']),
        CONSTRAINT api_keys_live_trading_from_somewhere CHECK (
          NOT 'TRADE_LIVE' = ANY (scopes) OR cardinality(allowed_ips) > 0),
        CONSTRAINT api_keys_life CHECK (expires_at > created_at AND expires_at <= created_at + interval '90 days')
      )`);
    await queryRunner.query('CREATE INDEX api_keys_user ON api_keys (user_id)');
    await queryRunner.query('CREATE INDEX api_keys_live ON api_keys (expires_at) WHERE revoked_at IS NULL');
    await queryRunner.query(`
      CREATE FUNCTION tell_api_key_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN
          PERFORM pg_notify('tickgate_api_keys', NEW.id || ' made');
        ELSE
          PERFORM pg_notify('tickgate_api_keys', OLD.id || ' revoked');
        END IF;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER api_keys_told AFTER INSERT OR DELETE ON api_keys
        FOR EACH ROW EXECUTE FUNCTION tell_api_key_change()`);
    await queryRunner.query(`
      CREATE TRIGGER api_keys_told_revoked AFTER UPDATE OF revoked_at ON api_keys
        FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION tell_api_key_change()`);
    await queryRunner.query(`
      CREATE FUNCTION end_api_keys_of_user() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        UPDATE api_keys SET revoked_at = clock_timestamp() WHERE user_id = NEW.id AND revoked_at IS NULL;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER users_end_api_keys AFTER UPDATE OF disabled ON users
        FOR EACH ROW WHEN (NEW.disabled AND NOT OLD.disabled) EXECUTE FUNCTION end_api_keys_of_user()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TRIGGER users_end_api_keys ON users');
    await queryRunner.query('DROP FUNCTION end_api_keys_of_user()');
    await queryRunner.query('DROP TABLE api_keys');
    await queryRunner.query('DROP FUNCTION tell_api_key_change()');
  }
}
