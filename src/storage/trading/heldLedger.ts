import { toDecimalString, type DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import { assertBalanced, type Posting } from './posting';
import type { BalanceRecord } from './records';
import type { RunRows } from './runRows';
import { balanceTable } from './tables';

/** What was booked at one moment because nothing explained it, less what has explained it since. */
export interface Unexplained {
  readonly at: EpochMs;
  /** Positive where the account had gained. */
  readonly amount: DecimalString;
}

/** The ledger of one account, and the balances that follow from it, while its row is held. */
export class HeldLedger {
  #balances: readonly BalanceRecord[] | null = null;

  constructor(
    private readonly run: RunRows,
    private readonly accountId: string,
  ) {}

  async balances(): Promise<readonly BalanceRecord[]> {
    this.#balances ??= (
      await this.run(`SELECT ${balanceTable.list()} FROM balances WHERE account_id = $1 ORDER BY currency`, [
        this.accountId,
      ])
    ).map((row) => balanceTable.read(row));
    return this.#balances;
  }

  /** Writes a posting and changes the balances by its ASSETS lines. Throws where its lines do not sum to zero. */
  async post(posting: Posting): Promise<void> {
    assertBalanced(posting);
    this.#balances = null;
    const { id, lines, marketId, at } = posting;
    await this.run(
      `WITH line AS (
         SELECT * FROM unnest($3::text[], $4::text[], $5::numeric[]) WITH ORDINALITY AS line (book, currency, amount, place)),
       entered AS (
         INSERT INTO ledger_entries (account_id, posting, line, book, currency, amount, market_id, at)
         SELECT $1::uuid, $2::text, place - 1, book, currency, amount, $6::text, $7::timestamptz FROM line)
       INSERT INTO balances (account_id, currency, total)
       SELECT $1::uuid, currency, sum(amount) FROM line WHERE book = 'ASSETS' GROUP BY currency
       ON CONFLICT (account_id, currency) DO UPDATE SET total = balances.total + excluded.total`,
      [
        this.accountId,
        id,
        lines.map(({ book }) => book),
        lines.map(({ currency }) => currency),
        lines.map(({ amount }) => amount),
        marketId,
        new Date(at),
      ],
    );
  }

  /** Those of these postings that are in the ledger. */
  async postedAmong(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.run(
      'SELECT DISTINCT posting FROM ledger_entries WHERE account_id = $1 AND posting = ANY($2::text[])',
      [this.accountId, ids],
    );
    return new Set(rows.map((row) => row.posting as string));
  }

  /** When a posting was made; null where there is none. */
  async postedAt(id: string): Promise<EpochMs | null> {
    const [row] = await this.run('SELECT at FROM ledger_entries WHERE account_id = $1 AND posting = $2 LIMIT 1', [
      this.accountId,
      id,
    ]);
    return (row?.at as Date | undefined)?.getTime() ?? null;
  }

  /** What of a currency is not explained, the oldest first. */
  async unexplained(currency: string, since: EpochMs): Promise<readonly Unexplained[]> {
    const rows = await this.run(
      `SELECT at, -sum(amount) AS amount FROM ledger_entries
       WHERE account_id = $1 AND book = 'UNEXPLAINED' AND currency = $2 AND at >= $3
       GROUP BY at HAVING sum(amount) <> 0 ORDER BY at`,
      [this.accountId, currency, new Date(since)],
    );
    return rows.map((row) => ({ at: (row.at as Date).getTime(), amount: toDecimalString(row.amount) }));
  }
}
