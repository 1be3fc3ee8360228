import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import type { Readers } from '../readers';
import { mayRead, readerValues, type AccountReader } from './accountReader';
import type { AccountEventKind, AccountEventRecord, BalanceRecord, OrderRecord, PositionRecord } from './records';
import type { RunRows } from './runRows';
import { toUuid } from './statement';
import { balanceTable, isOpen, orderTable, positionTable } from './tables';

/** Where an account's outbox stands for one reader and one kind of event. */
interface Standing {
  /** Of the newest event of any kind. */
  readonly head: number;
  /** Of the newest event of the kind; where none is kept, of the newest that is gone. */
  readonly newest: number;
  /** All events after this one are kept. */
  readonly keptAfter: number;
}

/** An account's orders that are not done, positions, balances, at one moment. `seq`: of the newest event of the kind asked about. */
export interface AccountState {
  readonly seq: number;
  readonly openOrders: readonly OrderRecord[];
  readonly positions: readonly PositionRecord[];
  readonly balances: readonly BalanceRecord[];
}

export interface ReplayRequest {
  readonly accountId: string;
  readonly kind: AccountEventKind;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
  /** More than so many are not given. */
  readonly most: number;
}

const eventColumns = 'e.account_id, e.seq, e.kind, e.at, e.payload';

/** The outboxes of accounts: what happened to each, numbered without a hole, in the order of the commits. */
export class AccountEvents {
  constructor(private readonly parts: { readonly dataSource: DataSource; readonly readers: Readers }) {}

  /** The number of the newest event of each account that is there. */
  async heads(accountIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#query('SELECT id, event_seq FROM accounts WHERE id = ANY($1::uuid[])', [accountIds]);
    return new Map(rows.map((row) => [row.id as string, toNumber(row.event_seq)]));
  }

  /** The oldest first, of all kinds. For the one reader of this process, who lets nobody see what is not for them. */
  async after(accountId: string, seq: number, most: number): Promise<readonly AccountEventRecord[]> {
    const rows = await this.#query(
      `SELECT ${eventColumns} FROM account_events e WHERE e.account_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3`,
      [accountId, seq, most],
    );
    return rows.map(readEvent);
  }

  /** What this reader missed of one kind, the oldest first. Null where some of it is gone or never was, where it is too much, and where the account is not theirs to see. */
  async replay(reader: AccountReader, request: ReplayRequest): Promise<readonly AccountEventRecord[] | null> {
    const { accountId, kind, after, upTo, most } = request;
    return this.parts.readers.atOnce(reader, async (run) => {
      const standing = await readStanding(run, reader, { accountId, kind });
      if (standing === null || after < standing.keptAfter || after > standing.head) return null;
      const rows = await run(
        `SELECT ${eventColumns} FROM account_events e JOIN accounts a ON a.id = e.account_id
         WHERE e.account_id = $4 AND e.kind = $5 AND e.seq > $6 AND e.seq <= $7 AND ${mayRead('a', 1)}
         ORDER BY e.seq LIMIT $8`,
        [...readerValues(reader), toUuid(accountId), kind, after, upTo, most + 1],
      );
      return rows.length > most ? null : rows.map(readEvent);
    });
  }

  /** What is true now. Null where there is no such account, and where it is not this reader's to see. */
  async state(
    reader: AccountReader,
    asked: { readonly accountId: string; readonly kind: AccountEventKind },
  ): Promise<AccountState | null> {
    return this.parts.readers.atOnce(reader, async (run) => {
      const standing = await readStanding(run, reader, asked);
      if (standing === null) return null;
      const ofAccount = (list: string, table: string, rest: string): ReturnType<RunRows> =>
        run(`SELECT ${list} FROM ${table} WHERE account_id = $1 ${rest}`, [toUuid(asked.accountId)]);
      const orders = await ofAccount(orderTable.list(), 'orders', `AND ${isOpen} ORDER BY created_at, id`);
      const positions = await ofAccount(
        positionTable.list(),
        'positions',
        'AND closed_at IS NULL ORDER BY opened_at, id',
      );
      const balances = await ofAccount(balanceTable.list(), 'balances', 'ORDER BY currency');
      return {
        seq: standing.newest,
        openOrders: orders.map((row) => orderTable.read(row)),
        positions: positions.map((row) => positionTable.read(row)),
        balances: balances.map((row) => balanceTable.read(row)),
      };
    });
  }

  /** Deletes events from before, the oldest of each account first, so that what stays has no hole. At most `batch` of an account and 100 accounts a call; gives how many went: to be called until it is none. */
  async prune(before: EpochMs, batch: number): Promise<number> {
    const accounts = await this.#query(
      'SELECT DISTINCT account_id FROM account_events WHERE at < $1 ORDER BY account_id LIMIT 100',
      [new Date(before)],
    );
    let pruned = 0;
    for (const { account_id: accountId } of accounts) {
      const [row] = await this.#query(
        `WITH oldest AS (SELECT seq, at FROM account_events WHERE account_id = $1 ORDER BY seq LIMIT $3),
              young AS (SELECT min(seq) AS seq FROM oldest WHERE at >= $2),
              gone AS (
                DELETE FROM account_events e USING oldest o, young y
                WHERE e.account_id = $1 AND e.seq = o.seq AND (y.seq IS NULL OR o.seq < y.seq) RETURNING e.seq)
         SELECT count(*)::int AS count FROM gone`,
        [accountId, new Date(before), batch],
      );
      pruned += row?.count as number;
    }
    return pruned;
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

async function readStanding(
  run: RunRows,
  reader: AccountReader,
  { accountId, kind }: { readonly accountId: string; readonly kind: AccountEventKind },
): Promise<Standing | null> {
  const [row] = await run(
    `SELECT a.event_seq,
       (SELECT min(e.seq) FROM account_events e WHERE e.account_id = a.id) AS oldest,
       (SELECT max(e.seq) FROM account_events e WHERE e.account_id = a.id AND e.kind = $5) AS newest
     FROM accounts a WHERE a.id = $4 AND ${mayRead('a', 1)}`,
    [...readerValues(reader), toUuid(accountId), kind],
  );
  if (row === undefined) return null;
  const head = toNumber(row.event_seq);
  const keptAfter = row.oldest === null ? head : toNumber(row.oldest) - 1;
  return { head, keptAfter, newest: row.newest === null ? keptAfter : toNumber(row.newest) };
}

/** pg gives a bigint as text; these stay far below 2^53. */
function toNumber(value: unknown): number {
  return Number.parseInt(String(value), 10);
}

function readEvent(row: Readonly<Record<string, unknown>>): AccountEventRecord {
  return {
    accountId: row.account_id as string,
    seq: toNumber(row.seq),
    kind: row.kind as AccountEventKind,
    at: (row.at as Date).getTime(),
    payload: row.payload,
  };
}
