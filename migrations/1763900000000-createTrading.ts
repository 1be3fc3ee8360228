import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ledger of trading. Everything that belongs together changes in one transaction that holds the row of its account, so
 * an account has one writer at a time, and its events one order. Times are the application's, never the database's.
 */
export class CreateTrading1763900000000 implements MigrationInterface {
  readonly name = 'CreateTrading1763900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...house, ...accounts, ...orders, ...books, ...records])
      await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables) await queryRunner.query(`DROP TABLE ${table}`);
  }
}

const money = 'numeric(38,18)';

const phases = `'PENDING', 'SENDING', 'OPEN', 'PARTIALLY_FILLED', 'CANCELING', 'EDITING', 'UNKNOWN',
  'CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'NOT_PLACED'`;

/** Latest first: each before those that it refers to. */
const tables = [
  'audit_entries',
  'reconciliations',
  'account_events',
  'equity_days',
  'position_changes',
  'positions',
  'ledger_entries',
  'balances',
  'fills',
  'idempotency_keys',
  'order_transitions',
  'order_attempts',
  'orders',
  'account_grants',
  'account_credentials',
  'accounts',
  'trading_house',
];

/** One row: who may write (the epoch of the leading node) and whether anybody may trade. */
const house = [
  `CREATE TABLE trading_house (
     id integer NOT NULL,
     epoch bigint NOT NULL,
     state text NOT NULL,
     reason text,
     flatten_number bigint NOT NULL,
     flatten_active boolean NOT NULL,
     changed_at timestamptz,
     CONSTRAINT trading_house_pkey PRIMARY KEY (id),
     CONSTRAINT trading_house_single CHECK (id = 1),
     CONSTRAINT trading_house_state_known CHECK (state IN ('ACTIVE', 'REDUCING', 'HALTED'))
   )`,
  `INSERT INTO trading_house (id, epoch, state, flatten_number, flatten_active) VALUES (1, 0, 'ACTIVE', 0, false)`,
];

const accounts = [
  `CREATE TABLE accounts (
     id uuid NOT NULL,
     owner_id uuid NOT NULL,
     label text NOT NULL,
     exchange text NOT NULL,
     mode text NOT NULL,
     currency text NOT NULL,
     position_mode text NOT NULL,
     key_hint text,
     created_at timestamptz NOT NULL,
     removed_at timestamptz,
     event_seq bigint NOT NULL,
     reconciled_epoch bigint,
     trading_state text NOT NULL,
     trading_state_reason text,
     flatten_number bigint NOT NULL,
     flatten_active boolean NOT NULL,
     flattened_number bigint NOT NULL,
     max_order_notional ${money},
     max_position_notional ${money},
     max_daily_loss ${money},
     max_drawdown ${money},
     max_orders_per_minute integer,
     max_price_age_ms integer,
     high_water_mark ${money} NOT NULL,
     day text,
     day_opening_equity ${money},
     CONSTRAINT accounts_pkey PRIMARY KEY (id),
     CONSTRAINT accounts_owner_fkey FOREIGN KEY (owner_id) REFERENCES users (id),
     CONSTRAINT accounts_mode_known CHECK (mode IN ('PAPER', 'LIVE')),
     CONSTRAINT accounts_position_mode_known CHECK (position_mode IN ('ONE_WAY', 'HEDGE')),
     CONSTRAINT accounts_state_known CHECK (trading_state IN ('ACTIVE', 'REDUCING', 'HALTED'))
   )`,
  'CREATE INDEX accounts_owner ON accounts (owner_id)',
  // Nothing here opens without the key-encryption key, which is not in the database.
  `CREATE TABLE account_credentials (
     account_id uuid NOT NULL,
     key_id text NOT NULL,
     wrapped_key bytea NOT NULL,
     nonce bytea NOT NULL,
     ciphertext bytea NOT NULL,
     checked_at timestamptz NOT NULL,
     CONSTRAINT account_credentials_pkey PRIMARY KEY (account_id),
     CONSTRAINT account_credentials_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
   )`,
  `CREATE TABLE account_grants (
     account_id uuid NOT NULL,
     user_id uuid NOT NULL,
     granted_at timestamptz NOT NULL,
     CONSTRAINT account_grants_pkey PRIMARY KEY (account_id, user_id),
     CONSTRAINT account_grants_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id),
     CONSTRAINT account_grants_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
   )`,
  'CREATE INDEX account_grants_user ON account_grants (user_id)',
];

const orders = [
  `CREATE TABLE orders (
     id uuid NOT NULL,
     account_id uuid NOT NULL,
     origin text NOT NULL,
     client_order_id text,
     exchange_order_id text,
     market_id text NOT NULL,
     type text NOT NULL,
     side text NOT NULL,
     position_side text,
     time_in_force text,
     price ${money},
     trigger_price ${money},
     trailing_delta ${money},
     amount ${money},
     quote_amount ${money},
     reduce_only boolean NOT NULL,
     filled ${money} NOT NULL,
     overfilled ${money} NOT NULL,
     attempt_remaining ${money},
     cost ${money} NOT NULL,
     phase text NOT NULL,
     reject_code text,
     version integer NOT NULL,
     attempt integer NOT NULL,
     signed_at timestamptz,
     unknown_since timestamptz,
     misses integer NOT NULL,
     last_missed_at timestamptz,
     cancel_requested_at timestamptz,
     edit_price ${money},
     edit_amount ${money},
     reserved_currency text,
     reserved ${money} NOT NULL,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     CONSTRAINT orders_pkey PRIMARY KEY (id),
     CONSTRAINT orders_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id),
     CONSTRAINT orders_phase_known CHECK (phase IN (${phases})),
     CONSTRAINT orders_origin_known CHECK (origin IN ('API', 'FLATTEN', 'EXTERNAL')),
     CONSTRAINT orders_amounts CHECK (amount > 0 AND filled >= 0 AND cost >= 0 AND reserved >= 0)
   )`,
  'CREATE INDEX orders_account_created ON orders (account_id, created_at DESC, id DESC)',
  `CREATE INDEX orders_unsettled ON orders (phase, created_at)
     WHERE phase IN ('PENDING', 'SENDING', 'CANCELING', 'EDITING', 'UNKNOWN')`,
  `CREATE INDEX orders_open ON orders (account_id)
     WHERE phase NOT IN ('CLOSED', 'CANCELED', 'EXPIRED', 'REJECTED', 'NOT_PLACED')`,
  // Every sending of an order has a client order id of its own; what the exchange calls it is known with its answer.
  `CREATE TABLE order_attempts (
     account_id uuid NOT NULL,
     order_id uuid NOT NULL,
     attempt integer NOT NULL,
     market_id text NOT NULL,
     client_order_id text NOT NULL,
     exchange_order_id text,
     CONSTRAINT order_attempts_pkey PRIMARY KEY (order_id, attempt),
     CONSTRAINT order_attempts_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
     CONSTRAINT order_attempts_client_order_id_key UNIQUE (account_id, client_order_id),
     CONSTRAINT order_attempts_exchange_order_id_key UNIQUE (account_id, market_id, exchange_order_id)
   )`,
  `CREATE TABLE order_transitions (
     order_id uuid NOT NULL,
     seq integer NOT NULL,
     at timestamptz NOT NULL,
     from_phase text,
     to_phase text NOT NULL,
     cause text NOT NULL,
     CONSTRAINT order_transitions_pkey PRIMARY KEY (order_id, seq),
     CONSTRAINT order_transitions_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id)
   )`,
  `CREATE TABLE idempotency_keys (
     owner_id uuid NOT NULL,
     key text NOT NULL,
     body_hash bytea NOT NULL,
     order_id uuid NOT NULL,
     created_at timestamptz NOT NULL,
     CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner_id, key),
     CONSTRAINT idempotency_keys_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id)
   )`,
  `CREATE TABLE fills (
     id uuid NOT NULL,
     account_id uuid NOT NULL,
     order_id uuid,
     market_id text NOT NULL,
     exchange_trade_id text NOT NULL,
     exchange_order_id text NOT NULL,
     side text NOT NULL,
     position_side text,
     taker_or_maker text,
     price ${money} NOT NULL,
     amount ${money} NOT NULL,
     cost ${money} NOT NULL,
     fees jsonb NOT NULL,
     realized_pnl ${money} NOT NULL,
     at timestamptz NOT NULL,
     CONSTRAINT fills_pkey PRIMARY KEY (id),
     CONSTRAINT fills_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id),
     CONSTRAINT fills_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
     CONSTRAINT fills_once UNIQUE (account_id, market_id, exchange_trade_id)
   )`,
  'CREATE INDEX fills_order ON fills (order_id)',
  'CREATE INDEX fills_account_at ON fills (account_id, at DESC, id DESC)',
];

const books = [
  `CREATE TABLE balances (
     account_id uuid NOT NULL,
     currency text NOT NULL,
     total ${money} NOT NULL,
     CONSTRAINT balances_pkey PRIMARY KEY (account_id, currency),
     CONSTRAINT balances_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
   )`,
  // Double entry: what one posting writes sums to zero in each currency. ASSETS is what the exchange holds for the account.
  `CREATE TABLE ledger_entries (
     account_id uuid NOT NULL,
     posting text NOT NULL,
     line integer NOT NULL,
     book text NOT NULL,
     currency text NOT NULL,
     amount ${money} NOT NULL,
     market_id text,
     at timestamptz NOT NULL,
     CONSTRAINT ledger_entries_pkey PRIMARY KEY (account_id, posting, line),
     CONSTRAINT ledger_entries_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id),
     CONSTRAINT ledger_entries_book_known
       CHECK (book IN ('ASSETS', 'TRADING', 'FEES', 'FUNDING', 'TRANSFERS', 'UNEXPLAINED'))
   )`,
  'CREATE INDEX ledger_entries_account_at ON ledger_entries (account_id, at)',
  `CREATE TABLE positions (
     id uuid NOT NULL,
     account_id uuid NOT NULL,
     market_id text NOT NULL,
     side text NOT NULL,
     amount ${money} NOT NULL,
     contract_size ${money},
     cost ${money} NOT NULL,
     leverage ${money},
     liquidation_price ${money},
     realized_pnl ${money} NOT NULL,
     fees_paid ${money} NOT NULL,
     funding_paid ${money} NOT NULL,
     currency text NOT NULL,
     opened_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     closed_at timestamptz,
     CONSTRAINT positions_pkey PRIMARY KEY (id),
     CONSTRAINT positions_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id),
     CONSTRAINT positions_side_known CHECK (side IN ('LONG', 'SHORT')),
     CONSTRAINT positions_amount CHECK (amount >= 0)
   )`,
  'CREATE UNIQUE INDEX positions_open_once ON positions (account_id, market_id, side) WHERE closed_at IS NULL',
  // What positions(asOf:) reads: the whole state after each change.
  `CREATE TABLE position_changes (
     position_id uuid NOT NULL,
     account_id uuid NOT NULL,
     seq bigint NOT NULL,
     at timestamptz NOT NULL,
     state jsonb NOT NULL,
     CONSTRAINT position_changes_pkey PRIMARY KEY (position_id, seq),
     CONSTRAINT position_changes_position_fkey FOREIGN KEY (position_id) REFERENCES positions (id)
   )`,
  'CREATE INDEX position_changes_account_at ON position_changes (account_id, at)',
  `CREATE TABLE equity_days (
     account_id uuid NOT NULL,
     day text NOT NULL,
     opening_equity ${money} NOT NULL,
     opening_unrealized ${money} NOT NULL,
     closing_equity ${money} NOT NULL,
     closing_unrealized ${money} NOT NULL,
     updated_at timestamptz NOT NULL,
     CONSTRAINT equity_days_pkey PRIMARY KEY (account_id, day),
     CONSTRAINT equity_days_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
   )`,
];

const records = [
  // The account's outbox: one row a change, in the transaction that makes it, without a hole in `seq`.
  `CREATE TABLE account_events (
     account_id uuid NOT NULL,
     seq bigint NOT NULL,
     kind text NOT NULL,
     at timestamptz NOT NULL,
     payload jsonb NOT NULL,
     CONSTRAINT account_events_pkey PRIMARY KEY (account_id, seq),
     CONSTRAINT account_events_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id),
     CONSTRAINT account_events_kind_known CHECK (kind IN ('order', 'position', 'balances', 'risk'))
   )`,
  'CREATE INDEX account_events_at ON account_events (at)',
  `CREATE TABLE reconciliations (
     account_id uuid NOT NULL,
     at timestamptz NOT NULL,
     balanced boolean NOT NULL,
     differences text[] NOT NULL,
     CONSTRAINT reconciliations_pkey PRIMARY KEY (account_id, at),
     CONSTRAINT reconciliations_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
   )`,
  `CREATE TABLE audit_entries (
     seq bigint GENERATED ALWAYS AS IDENTITY,
     at timestamptz NOT NULL,
     actor text NOT NULL,
     action text NOT NULL,
     target text,
     outcome text NOT NULL,
     CONSTRAINT audit_entries_pkey PRIMARY KEY (seq)
   )`,
];
