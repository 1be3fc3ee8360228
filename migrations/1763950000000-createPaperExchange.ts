import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The books of the paper exchange, which stands beside the ledger of trading as a real exchange does: it has an account's id and
 * nothing else in common with it. `version` counts an account's changes; each is made to the version it was decided on.
 */
export class CreatePaperExchange1763950000000 implements MigrationInterface {
  readonly name = 'CreatePaperExchange1763950000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...accounts, ...orders, ...records]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables) await queryRunner.query(`DROP TABLE ${table}`);
  }
}

const money = 'numeric(38,18)';

/** Latest first: each before those that it refers to. */
const tables = [
  'paper_transfers',
  'paper_positions',
  'paper_fills',
  'paper_orders',
  'paper_balances',
  'paper_accounts',
];

const accounts = [
  `CREATE TABLE paper_accounts (
     id uuid NOT NULL,
     exchange text NOT NULL,
     position_mode text NOT NULL,
     version bigint NOT NULL,
     last_order_number bigint NOT NULL,
     last_trade_number bigint NOT NULL,
     CONSTRAINT paper_accounts_pkey PRIMARY KEY (id),
     CONSTRAINT paper_accounts_position_mode_known CHECK (position_mode IN ('ONE_WAY', 'HEDGE'))
   )`,
  `CREATE TABLE paper_balances (
     account_id uuid NOT NULL,
     currency text NOT NULL,
     free ${money} NOT NULL,
     used ${money} NOT NULL,
     CONSTRAINT paper_balances_pkey PRIMARY KEY (account_id, currency),
     CONSTRAINT paper_balances_account_fkey FOREIGN KEY (account_id) REFERENCES paper_accounts (id),
     CONSTRAINT paper_balances_not_negative CHECK (free >= 0 AND used >= 0)
   )`,
];

const orders = [
  // terms: as they were sent (OrderTerms). A client order id is used once, for ever.
  `CREATE TABLE paper_orders (
     account_id uuid NOT NULL,
     number bigint NOT NULL,
     client_order_id text,
     symbol text NOT NULL,
     terms jsonb NOT NULL,
     status text NOT NULL,
     placed_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     filled ${money} NOT NULL,
     cost ${money} NOT NULL,
     reserve_price ${money},
     reserved_currency text NOT NULL,
     reserved ${money} NOT NULL,
     triggered_at timestamptz,
     queue_ahead ${money},
     best_price ${money},
     CONSTRAINT paper_orders_pkey PRIMARY KEY (account_id, number),
     CONSTRAINT paper_orders_account_fkey FOREIGN KEY (account_id) REFERENCES paper_accounts (id),
     CONSTRAINT paper_orders_client_order_id_key UNIQUE (account_id, client_order_id),
     CONSTRAINT paper_orders_status_known CHECK (status IN ('OPEN', 'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED')),
     CONSTRAINT paper_orders_reserved_not_negative CHECK (reserved >= 0)
   )`,
  `CREATE INDEX paper_orders_open ON paper_orders (account_id) WHERE status = 'OPEN'`,
  'CREATE INDEX paper_orders_changed ON paper_orders (account_id, symbol, updated_at)',
];

const records = [
  `CREATE TABLE paper_fills (
     account_id uuid NOT NULL,
     trade_number bigint NOT NULL,
     order_number bigint NOT NULL,
     client_order_id text,
     symbol text NOT NULL,
     side text NOT NULL,
     position_side text,
     price ${money} NOT NULL,
     amount ${money} NOT NULL,
     cost ${money} NOT NULL,
     taker_or_maker text NOT NULL,
     fee_currency text NOT NULL,
     fee ${money} NOT NULL,
     filled_at timestamptz NOT NULL,
     CONSTRAINT paper_fills_pkey PRIMARY KEY (account_id, trade_number),
     CONSTRAINT paper_fills_order_fkey FOREIGN KEY (account_id, order_number) REFERENCES paper_orders (account_id, number)
   )`,
  'CREATE INDEX paper_fills_order ON paper_fills (account_id, order_number)',
  'CREATE INDEX paper_fills_market ON paper_fills (account_id, symbol, filled_at)',
  // slot: NET in one-way mode, LONG and SHORT in hedge mode. Flat positions have no row.
  `CREATE TABLE paper_positions (
     account_id uuid NOT NULL,
     symbol text NOT NULL,
     slot text NOT NULL,
     side text NOT NULL,
     amount ${money} NOT NULL,
     cost ${money} NOT NULL,
     realized_pnl ${money} NOT NULL,
     fees_paid ${money} NOT NULL,
     funding_paid ${money} NOT NULL,
     margin ${money} NOT NULL,
     settle_currency text NOT NULL,
     opened_at timestamptz NOT NULL,
     CONSTRAINT paper_positions_pkey PRIMARY KEY (account_id, symbol, slot),
     CONSTRAINT paper_positions_account_fkey FOREIGN KEY (account_id) REFERENCES paper_accounts (id),
     CONSTRAINT paper_positions_held CHECK (amount > 0 AND margin >= 0)
   )`,
  `CREATE TABLE paper_transfers (
     account_id uuid NOT NULL,
     id text NOT NULL,
     kind text NOT NULL,
     symbol text,
     currency text NOT NULL,
     amount ${money} NOT NULL,
     at timestamptz NOT NULL,
     CONSTRAINT paper_transfers_pkey PRIMARY KEY (account_id, id),
     CONSTRAINT paper_transfers_account_fkey FOREIGN KEY (account_id) REFERENCES paper_accounts (id),
     CONSTRAINT paper_transfers_kind_known CHECK (kind IN ('FUNDING', 'TRANSFER'))
   )`,
  'CREATE INDEX paper_transfers_at ON paper_transfers (account_id, at)',
];
