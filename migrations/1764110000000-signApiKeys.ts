import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets an API key have a public key, with which each of its requests is checked. Keys that are there need no signature, as before. */
export class SignApiKeys1764110000000 implements MigrationInterface {
  readonly name = 'SignApiKeys1764110000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // The SPKI of every Ed25519 key is the same 12 bytes and the 32 of the key: nothing else can stand there.
    await queryRunner.query(`
      ALTER TABLE api_keys
        ADD COLUMN public_key text,
        ADD CONSTRAINT api_keys_public_key_ed25519 CHECK (
          public_key ~ '^-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=\\n-----END PUBLIC KEY-----\\n$')`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE api_keys DROP COLUMN public_key');
  }
}
