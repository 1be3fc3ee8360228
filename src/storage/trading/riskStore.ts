import type { DataSource } from 'typeorm';
import { toDecimalString } from '../../domain/decimal';
import type { Readers } from '../readers';
import { mayRead, ownReader, readerValues, type AccountReader } from './accountReader';
import { accountTable, type AccountChange } from './accountTable';
import { equityDayTable, type AmountsByCurrency, type EquityDayRecord } from './equityDays';
import { isUnexplained } from './unexplained';
import type { AccountRecord, BalanceRecord, OrderRecord, PositionRecord } from './records';
import { isUuid } from './isUuid';
import type { RunRows } from './runRows';
import { balanceTable, isOpen, orderTable, positionTable } from './tables';
import { houseColumns, readHouse, type HouseRecord } from './tradingHouse';
import { LeadershipLost } from './tradingStore';

/** An account at one moment, with all that its worth depends on. */
export interface AccountSnapshot {
  readonly account: AccountRecord;
  readonly house: HouseRecord;
  readonly balances: readonly BalanceRecord[];
  readonly positions: readonly PositionRecord[];
  /** All that ever came from outside, less what went there: transfers, and what nothing explains, or explained only later. */
  readonly transferred: AmountsByCurrency;
  /** The newest day that was valued; null before the first. */
  readonly day: EquityDayRecord | null;
}

/** What stands between an account and being flat. */
export interface FlatteningState {
  readonly account: AccountRecord;
  readonly house: HouseRecord;
  readonly openOrders: readonly OrderRecord[];
  readonly positions: readonly PositionRecord[];
  /** Keys of orders that flattened before, which begin with the prefix asked for, and what became of those. */
  readonly attempts: readonly { readonly key: string; readonly phase: OrderRecord['phase'] }[];
}

/** What the risk governor reads, and the valuations that it writes. */
export class RiskStore {
  constructor(private readonly parts: { readonly dataSource: DataSource; readonly readers: Readers }) {}

  /** reader: who must be let see it; null for the server itself. Null where there is no such account. */
  async snapshot(accountId: string, reader: AccountReader | null): Promise<AccountSnapshot | null> {
    if (!isUuid(accountId)) return null;
    return this.#readAtOnce(reader, async (run) => {
      const [row] = await run(
        `SELECT ${accountTable.list('a')}, ${houseColumns} FROM accounts a CROSS JOIN trading_house h
         WHERE a.id = $1 AND ${reader === null ? 'a.removed_at IS NULL' : mayRead('a', 2)}`,
        [accountId, ...(reader === null ? [] : readerValues(reader))],
      );
      if (row === undefined) return null;
      const balances = await run(`SELECT ${balanceTable.list()} FROM balances WHERE account_id = $1`, [accountId]);
      const transfers = await run(
        `SELECT currency, -sum(amount) AS amount FROM ledger_entries
         WHERE account_id = $1 AND (book = 'TRANSFERS' OR ${isUnexplained}) GROUP BY currency`,
        [accountId],
      );
      const [day] = await run(
        `SELECT ${equityDayTable.list()} FROM equity_days WHERE account_id = $1 ORDER BY day DESC LIMIT 1`,
        [accountId],
      );
      return {
        account: accountTable.read(row),
        house: readHouse(row),
        balances: balances.map((balance) => balanceTable.read(balance)),
        positions: await readPositions(run, accountId),
        transferred: Object.fromEntries(
          transfers.map(({ currency, amount }) => [currency as string, toDecimalString(amount)]),
        ),
        day: day === undefined ? null : equityDayTable.read(day),
      };
    });
  }

  /** ownerId: whose it must be; null for those who may touch any. */
  async hasAccount(accountId: string, ownerId: string | null): Promise<boolean> {
    if (!isUuid(accountId)) return false;
    const run = ownerId === null ? this.#query : this.parts.readers.as(ownReader(ownerId));
    const rows = await run(
      `SELECT 1 FROM accounts WHERE id = $1 AND ($2::uuid IS NULL OR owner_id = $2) AND removed_at IS NULL`,
      [accountId, ownerId],
    );
    return rows.length === 1;
  }

  /** Writes a valuation in one transaction that holds the account. epoch: of the leader. Rejects with LeadershipLost. */
  async saveValuation(valuation: {
    readonly accountId: string;
    readonly epoch: number;
    readonly change: AccountChange;
    readonly days: readonly EquityDayRecord[];
  }): Promise<void> {
    const { accountId, epoch, change, days } = valuation;
    await this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const [row] = await run(
        `SELECT h.epoch FROM accounts a CROSS JOIN trading_house h WHERE a.id = $1 FOR UPDATE OF a FOR SHARE OF h`,
        [accountId],
      );
      if (row?.epoch !== String(epoch)) throw new LeadershipLost();
      const { text, values } = accountTable.assignment(change, 2);
      await run(`UPDATE accounts SET ${text} WHERE id = $1`, [accountId, ...values]);
      for (const day of days) {
        const insertion = equityDayTable.insertion(day);
        await run(
          `${insertion.text} ON CONFLICT (account_id, day) DO UPDATE SET closing_equity = excluded.closing_equity,
             closing_unrealized = excluded.closing_unrealized, updated_at = excluded.updated_at, mark = excluded.mark`,
          insertion.values,
        );
      }
    });
  }

  /** Accounts that were told to become flat and are not known to be. */
  async accountsToFlatten(): Promise<readonly AccountRecord[]> {
    const rows = await this.#query(
      `SELECT ${accountTable.list()} FROM accounts
       WHERE removed_at IS NULL AND flatten_active AND flattened_number < flatten_number ORDER BY created_at, id`,
    );
    return rows.map((row) => accountTable.read(row));
  }

  /** Number of the order to flatten all accounts that holds now; null where none does. */
  async houseFlatten(): Promise<number | null> {
    const [row] = await this.#query('SELECT flatten_number FROM trading_house WHERE id = 1 AND flatten_active');
    return row === undefined ? null : Number.parseInt(row.flatten_number as string, 10);
  }

  flatteningState(accountId: string, keyPrefix: string): Promise<FlatteningState | null> {
    return this.#readAtOnce(null, async (run) => {
      const [row] = await run(
        `SELECT ${accountTable.list('a')}, ${houseColumns} FROM accounts a CROSS JOIN trading_house h
         WHERE a.id = $1 AND a.removed_at IS NULL`,
        [accountId],
      );
      if (row === undefined) return null;
      const account = accountTable.read(row);
      const orders = await run(
        `SELECT ${orderTable.list()} FROM orders
         WHERE account_id = $1 AND ${isOpen}`,
        [accountId],
      );
      const attempts = await run(
        `SELECT k.key, o.phase FROM idempotency_keys k JOIN orders o ON o.id = k.order_id
         WHERE k.owner_id = $1 AND starts_with(k.key, $2)`,
        [account.ownerId, keyPrefix],
      );
      return {
        account,
        house: readHouse(row),
        openOrders: orders.map((order) => orderTable.read(order)),
        positions: await readPositions(run, accountId),
        attempts: attempts.map(({ key, phase }) => ({ key: key as string, phase: phase as OrderRecord['phase'] })),
      };
    });
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);

  /** Everything as it was at one moment. reader: on whose behalf; null on the server's own. */
  #readAtOnce<T>(reader: AccountReader | null, read: (run: RunRows) => Promise<T>): Promise<T> {
    if (reader !== null) return this.parts.readers.atOnce(reader, read);
    return this.parts.dataSource.transaction('REPEATABLE READ', (manager) =>
      read((text, values = []) => manager.query(text, [...values])),
    );
  }
}

async function readPositions(run: RunRows, accountId: string): Promise<readonly PositionRecord[]> {
  const rows = await run(
    `SELECT ${positionTable.list()} FROM positions WHERE account_id = $1 AND closed_at IS NULL ORDER BY opened_at, id`,
    [accountId],
  );
  return rows.map((row) => positionTable.read(row));
}
