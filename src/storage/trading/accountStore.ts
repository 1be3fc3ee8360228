import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { Readers } from '../readers';
import { mayRead, readerValues, type AccountReader } from './accountReader';
import { accountTable } from './accountTable';
import { writeApprovalRequest } from './approvalStore';
import { hashOfAccount, writeAudit, type AuditEntry } from './audit';
import { writeCredentials, type CredentialRecord } from './credentialStore';
import { isUuid } from './isUuid';
import type { AccountRecord, BalanceRecord, OrderRecord, PositionRecord } from './records';
import type { RunRows } from './runRows';
import { balanceTable, isOpen, orderTable, positionTable } from './tables';
import { accountChannel } from './heldEvents';

/** What an account's balances are told by. */
export interface AccountBooks {
  readonly balances: readonly BalanceRecord[];
  readonly openOrders: readonly OrderRecord[];
  readonly positions: readonly PositionRecord[];
}

/** What a comparison with the exchange has found. */
export interface ReconciliationRecord {
  readonly at: EpochMs;
  readonly balanced: boolean;
  readonly differences: readonly string[];
}

export type RemovalOutcome = 'done' | 'noAccount' | 'ordersOpen' | 'positionsOpen';

/** Accounts: how they come and go, and who reads what of them. */
export class AccountStore {
  constructor(
    private readonly parts: { readonly dataSource: DataSource; readonly readers: Pick<Readers, 'as' | 'atOnce'> },
  ) {}

  /** The oldest first. */
  async readable(reader: AccountReader, most: number): Promise<readonly AccountRecord[]> {
    const rows = await this.parts.readers.as(reader)(
      `SELECT ${accountTable.list('a')} FROM accounts a WHERE ${mayRead('a', 1)} ORDER BY a.created_at, a.id LIMIT $4`,
      [...readerValues(reader), most],
    );
    return rows.map((row) => accountTable.read(row));
  }

  /** Null where there is none, and where it is not this reader's to see. */
  async findReadable(reader: AccountReader, id: string): Promise<AccountRecord | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.parts.readers.as(reader)(
      `SELECT ${accountTable.list('a')} FROM accounts a WHERE ${mayRead('a', 1)} AND a.id = $4`,
      [...readerValues(reader), id],
    );
    return row === undefined ? null : accountTable.read(row);
  }

  /** As they were at one moment. */
  async books(reader: AccountReader, accountId: string): Promise<AccountBooks> {
    return this.parts.readers.atOnce(reader, async (run) => {
      const select = (list: string, alias: string, rest: string): ReturnType<RunRows> =>
        run(
          `SELECT ${list} FROM ${rest} JOIN accounts a ON a.id = ${alias}.account_id
           WHERE ${alias}.account_id = $4 AND ${mayRead('a', 1)}`,
          [...readerValues(reader), accountId],
        );
      const balances = await select(balanceTable.list('b'), 'b', 'balances b');
      const orders = await select(
        orderTable.list('o'),
        'o',
        `(SELECT * FROM orders WHERE ${isOpen} AND reserved > 0) o`,
      );
      const positions = await select(
        positionTable.list('p'),
        'p',
        '(SELECT * FROM positions WHERE closed_at IS NULL) p',
      );
      return {
        balances: balances.map((row) => balanceTable.read(row)),
        openOrders: orders.map((row) => orderTable.read(row)),
        positions: positions.map((row) => positionTable.read(row)),
      };
    });
  }

  /** The newest comparison with the exchange; null before the first. */
  async reconciliation(reader: AccountReader, accountId: string): Promise<ReconciliationRecord | null> {
    const [row] = await this.parts.readers.as(reader)(
      `SELECT r.at, r.balanced, r.differences FROM reconciliations r JOIN accounts a ON a.id = r.account_id
       WHERE r.account_id = $4 AND ${mayRead('a', 1)} ORDER BY r.at DESC LIMIT 1`,
      [...readerValues(reader), accountId],
    );
    if (row === undefined) return null;
    return {
      at: (row.at as Date).getTime(),
      balanced: row.balanced as boolean,
      differences: row.differences as readonly string[],
    };
  }

  /**
   * Deletes what comparisons from before have found, but the newest of each account, which says how it stands. At most `batch` a
   * call; gives how many went: to be called until it is none.
   */
  async pruneReconciliations(before: EpochMs, batch: number): Promise<number> {
    const [row] = await this.#query(
      `WITH gone AS (
         DELETE FROM reconciliations r USING (
           SELECT o.account_id, o.at FROM reconciliations o
           WHERE o.at < $1 AND EXISTS (SELECT 1 FROM reconciliations n WHERE n.account_id = o.account_id AND n.at > o.at)
           LIMIT $2) old
         WHERE r.account_id = old.account_id AND r.at = old.at RETURNING 1)
       SELECT count(*)::int AS count FROM gone`,
      [new Date(before), batch],
    );
    return row?.count as number;
  }

  /** How many accounts a user has ever had, removed ones included. */
  async countEver(ownerId: string): Promise<number> {
    const [row] = await this.#query('SELECT count(*)::int AS count FROM accounts WHERE owner_id = $1', [ownerId]);
    return row?.count as number;
  }

  /** credentials: of LIVE. One account at an exchange is one account here: two would take each other's orders for strangers'. */
  async insert(made: {
    readonly account: AccountRecord;
    readonly credentials: CredentialRecord | null;
    readonly maxAccounts: number;
    readonly audit: AuditEntry;
  }): Promise<'done' | 'tooMany' | 'taken'> {
    const { account, credentials, maxAccounts, audit } = made;
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const outcome = await findObstacle(run, account, { credentials, maxAccounts });
      if (outcome === 'done') {
        const { text, values } = accountTable.insertion(account);
        await run(text, values);
        if (credentials !== null) await writeCredentials(run, account.id, credentials);
      }
      await writeAudit(
        run,
        outcome === 'done' ? { ...audit, after: hashOfAccount(account, identityOfAccount) } : { ...audit, outcome },
      );
      if (outcome === 'done' && account.approval === 'AWAITED') await writeApprovalRequest(run, account, audit);
      return outcome;
    });
  }

  /** What the account did stays written; its key is forgotten, and nobody sees it any more. Of LIVE only where nothing of it is open. */
  async remove(removal: {
    readonly ownerId: string;
    readonly accountId: string;
    readonly at: EpochMs;
    readonly audit: AuditEntry;
  }): Promise<RemovalOutcome> {
    const { ownerId, accountId, at, audit } = removal;
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const account = await holdAccount(run, ownerId, accountId);
      const outcome = account === null ? 'noAccount' : await findReasonToStay(run, account);
      if (account !== null && outcome === 'done') {
        await run('UPDATE accounts SET removed_at = $2 WHERE id = $1', [accountId, new Date(at)]);
        await run('DELETE FROM account_credentials WHERE account_id = $1', [accountId]);
        await run('DELETE FROM account_grants WHERE account_id = $1', [accountId]);
        await run('SELECT pg_notify($1, $2)', [accountChannel, accountId]);
        const before = hashOfAccount(account, identityOfAccount);
        const after = hashOfAccount({ ...account, removedAt: at }, identityOfAccount);
        await writeAudit(run, { ...audit, outcome, before, after });
      } else await writeAudit(run, { ...audit, outcome });
      return outcome;
    });
  }

  async audit(entry: AuditEntry): Promise<void> {
    await writeAudit(this.#query, entry);
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

/** What an account is, for the audit log: without its label, the words of its owner, which erasure takes back. */
const identityOfAccount = [
  'exchange',
  'mode',
  'currency',
  'positionMode',
  'keyHint',
  'removedAt',
] as const satisfies readonly (keyof AccountRecord)[];

/** Holds the owner's row, so that two accounts made at once are counted one after the other. */
async function findObstacle(
  run: RunRows,
  { ownerId, exchange }: AccountRecord,
  { credentials, maxAccounts }: { readonly credentials: CredentialRecord | null; readonly maxAccounts: number },
): Promise<'done' | 'tooMany' | 'taken'> {
  const [owner] = await run('SELECT id FROM users WHERE id = $1 AND NOT disabled FOR NO KEY UPDATE', [ownerId]);
  // Disabled, or erased, while the key was judged.
  if (owner === undefined) throw new AppError('UNAUTHENTICATED');
  const own = await run('SELECT id FROM accounts WHERE owner_id = $1 AND removed_at IS NULL', [ownerId]);
  if (own.length >= maxAccounts) return 'tooMany';
  if (credentials?.exchangeAccount == null) return 'done';
  const { exchangeAccount } = credentials;
  await run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${exchange} ${exchangeAccount}`]);
  const same = await run(
    `SELECT a.id FROM accounts a JOIN account_credentials c ON c.account_id = a.id
     WHERE a.exchange = $1 AND c.exchange_account = $2 AND a.removed_at IS NULL`,
    [exchange, exchangeAccount],
  );
  return same.length > 0 ? 'taken' : 'done';
}

async function holdAccount(run: RunRows, ownerId: string, accountId: string): Promise<AccountRecord | null> {
  if (!isUuid(accountId)) return null;
  const [row] = await run(
    `SELECT ${accountTable.list()} FROM accounts WHERE id = $1 AND owner_id = $2 AND removed_at IS NULL FOR UPDATE`,
    [accountId, ownerId],
  );
  return row === undefined ? null : accountTable.read(row);
}

async function findReasonToStay(run: RunRows, { id: accountId, mode }: AccountRecord): Promise<RemovalOutcome> {
  if (mode === 'PAPER') return 'done';
  const orders = await run(`SELECT id FROM orders WHERE account_id = $1 AND ${isOpen} LIMIT 1`, [accountId]);
  if (orders.length > 0) return 'ordersOpen';
  const positions = await run('SELECT id FROM positions WHERE account_id = $1 AND closed_at IS NULL LIMIT 1', [
    accountId,
  ]);
  return positions.length > 0 ? 'positionsOpen' : 'done';
}
