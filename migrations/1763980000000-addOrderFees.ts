import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an order's fills cost in fees, beside what they cost: told with every change of the order, and so not summed up then. */
export class AddOrderFees1763980000000 implements MigrationInterface {
  readonly name = 'AddOrderFees1763980000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE orders ADD COLUMN fees jsonb NOT NULL DEFAULT '[]'`);
    await queryRunner.query(
      `UPDATE orders o SET fees = paid.fees FROM (
         SELECT order_id, jsonb_agg(jsonb_build_object('currency', currency, 'cost', trim_scale(cost)::text)) AS fees
         FROM (SELECT f.order_id, fee->>'currency' AS currency, sum((fee->>'cost')::numeric) AS cost
               FROM fills f CROSS JOIN jsonb_array_elements(f.fees) fee
               WHERE f.order_id IS NOT NULL GROUP BY 1, 2) each_currency
         GROUP BY order_id) paid
       WHERE o.id = paid.order_id`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE orders DROP COLUMN fees');
  }
}
