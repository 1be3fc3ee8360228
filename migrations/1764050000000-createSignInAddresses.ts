import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where users have signed in from: guesses from elsewhere are counted apart, so that they do not keep the owner out. */
export class CreateSignInAddresses1764050000000 implements MigrationInterface {
  readonly name = 'CreateSignInAddresses1764050000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE sign_in_addresses (
        user_id uuid NOT NULL,
        address text NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT sign_in_addresses_pkey PRIMARY KEY (user_id, address),
        CONSTRAINT sign_in_addresses_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT sign_in_addresses_short CHECK (char_length(address) <= 64)
      )`);
    await queryRunner.query('CREATE INDEX sign_in_addresses_seen ON sign_in_addresses (seen_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE sign_in_addresses');
  }
}
