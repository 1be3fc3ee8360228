import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which orders of an account have changed of late: what every comparison with its exchange asks, however many there are. */
export class IndexOrdersByChange1764000000000 implements MigrationInterface {
  readonly name = 'IndexOrdersByChange1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE INDEX orders_account_updated ON orders (account_id, updated_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX orders_account_updated');
  }
}
