import type { DataSource } from 'typeorm';
import type { EpochMs } from '../../domain/marketData';
import type { RunRows } from './runRows';

/** How trading stands, over all accounts that were not removed, whichever node trades them. */
interface TradingFigures {
  readonly accountIds: readonly string[];
  /** Of the account that was compared with its exchange longest ago; one that never was counts from when it was made. Null where there is none. */
  readonly leastComparedAt: EpochMs | null;
  /** Accounts that were last compared before the time that was asked for. */
  readonly overdue: number;
  readonly unknownOrders: number;
  /** Of the order whose fate is unknown for longest; null where there is none. */
  readonly unknownSince: EpochMs | null;
}

/** Counts for operators. */
export class TradingFigureStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  async read({ overdueBefore }: { readonly overdueBefore: EpochMs }): Promise<TradingFigures> {
    const [accounts] = await this.#query(
      `SELECT array_agg(id::text) AS ids, min(compared_at) AS least, count(*) FILTER (WHERE compared_at < $1)::int AS overdue
       FROM (SELECT a.id, greatest(a.created_at, (SELECT max(r.at) FROM reconciliations r WHERE r.account_id = a.id)) AS compared_at
             FROM accounts a WHERE a.removed_at IS NULL) compared`,
      [new Date(overdueBefore)],
    );
    const [orders] = await this.#query(
      `SELECT count(*)::int AS count, min(coalesce(unknown_since, updated_at)) AS since FROM orders WHERE phase = 'UNKNOWN'`,
    );
    return {
      accountIds: (accounts?.ids as readonly string[] | null | undefined) ?? [],
      leastComparedAt: (accounts?.least as Date | null | undefined)?.getTime() ?? null,
      overdue: accounts?.overdue as number,
      unknownOrders: orders?.count as number,
      unknownSince: (orders?.since as Date | null | undefined)?.getTime() ?? null,
    };
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}
