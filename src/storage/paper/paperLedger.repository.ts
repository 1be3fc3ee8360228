import type { DataSource, EntityManager } from 'typeorm';
import { Decimal } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { Fill, PositionMode } from '../../domain/orders';
import {
  positionKey,
  type PaperBalance,
  type PaperChange,
  type PaperLedger,
  type PaperOrder,
  type PaperTransfer,
} from '../../domain/paperLedger';
import { isFlat } from '../../domain/position';
import { paperOrders } from './paperOrderTable';
import { paperFills, paperPositions, paperTransfers } from './paperTables';
import type { Row } from './rows';

/** What PostgreSQL says where an id is in use. */
const uniqueViolation = '23505';
const usedOnce: ReadonlySet<unknown> = new Set(['paper_orders_client_order_id_key', 'paper_transfers_pkey']);

/** The books of paper accounts. Whoever asks has made sure that the account may be asked for. */
export class PaperLedgerRepository {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /** Opens an account with these balances. An account that is there already stays as it is. */
  async create(account: {
    readonly accountId: string;
    readonly exchange: string;
    readonly positionMode: PositionMode;
    readonly balances: ReadonlyMap<string, PaperBalance>;
  }): Promise<void> {
    await this.parts.dataSource.transaction(async (manager) => {
      const made: readonly Row[] = await manager.query(
        `INSERT INTO paper_accounts (id, exchange, position_mode, version, last_order_number, last_trade_number)
         VALUES ($1, $2, $3, 0, 0, 0) ON CONFLICT (id) DO NOTHING RETURNING id`,
        [account.accountId, account.exchange, account.positionMode],
      );
      if (made.length === 0) return;
      for (const [currency, balance] of account.balances) {
        await saveBalance(manager, account.accountId, { currency, ...balance });
      }
    });
  }

  /** As one state, whatever is being changed meanwhile. Null where there is no such account. */
  async load(accountId: string): Promise<PaperLedger | null> {
    return this.parts.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const select = async (text: string): Promise<readonly Row[]> => manager.query(text, [accountId]);
      const [account] = await select('SELECT * FROM paper_accounts WHERE id = $1');
      if (account === undefined) return null;
      const balances = await select('SELECT * FROM paper_balances WHERE account_id = $1 ORDER BY currency');
      const orders = await select(
        `SELECT ${paperOrders.list} FROM paper_orders o WHERE account_id = $1 AND status = 'OPEN' ORDER BY number`,
      );
      const positions = await select(`SELECT ${paperPositions.list} FROM paper_positions p WHERE account_id = $1`);
      return {
        accountId,
        version: toCount(account.version),
        positionMode: account.position_mode as PositionMode,
        lastOrderNumber: toCount(account.last_order_number),
        lastTradeNumber: toCount(account.last_trade_number),
        balances: new Map(balances.map((row) => [row.currency as string, toBalance(row)])),
        openOrders: new Map(orders.map(paperOrders.read).map((order) => [order.number, order])),
        positions: new Map(positions.map(paperPositions.read).map((position) => [positionKey(position), position])),
      };
    });
  }

  /** Makes a change in one transaction, on the version that it was decided on. */
  async commit(change: PaperChange): Promise<'done' | 'conflict' | 'duplicate'> {
    try {
      return await this.parts.dataSource.transaction((manager) => apply(manager, change));
    } catch (error) {
      if (isDuplicate(error)) return 'duplicate';
      throw error;
    }
  }

  async findOrder(accountId: string, clientOrderId: string): Promise<PaperOrder | null> {
    const [row] = await this.#query(
      `SELECT ${paperOrders.list} FROM paper_orders o WHERE account_id = $1 AND client_order_id = $2`,
      [accountId, clientOrderId],
    );
    return row === undefined ? null : paperOrders.read(row);
  }

  async fillsOf(accountId: string, orderNumber: number): Promise<readonly Fill[]> {
    const rows = await this.#query(
      `SELECT ${paperFills.list} FROM paper_fills f WHERE account_id = $1 AND order_number = $2 ORDER BY trade_number`,
      [accountId, orderNumber],
    );
    return rows.map(paperFills.read);
  }

  async ordersSince(accountId: string, symbol: string, since: EpochMs): Promise<readonly PaperOrder[]> {
    const rows = await this.#query(
      `SELECT ${paperOrders.list} FROM paper_orders o
       WHERE account_id = $1 AND symbol = $2 AND updated_at >= $3 ORDER BY number`,
      [accountId, symbol, new Date(since)],
    );
    return rows.map(paperOrders.read);
  }

  async fillsSince(accountId: string, symbol: string, since: EpochMs): Promise<readonly Fill[]> {
    const rows = await this.#query(
      `SELECT ${paperFills.list} FROM paper_fills f
       WHERE account_id = $1 AND symbol = $2 AND filled_at >= $3 ORDER BY trade_number`,
      [accountId, symbol, new Date(since)],
    );
    return rows.map(paperFills.read);
  }

  async transfersSince(accountId: string, since: EpochMs): Promise<readonly PaperTransfer[]> {
    const rows = await this.#query(
      `SELECT ${paperTransfers.list} FROM paper_transfers t WHERE account_id = $1 AND at >= $2 ORDER BY at, id`,
      [accountId, new Date(since)],
    );
    return rows.map(paperTransfers.read);
  }

  /** Accounts of an exchange that have open orders or positions, and were not removed. */
  async activeAccounts(exchange: string): Promise<readonly string[]> {
    const rows = await this.#query(
      `SELECT id FROM paper_accounts a WHERE exchange = $1 AND (
         EXISTS (SELECT FROM paper_orders WHERE account_id = a.id AND status = 'OPEN')
         OR EXISTS (SELECT FROM paper_positions WHERE account_id = a.id))
         AND NOT EXISTS (SELECT FROM accounts WHERE id = a.id AND removed_at IS NOT NULL) ORDER BY id`,
      [exchange],
    );
    return rows.map(({ id }) => id as string);
  }

  async #query(text: string, values: unknown[]): Promise<readonly Row[]> {
    return this.parts.dataSource.query(text, values);
  }
}

async function apply(manager: EntityManager, change: PaperChange): Promise<'done' | 'conflict'> {
  const { accountId } = change;
  const [account]: readonly Row[] = await manager.query('SELECT version FROM paper_accounts WHERE id = $1 FOR UPDATE', [
    accountId,
  ]);
  if (account === undefined || toCount(account.version) !== change.expectedVersion) return 'conflict';
  await manager.query(
    'UPDATE paper_accounts SET version = version + 1, last_order_number = $2, last_trade_number = $3 WHERE id = $1',
    [accountId, change.lastOrderNumber, change.lastTradeNumber],
  );
  for (const balance of change.balances) await saveBalance(manager, accountId, balance);
  const statements = [
    ...change.orders.map((order) => paperOrders.save(accountId, order)),
    ...change.fills.map((fill) => paperFills.insert(accountId, fill)),
    ...change.transfers.map((transfer) => paperTransfers.insert(accountId, transfer)),
  ];
  for (const position of change.positions) {
    statements.push({
      text: 'DELETE FROM paper_positions WHERE account_id = $1 AND symbol = $2 AND slot = $3',
      values: [accountId, position.symbol, position.slot],
    });
    if (!isFlat(position.state)) statements.push(paperPositions.insert(accountId, position));
  }
  for (const { text, values } of statements) await manager.query(text, [...values]);
  return 'done';
}

async function saveBalance(
  manager: EntityManager,
  accountId: string,
  { currency, free, used }: PaperChange['balances'][number],
): Promise<void> {
  await manager.query(
    `INSERT INTO paper_balances (account_id, currency, free, used) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account_id, currency) DO UPDATE SET free = excluded.free, used = excluded.used`,
    [accountId, currency, free.toString(), used.toString()],
  );
}

function toBalance(row: Row): PaperBalance {
  return { free: new Decimal(row.free as string), used: new Decimal(row.used as string) };
}

/** Counters of an account stay far below 2^53; pg gives a bigint as text. */
function toCount(value: unknown): number {
  return Number(value);
}

function isDuplicate(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('constraint' in error)) return false;
  return error.code === uniqueViolation && usedOnce.has(error.constraint);
}
