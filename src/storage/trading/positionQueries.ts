import type { EpochMs } from '../../domain/marketData';
import type { AccountReader } from './accountReader';
import type { PositionRecord } from './records';
import type { Readers } from '../readers';
import { ReaderStatement, toUuid } from './statement';
import { positionTable } from './tables';

/** Null: any. */
export interface PositionFilter {
  readonly account: string | null;
  readonly market: string | null;
  readonly first: number;
}

/** Positions as their readers ask for them, the oldest first. Whose they may be stands in every statement. */
export class PositionQueries {
  constructor(private readonly parts: { readonly readers: Pick<Readers, 'as'> }) {}

  /** An open position. Null where there is none, and where it is not this reader's to see. */
  async find(reader: AccountReader, id: string): Promise<PositionRecord | null> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `p.id = ${place}`, toUuid(id), 'uuid');
    const [row] = await this.parts.readers.as(reader)(
      `SELECT ${positionTable.list('p')} FROM positions p JOIN accounts a ON a.id = p.account_id
       WHERE ${statement.where} AND p.closed_at IS NULL`,
      statement.values,
    );
    return row === undefined ? null : positionTable.read(row);
  }

  /** Those that are open now. */
  async open(reader: AccountReader, filter: PositionFilter): Promise<readonly PositionRecord[]> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `p.account_id = ${place}`, accountOf(filter), 'uuid');
    statement.require((place) => `p.market_id = ${place}`, filter.market, 'text');
    const limit = statement.place(filter.first, 'integer');
    const rows = await this.parts.readers.as(reader)(
      `SELECT ${positionTable.list('p')} FROM positions p JOIN accounts a ON a.id = p.account_id
       WHERE ${statement.where} AND p.closed_at IS NULL ORDER BY p.opened_at, p.id LIMIT ${limit}`,
      statement.values,
    );
    return rows.map((row) => positionTable.read(row));
  }

  /** Those that were open then, as they were: each by the last change up to that moment. */
  async openAt(reader: AccountReader, at: EpochMs, filter: PositionFilter): Promise<readonly PositionRecord[]> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `c.at <= ${place}`, new Date(at), 'timestamptz');
    statement.require((place) => `c.account_id = ${place}`, accountOf(filter), 'uuid');
    statement.require((place) => `c.state->>'marketId' = ${place}`, filter.market, 'text');
    const limit = statement.place(filter.first, 'integer');
    const rows = await this.parts.readers.as(reader)(
      `SELECT was.state FROM (
         SELECT DISTINCT ON (c.position_id) c.state
         FROM position_changes c JOIN accounts a ON a.id = c.account_id
         WHERE ${statement.where} ORDER BY c.position_id, c.seq DESC) was
       WHERE was.state->>'closedAt' IS NULL
       ORDER BY (was.state->>'openedAt')::bigint, was.state->>'id' LIMIT ${limit}`,
      statement.values,
    );
    return rows.map((row) => row.state as PositionRecord);
  }
}

function accountOf({ account }: PositionFilter): string | null {
  return account === null ? null : toUuid(account);
}
