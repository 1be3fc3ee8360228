import type { DataSource } from 'typeorm';
import type { TradingState } from '../../domain/accounts';
import type { EpochMs } from '../../domain/marketData';
import type { Readers } from '../readers';
import { ownReader } from './accountReader';
import { AccountQueues, WorkFailed, type Done, type Work } from './accountQueues';
import { AccountTransaction } from './accountTransaction';
import { hashOfState, writeAudit, type AuditEntry } from './audit';
import { preparedRows, preparedRowsWithin, type RunRows } from './runRows';
import { accountTable } from './accountTable';
import type { AccountEventRecord, AccountRecord, OrderRecord, PositionRecord } from './records';
import { isOpen, orderTable, positionTable } from './tables';
import { houseColumns, readHouse, type HouseRecord } from './tradingHouse';

/** Another node leads now: what this one was about to write no longer counts. */
export class LeadershipLost extends Error {
  constructor() {
    super('another node has taken over trading');
    this.name = 'LeadershipLost';
  }
}

/** What those who wait for news of accounts are told; the events themselves are in the database by then. */
export type CommitListener = (accountId: string, events: readonly AccountEventRecord[]) => void;

/**
 * For whoever changes the house: transactions share its row, and those that come later would be let in before an UPDATE that waits,
 * for as long as one follows the other. In the queue for its table everybody waits in turn.
 */
const waitInTurn = 'LOCK TABLE trading_house IN EXCLUSIVE MODE';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface TransactionRequest {
  readonly accountId: string;
  readonly epoch: number | null;
}

/** Orders that nobody has taken in hand yet or that wait for an answer, and the transactions that move them on. */
export class TradingStore {
  readonly #listeners = new Set<CommitListener>();
  readonly #queues = new AccountQueues<AccountTransaction>((accountId, works) => this.#transact(accountId, works));

  constructor(private readonly parts: { readonly dataSource: DataSource; readonly readers: Readers }) {}

  /** Told after each commit of this process that appended events. Gives what ends it. */
  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs a work in a transaction that holds the account; null where there is none, without running it. Others that wait for the account
   * may stand in the same transaction; where one of them throws, this one is done again. epoch: of the leader on whose behalf it
   * writes; rejects with LeadershipLost where another one leads by now. Null: writes what any node may write.
   */
  transaction<T>(
    { accountId, epoch }: TransactionRequest,
    work: (transaction: AccountTransaction) => T | Promise<T>,
  ): Promise<T | null> {
    return this.#queues.do(accountId, { epoch, run: work });
  }

  async #transact(accountId: string, works: readonly Work<AccountTransaction>[]): Promise<readonly Done[] | null> {
    let events: readonly AccountEventRecord[] = [];
    const done = await this.parts.dataSource.transaction(async (manager) => {
      const run = await preparedRowsWithin(manager);
      const [row] = await run(
        `SELECT ${accountTable.list('a')}, ${houseColumns} FROM accounts a CROSS JOIN trading_house h
         WHERE a.id = $1 FOR UPDATE OF a FOR SHARE OF h`,
        [accountId],
      );
      if (row === undefined) return null;
      const house = readHouse(row);
      const transaction = new AccountTransaction(run, { account: accountTable.read(row), house });
      const results = await doEach(transaction, works);
      ({ events } = transaction);
      return results;
    });
    if (events.length > 0) for (const listener of this.#listeners) listener(accountId, events);
    return done;
  }

  async insertAccount(account: AccountRecord, audit: AuditEntry): Promise<void> {
    await this.parts.dataSource.transaction(async (manager) => {
      const { text, values } = accountTable.insertion(account);
      await manager.query(text, [...values]);
      const run: RunRows = (query, parameters = []) => manager.query(query, [...parameters]);
      await writeAudit(run, audit);
    });
  }

  /** Of what is asked for and changes nothing; a change writes its entry in its own transaction. */
  audit(entry: AuditEntry): Promise<void> {
    return writeAudit(this.#query, entry);
  }

  /** Accounts that were not removed. */
  async accounts(): Promise<readonly AccountRecord[]> {
    const rows = await this.#query(
      `SELECT ${accountTable.list()} FROM accounts WHERE removed_at IS NULL ORDER BY created_at, id`,
    );
    return rows.map((row) => accountTable.read(row));
  }

  /** An account of this owner that was not removed. */
  async ownedAccount(ownerId: string, id: string): Promise<AccountRecord | null> {
    if (!uuid.test(id)) return null;
    const [row] = await this.parts.readers.preparedAs(ownReader(ownerId))(
      `SELECT ${accountTable.list()} FROM accounts WHERE id = $1 AND owner_id = $2 AND removed_at IS NULL`,
      [id, ownerId],
    );
    return row === undefined ? null : accountTable.read(row);
  }

  /** The account of an order, where it is this owner's. */
  async accountOfOrder(ownerId: string, orderId: string): Promise<string | null> {
    if (!uuid.test(orderId)) return null;
    const [row] = await this.parts.readers.preparedAs(ownReader(ownerId))(
      `SELECT a.id FROM orders o JOIN accounts a ON a.id = o.account_id
       WHERE o.id = $1 AND a.owner_id = $2 AND a.removed_at IS NULL`,
      [orderId, ownerId],
    );
    return (row?.id as string | undefined) ?? null;
  }

  /** The order that an owner's idempotency key stands for, with the hash of what was asked then. */
  async orderByKey(
    ownerId: string,
    key: string,
  ): Promise<{ readonly order: OrderRecord; readonly bodyHash: Buffer } | null> {
    const [row] = await this.parts.readers.preparedAs(ownReader(ownerId))(
      `SELECT ${orderTable.list('o')}, k.body_hash FROM idempotency_keys k JOIN orders o ON o.id = k.order_id
       WHERE k.owner_id = $1 AND k.key = $2`,
      [ownerId, key],
    );
    return row === undefined ? null : { order: orderTable.read(row), bodyHash: row.body_hash as Buffer };
  }

  /** Open orders in these phases, the oldest first. */
  async ordersIn(
    phases: readonly OrderRecord['phase'][],
    { accountId, limit }: { readonly accountId: string; readonly limit: number },
  ): Promise<readonly OrderRecord[]> {
    const rows = await this.#query(
      `SELECT ${orderTable.list()} FROM orders
       WHERE account_id = $1 AND ${isOpen} AND phase = ANY($2) ORDER BY created_at, id LIMIT $3`,
      [accountId, phases, limit],
    );
    return rows.map((row) => orderTable.read(row));
  }

  async order(accountId: string, id: string): Promise<OrderRecord | null> {
    const [row] = await this.#query(`SELECT ${orderTable.list()} FROM orders WHERE account_id = $1 AND id = $2`, [
      accountId,
      id,
    ]);
    return row === undefined ? null : orderTable.read(row);
  }

  /** Orders of an account that are not done, the oldest first. */
  async openOrders(accountId: string): Promise<readonly OrderRecord[]> {
    const rows = await this.#query(
      `SELECT ${orderTable.list()} FROM orders
       WHERE account_id = $1 AND ${isOpen}
       ORDER BY created_at, id`,
      [accountId],
    );
    return rows.map((row) => orderTable.read(row));
  }

  /** A position of this owner, open or closed. */
  async ownedPosition(ownerId: string, id: string): Promise<PositionRecord | null> {
    if (!uuid.test(id)) return null;
    const [row] = await this.parts.readers.preparedAs(ownReader(ownerId))(
      `SELECT ${positionTable.list('p')} FROM positions p JOIN accounts a ON a.id = p.account_id
       WHERE p.id = $1 AND a.owner_id = $2 AND a.removed_at IS NULL`,
      [id, ownerId],
    );
    return row === undefined ? null : positionTable.read(row);
  }

  /** Markets with an open position, an order that is not done, or an order or fill since then. */
  async marketsOfInterest(accountId: string, since: EpochMs): Promise<readonly string[]> {
    const rows = await this.#query(
      `SELECT market_id FROM positions WHERE account_id = $1 AND closed_at IS NULL
       UNION SELECT market_id FROM orders WHERE account_id = $1 AND updated_at >= $2
       UNION SELECT market_id FROM orders WHERE account_id = $1
         AND ${isOpen}
       UNION SELECT market_id FROM fills WHERE account_id = $1 AND at >= $2
       ORDER BY market_id`,
      [accountId, new Date(since)],
    );
    return rows.map((row) => row.market_id as string);
  }

  /** When an account was last compared with its exchange; null where it never was. */
  async reconciledAt(accountId: string): Promise<EpochMs | null> {
    const [row] = await this.#query('SELECT max(at) AS at FROM reconciliations WHERE account_id = $1', [accountId]);
    return (row?.at as Date | null | undefined)?.getTime() ?? null;
  }

  /** Makes this caller the leader: everything begun under an older epoch is refused from here on. Gives the new epoch. */
  async takeLead(): Promise<number> {
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      await run(waitInTurn);
      // In a WITH, because TypeORM gives the rows of an UPDATE in another shape.
      const [row] = await run(
        'WITH taken AS (UPDATE trading_house SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch) SELECT epoch FROM taken',
      );
      return Number.parseInt(row?.epoch as string, 10);
    });
  }

  house(): Promise<HouseRecord> {
    return houseWithin(this.#query);
  }

  /** Waits for transactions that are under way; those that follow see the new state. */
  async setHouseState(
    change: { readonly state: TradingState; readonly reason: string; readonly flatten: boolean; readonly at: EpochMs },
    audit: AuditEntry,
  ): Promise<HouseRecord> {
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      await run(waitInTurn);
      const before = await houseWithin(run);
      await run(
        `UPDATE trading_house SET state = $1, reason = $2, changed_at = $3,
           flatten_number = flatten_number + CASE WHEN $4 AND NOT flatten_active THEN 1 ELSE 0 END,
           flatten_active = $1 <> 'ACTIVE' AND (flatten_active OR $4)
         WHERE id = 1`,
        [change.state, change.reason, new Date(change.at), change.flatten],
      );
      const after = await houseWithin(run);
      await writeAudit(run, { ...audit, before: hashOfHouse(before), after: hashOfHouse(after) });
      return after;
    });
  }

  #query: RunRows = (text, values = []) => preparedRows(this.parts.dataSource)(text, values);
}

async function houseWithin(run: RunRows): Promise<HouseRecord> {
  const [row] = await run(`SELECT ${houseColumns} FROM trading_house h WHERE h.id = 1`);
  return readHouse(row ?? {});
}

function hashOfHouse({ state, reason, flattenNumber }: HouseRecord): Buffer {
  return hashOfState({ state, reason, flattenNumber });
}

/** In turn, up to what is written last; what comes after that is the commit. Throws WorkFailed. */
async function doEach(
  transaction: AccountTransaction,
  works: readonly Work<AccountTransaction>[],
): Promise<readonly Done[]> {
  const done: Done[] = [];
  try {
    for (const { epoch, run } of works) {
      if (epoch !== null && epoch !== transaction.house.epoch)
        done.push({ kind: 'refused', error: new LeadershipLost() });
      else done.push({ kind: 'value', value: await run(transaction) });
    }
    await transaction.finish();
    return done;
  } catch (error) {
    throw new WorkFailed(error);
  }
}
