import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ring of keys that sign access tokens. Their private halves are sealed, and gone once a key is retired; a ring has exactly
 * one active key, and at most one that follows it. What happens to a key is told on the channel `tickgate_signing_keys`, as
 * its id and its state.
 */
export class CreateSigningKeys1764010000000 implements MigrationInterface {
  readonly name = 'CreateSigningKeys1764010000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE signing_keys (
        kid text NOT NULL,
        algorithm text NOT NULL,
        state text NOT NULL,
        created_at timestamptz NOT NULL,
        activated_at timestamptz,
        retiring_at timestamptz,
        retired_at timestamptz,
        revoked boolean NOT NULL DEFAULT false,
        key_id text,
        wrapped_key bytea,
        nonce bytea,
        ciphertext bytea,
        CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
        CONSTRAINT signing_keys_algorithm_known CHECK (algorithm IN ('RS256', 'ES256')),
        CONSTRAINT signing_keys_state_known CHECK (state IN ('pending', 'active', 'retiring', 'retired')),
        CONSTRAINT signing_keys_activated CHECK (
          CASE state WHEN 'pending' THEN activated_at IS NULL WHEN 'retired' THEN true ELSE activated_at IS NOT NULL END),
        CONSTRAINT signing_keys_retiring CHECK (
          CASE state WHEN 'retiring' THEN retiring_at IS NOT NULL WHEN 'retired' THEN true ELSE retiring_at IS NULL END),
        CONSTRAINT signing_keys_retired CHECK ((state = 'retired') = (retired_at IS NOT NULL)),
        CONSTRAINT signing_keys_revoked CHECK (state = 'retired' OR NOT revoked),
        CONSTRAINT signing_keys_sealed CHECK (
          num_nonnulls(key_id, wrapped_key, nonce, ciphertext) = CASE state WHEN 'retired' THEN 0 ELSE 4 END)
      )`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX signing_keys_one_of_a_state ON signing_keys (state) WHERE state IN ('pending', 'active')`);
    await this.#keepOneActive(queryRunner);
    await this.#tellChanges(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE signing_keys');
    await queryRunner.query('DROP FUNCTION tell_signing_key()');
    await queryRunner.query('DROP FUNCTION check_signing_keys()');
  }

  /** At the end of a transaction: within it the one key gives way to the other. */
  async #keepOneActive(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION check_signing_keys() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        IF NOT EXISTS (SELECT FROM signing_keys WHERE state = 'active') THEN
          RAISE EXCEPTION 'one signing key has to be active' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE CONSTRAINT TRIGGER signing_keys_one_active AFTER INSERT OR UPDATE OR DELETE ON signing_keys
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_signing_keys()`);
  }

  async #tellChanges(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION tell_signing_key() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('tickgate_signing_keys',
          CASE TG_OP WHEN 'DELETE' THEN OLD.kid || ' retired' ELSE NEW.kid || ' ' || NEW.state END);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER signing_keys_told AFTER INSERT OR DELETE OR UPDATE OF state ON signing_keys
        FOR EACH ROW EXECUTE FUNCTION tell_signing_key()`);
  }
}
