import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { holdUser } from '../identity/userAdministration';
import { writeAudit } from '../trading/audit';
import { accountChannel } from '../trading/heldEvents';
import type { RunRows } from '../trading/runRows';
import { isOpen } from '../trading/tables';
import { conditionsOf, ownRows, readPersonalTables } from './personalTables';

/** Why an account stays. label: of the LIVE account in which something is open. */
export type ErasureObstacle =
  | { readonly kind: 'lastAdmin' }
  | { readonly kind: 'ordersOpen'; readonly label: string }
  | { readonly kind: 'positionsOpen'; readonly label: string };

/** `changed`: the password was changed, or the user disabled, since they proved who they are. */
export type ErasureOutcome = { readonly kind: 'erased' } | { readonly kind: 'changed' } | ErasureObstacle;

export interface Erasure {
  readonly userId: string;
  /** The password that was proven. */
  readonly from: string;
  /** The hash of one that nobody knows. */
  readonly to: string;
  readonly at: EpochMs;
  readonly ip: string | null;
}

/**
 * What is kept, under the pseudonym, because books and audit have to stay whole (docs/PRIVACY.md says why). Every other table that
 * refers to the user loses their rows: one that is added later as well.
 */
export const keptTables: ReadonlySet<string> = new Set([
  'users',
  'accounts',
  'orders',
  'order_attempts',
  'order_transitions',
  'fills',
  'balances',
  'ledger_entries',
  'positions',
  'position_changes',
  'equity_days',
  'reconciliations',
  'paper_accounts',
  'paper_balances',
  'paper_orders',
  'paper_fills',
  'paper_positions',
  'paper_transfers',
  'audit_entries',
  'deleted_users',
]);

/** Somebody with years of trading behind them has much to delete. */
const timeout = '2min';

/** Ends an account for good. What is left belongs to nobody who could be named by it. */
export class ErasureStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Null where nothing keeps the user; it may, a moment later. */
  async obstacle(userId: string): Promise<ErasureObstacle | null> {
    return this.#transaction(async (run) => {
      const held = await holdUser(run, userId);
      return held?.isLastAdmin === true ? { kind: 'lastAdmin' } : findOpen(run, userId);
    });
  }

  /** All of it or, where it is not `erased`, nothing. The database tells every node, as when a user is disabled. */
  async erase(erasure: Erasure): Promise<ErasureOutcome> {
    const { userId, at, ip } = erasure;
    return this.#transaction(async (run) => {
      await run(`SET LOCAL statement_timeout = '${timeout}'`);
      const held = await holdUser(run, userId);
      if (held?.isLastAdmin === true) return { kind: 'lastAdmin' };
      // Nobody trades on them meanwhile.
      await run('SELECT id FROM accounts WHERE owner_id = $1 ORDER BY id FOR UPDATE', [userId]);
      const open = await findOpen(run, userId);
      if (open !== null) return open;
      if (!(await pseudonymise(run, erasure))) return { kind: 'changed' };
      await closeAccounts(run, userId, at);
      await deleteRows(run, userId);
      await writeAudit(run, { at, actor: userId, ip, action: 'user.erase', target: userId, outcome: 'erased' });
      return { kind: 'erased' };
    });
  }

  #transaction<Result>(work: (run: RunRows) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction((manager) =>
      work((text, values = []) => manager.query(text, [...values])),
    );
  }
}

async function findOpen(run: RunRows, userId: string): Promise<ErasureObstacle | null> {
  const labelOf = async (rows: string): Promise<string | undefined> => {
    const live = `SELECT label FROM accounts a WHERE owner_id = $1 AND mode = 'LIVE' AND EXISTS (${rows})`;
    const [account] = await run(`${live} ORDER BY created_at, id LIMIT 1`, [userId]);
    return account?.['label'] as string | undefined;
  };
  const withOrders = await labelOf(`SELECT FROM orders WHERE account_id = a.id AND ${isOpen}`);
  if (withOrders !== undefined) return { kind: 'ordersOpen', label: withOrders };
  const withPositions = await labelOf('SELECT FROM positions WHERE account_id = a.id AND closed_at IS NULL');
  return withPositions === undefined ? null : { kind: 'positionsOpen', label: withPositions };
}

/** The triggers of `users` end what is open, on every node. False where the password is another by now. */
async function pseudonymise(run: RunRows, { userId, from, to }: Erasure): Promise<boolean> {
  const erased = await run(
    `WITH erased AS (UPDATE users SET email = id || '@erased.invalid', password_hash = $3, roles = '{VIEWER}',
         mfa_enabled = false, disabled = true, erased_at = clock_timestamp()
       WHERE id = $1 AND password_hash = $2 AND NOT disabled RETURNING id) SELECT id FROM erased`,
    [userId, from, to],
  );
  return erased.length === 1;
}

/** As if each were removed, and without the words that their owner gave them. Whoever reads one is told: by a grant, too. */
async function closeAccounts(run: RunRows, userId: string, at: EpochMs): Promise<void> {
  await run(
    `SELECT pg_notify($2, id::text) FROM accounts
      WHERE owner_id = $1 AND removed_at IS NULL
         OR id IN (SELECT account_id FROM account_grants WHERE user_id = $1)`,
    [userId, accountChannel],
  );
  await run(
    `UPDATE accounts SET removed_at = coalesce(removed_at, $2), label = 'erased', key_hint = NULL, trading_state_reason = NULL
      WHERE owner_id = $1`,
    [userId, new Date(at)],
  );
}

/** Those that others refer to after those others. */
async function deleteRows(run: RunRows, userId: string): Promise<void> {
  const tables = await readPersonalTables(run);
  let left = tables.filter(({ name }) => !keptTables.has(name));
  while (left.length > 0) {
    const referred = new Set(left.flatMap(({ ways }) => ways.map(({ to }) => to)));
    const free = left.filter(({ name }) => !referred.has(name));
    // Of those that refer to each other in a circle the database knows the order, or refuses.
    const next = free.length > 0 ? free : left;
    for (const table of next) {
      const own = ownRows(table, conditionsOf(table, tables));
      if (own === '') continue;
      await run(
        `WITH own AS MATERIALIZED (${own}) DELETE FROM ${table.name} t USING own
        WHERE t.ctid = own.place AND t.tableoid = own.source`,
        [userId],
      );
    }
    left = left.filter((table) => !next.includes(table));
  }
}
