import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What src/security/inputBounds.ts refuses, the database refuses as well: whoever comes by another way (a service that forgot, a repair by
 * hand) stores nothing that is larger. Lengths are characters, so that none is stricter than the server, which counts UTF-16 units.
 */
export class BoundTexts1764100000000 implements MigrationInterface {
  readonly name = 'BoundTexts1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, columns] of Object.entries(bounds)) {
      const added = Object.entries(columns).map(
        ([column, to]) => `ADD CONSTRAINT ${table}_${column}_short CHECK (char_length(${column}) <= ${to})`,
      );
      await queryRunner.query(`ALTER TABLE ${table} ${added.join(', ')}`);
    }
    // As many as a key may have, and as long.
    await queryRunner.query(`
      ALTER TABLE api_keys ADD CONSTRAINT api_keys_allowed_ips_short CHECK (
        cardinality(allowed_ips) <= 20 AND char_length(array_to_string(allowed_ips, ',')) <= 20 * 65)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE api_keys DROP CONSTRAINT api_keys_allowed_ips_short');
    for (const [table, columns] of Object.entries(bounds)) {
      const dropped = Object.keys(columns).map((column) => `DROP CONSTRAINT ${table}_${column}_short`);
      await queryRunner.query(`ALTER TABLE ${table} ${dropped.join(', ')}`);
    }
  }
}

/** One of a few words of ours. */
const word = 64;
const address = 64;
const reason = 1_024;
/** `exchange:symbol`. */
const market = 128;
/**
 * What exchanges call things: theirs are a quarter of it at most. Beyond it something is wrong with the exchange, and the account is better
 * not booked than filled with it.
 */
const theirs = 256;

const bounds: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  users: { email: 254, password_hash: 512 },
  accounts: {
    label: 60,
    exchange: market,
    currency: theirs,
    key_hint: word,
    trading_state_reason: reason,
    day: word,
  },
  account_credentials: { key_id: theirs, exchange_account: theirs },
  api_keys: { prefix: word },
  audit_entries: { actor: market, action: market, target: 1_024, outcome: 65_536, ip: address, user_agent: 256 },
  balances: { currency: theirs },
  equity_days: { day: word },
  fills: {
    market_id: market,
    exchange_trade_id: theirs,
    exchange_order_id: theirs,
    side: word,
    position_side: word,
    taker_or_maker: word,
  },
  idempotency_keys: { key: 256 },
  // A posting is called by what it books: a market and what the exchange calls its trade.
  ledger_entries: { posting: 512, currency: theirs, market_id: market },
  order_attempts: { market_id: market, client_order_id: theirs, exchange_order_id: theirs },
  order_transitions: { from_phase: word, to_phase: word, cause: 4_096 },
  orders: {
    client_order_id: theirs,
    exchange_order_id: theirs,
    market_id: market,
    type: word,
    side: word,
    position_side: word,
    time_in_force: word,
    reject_code: word,
    reserved_currency: theirs,
  },
  paper_accounts: { exchange: market },
  paper_balances: { currency: theirs },
  paper_fills: {
    client_order_id: theirs,
    symbol: market,
    side: word,
    position_side: word,
    taker_or_maker: word,
    fee_currency: theirs,
  },
  paper_orders: { client_order_id: theirs, symbol: market, reserved_currency: theirs },
  paper_positions: { symbol: market, slot: word, side: word, settle_currency: theirs },
  paper_transfers: { id: 512, symbol: market, currency: theirs },
  positions: { market_id: market, currency: theirs },
  sessions: { ip: address },
  signing_keys: { kid: word, key_id: theirs },
  totp_secrets: { key_id: theirs },
  trading_house: { reason },
};
