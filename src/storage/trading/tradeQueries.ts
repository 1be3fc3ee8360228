import type { EpochMs } from '../../domain/marketData';
import type { OrderSide } from '../../domain/orders';
import type { AccountReader } from './accountReader';
import { dayOf, hourOf, readSums, type Summed, type SumsRecord, type SumsRequest } from './groupedSums';
import { takePage, toPage, type Page, type PageRequest } from './keyset';
import type { FillRecord } from './records';
import type { Readers } from '../readers';
import { ReaderStatement, toUuid } from './statement';
import { fillTable } from './tables';

/** Null: any. Times: start inclusive, end exclusive. */
export interface TradeFilter {
  readonly accounts: readonly string[] | null;
  readonly markets: readonly string[] | null;
  readonly side: OrderSide | null;
  readonly since: EpochMs | null;
  readonly until: EpochMs | null;
}

const summed: Summed = {
  from: 'FROM fills f JOIN accounts a ON a.id = f.account_id',
  groups: {
    ACCOUNT: 'f.account_id',
    MARKET: 'f.market_id',
    SIDE: 'f.side',
    DAY: dayOf('f.at'),
    HOUR: hourOf('f.at'),
  },
  marketId: 'f.market_id',
  amount: 'f.amount',
  cost: 'f.cost',
  fees: 'f.fees',
  realizedPnl: 'f.realized_pnl',
};

/** Executions as their readers ask for them, the newest first. Whose they may be stands in every statement. */
export class TradeQueries {
  constructor(private readonly parts: { readonly readers: Pick<Readers, 'as'> }) {}

  /** Null where there is none, and where it is not this reader's to see. */
  async find(reader: AccountReader, id: string): Promise<FillRecord | null> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `f.id = ${place}`, toUuid(id), 'uuid');
    const [row] = await this.parts.readers.as(reader)(
      `SELECT ${fillTable.list('f')} FROM fills f JOIN accounts a ON a.id = f.account_id WHERE ${statement.where}`,
      statement.values,
    );
    return row === undefined ? null : fillTable.read(row);
  }

  async page(
    reader: AccountReader,
    { filter, page }: { readonly filter: TradeFilter; readonly page: PageRequest },
  ): Promise<Page<FillRecord>> {
    const statement = filtered(reader, filter);
    const order = { value: 'f.at', valueType: 'timestamptz', id: 'f.id', isDescending: true };
    const rest = takePage(statement, order, page);
    const rows = await this.parts.readers.as(reader)(
      `SELECT ${fillTable.list('f')} FROM fills f JOIN accounts a ON a.id = f.account_id WHERE ${statement.where} ${rest}`,
      statement.values,
    );
    return toPage(
      rows.map((row) => fillTable.read(row)),
      page,
    );
  }

  async count(reader: AccountReader, filter: TradeFilter): Promise<number> {
    const statement = filtered(reader, filter);
    const [row] = await this.parts.readers.as(reader)(
      `SELECT count(*)::int AS count FROM fills f JOIN accounts a ON a.id = f.account_id WHERE ${statement.where}`,
      statement.values,
    );
    return row?.count as number;
  }

  async sums(
    reader: AccountReader,
    { filter, ...request }: { readonly filter: TradeFilter } & SumsRequest,
  ): Promise<readonly SumsRecord[]> {
    return readSums(this.parts.readers.as(reader), { summed, statement: filtered(reader, filter), ...request });
  }

  /** The first executions of each of these orders, the oldest first. */
  async ofOrders(
    reader: AccountReader,
    { orderIds, first }: { readonly orderIds: readonly string[]; readonly first: number },
  ): Promise<readonly FillRecord[]> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `o.id = ANY(${place})`, orderIds, 'uuid[]');
    const limit = statement.place(first, 'integer');
    const rows = await this.parts.readers.as(reader)(
      `SELECT ${fillTable.list('f')} FROM orders o JOIN accounts a ON a.id = o.account_id
       CROSS JOIN LATERAL (SELECT * FROM fills e WHERE e.order_id = o.id ORDER BY e.at, e.id LIMIT ${limit}) f
       WHERE ${statement.where} ORDER BY f.order_id, f.at, f.id`,
      statement.values,
    );
    return rows.map((row) => fillTable.read(row));
  }
}

function filtered(reader: AccountReader, filter: TradeFilter): ReaderStatement {
  const statement = new ReaderStatement(reader);
  const toTime = (at: EpochMs | null): Date | null => (at === null ? null : new Date(at));
  statement.require((place) => `f.account_id = ANY(${place})`, filter.accounts?.map(toUuid) ?? null, 'uuid[]');
  statement.require((place) => `f.market_id = ANY(${place})`, filter.markets, 'text[]');
  statement.require((place) => `f.side = ${place}`, filter.side, 'text');
  statement.require((place) => `f.at >= ${place}`, toTime(filter.since), 'timestamptz');
  statement.require((place) => `f.at < ${place}`, toTime(filter.until), 'timestamptz');
  return statement;
}
