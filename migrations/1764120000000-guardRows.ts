import type { MigrationInterface, QueryRunner } from 'typeorm';

/** As src/storage/readerRole.ts calls it. By its name and not as a role: a copy of the database may be made where there is none. */
const isNoReader = `current_user <> 'tickgate_reader'`;
const readerId = `nullif(current_setting('tickgate.reader', true), '')::uuid`;
const isOn = (setting: string): string => `current_setting('tickgate.${setting}', true) = 'true'`;

const ofOwnAccounts = 'account_id IN (SELECT id FROM accounts)';

/** Which rows of a table the reader role sees: those of the user who is named, none where nobody is. */
const seen: Readonly<Record<string, string>> = {
  accounts: `owner_id = ${readerId} OR ${readerId} IS NOT NULL AND (${isOn('reads_all')}
    OR ${isOn('reads_granted')} AND id IN (SELECT account_id FROM account_grants))`,
  account_grants: `user_id = ${readerId}`,
  account_events: ofOwnAccounts,
  balances: ofOwnAccounts,
  equity_days: ofOwnAccounts,
  fills: ofOwnAccounts,
  ledger_entries: ofOwnAccounts,
  orders: ofOwnAccounts,
  order_transitions: 'EXISTS (SELECT FROM orders o WHERE o.id = order_id)',
  position_changes: ofOwnAccounts,
  positions: ofOwnAccounts,
  reconciliations: ofOwnAccounts,
  idempotency_keys: `owner_id = ${readerId}`,
  sessions: `user_id = ${readerId}`,
  api_keys: `user_id = ${readerId}`,
  // Whether trading is halted is nobody's own.
  trading_house: 'true',
};

/** The second net under every statement that says whose rows it reads: PostgreSQL says it as well (src/storage/readers.ts). */
export class GuardRows1764120000000 implements MigrationInterface {
  readonly name = 'GuardRows1764120000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, condition] of Object.entries(seen)) {
      await queryRunner.query(`CREATE POLICY ${table}_of_reader ON ${table} USING (${isNoReader} OR (${condition}))`);
      await queryRunner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of Object.keys(seen)) {
      await queryRunner.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
      await queryRunner.query(`DROP POLICY ${table}_of_reader ON ${table}`);
    }
  }
}
