import type { EpochMs } from '../../domain/marketData';
import { orderPhases, statusOf, type OrderStatus } from '../../domain/orderPhases';
import type { OrderSide, OrderType } from '../../domain/orders';
import type { AccountReader } from './accountReader';
import { dayOf, hourOf, readSums, type Summed, type SumsRecord, type SumsRequest } from './groupedSums';
import { takePage, toPage, type KeysetOrder, type Page, type PageRequest } from './keyset';
import type { OrderRecord, TransitionRecord } from './records';
import type { Readers } from '../readers';
import { ReaderStatement, toUuid } from './statement';
import { orderTable, transitionTable } from './tables';

/** Null: any. Times: start inclusive, end exclusive, of `createdAt`. */
export interface OrderFilter {
  readonly accounts: readonly string[] | null;
  readonly markets: readonly string[] | null;
  readonly side: OrderSide | null;
  readonly types: readonly OrderType[] | null;
  readonly statuses: readonly OrderStatus[] | null;
  readonly since: EpochMs | null;
  readonly until: EpochMs | null;
}

export type OrderSortField = 'CREATED_AT' | 'UPDATED_AT' | 'AMOUNT' | 'COST';

export interface OrderSort {
  readonly field: OrderSortField;
  readonly isDescending: boolean;
}

const sortColumns: Readonly<Record<OrderSortField, Pick<KeysetOrder, 'value' | 'valueType'>>> = {
  CREATED_AT: { value: 'o.created_at', valueType: 'timestamptz' },
  UPDATED_AT: { value: 'o.updated_at', valueType: 'timestamptz' },
  // Of an order by quote amount the amount is what was executed so far.
  AMOUNT: { value: 'coalesce(o.amount, o.filled)', valueType: 'numeric' },
  COST: { value: 'o.cost', valueType: 'numeric' },
};

const statusWhens = orderPhases.map((phase) => `WHEN '${phase}' THEN '${statusOf(phase)}'`).join(' ');

const summed: Summed = {
  from: `FROM orders o JOIN accounts a ON a.id = o.account_id
    LEFT JOIN LATERAL (SELECT sum(f.realized_pnl) AS sum FROM fills f WHERE f.order_id = o.id) realized ON true`,
  groups: {
    ACCOUNT: 'o.account_id',
    MARKET: 'o.market_id',
    SIDE: 'o.side',
    STATUS: `CASE o.phase ${statusWhens} END`,
    DAY: dayOf('o.created_at'),
    HOUR: hourOf('o.created_at'),
  },
  marketId: 'o.market_id',
  amount: 'o.filled + o.overfilled',
  cost: 'o.cost',
  fees: 'o.fees',
  realizedPnl: 'coalesce(realized.sum, 0)',
};

/** Orders as their readers ask for them. Whose they may be stands in every statement. */
export class OrderQueries {
  constructor(private readonly parts: { readonly readers: Pick<Readers, 'as'> }) {}

  /** Null where there is none, and where it is not this reader's to see. */
  async find(reader: AccountReader, id: string): Promise<OrderRecord | null> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `o.id = ${place}`, toUuid(id), 'uuid');
    const [row] = await this.parts.readers.as(reader)(
      `SELECT ${orderTable.list('o')} FROM orders o JOIN accounts a ON a.id = o.account_id WHERE ${statement.where}`,
      statement.values,
    );
    return row === undefined ? null : orderTable.read(row);
  }

  async page(
    reader: AccountReader,
    request: { readonly filter: OrderFilter; readonly sort: OrderSort; readonly page: PageRequest },
  ): Promise<Page<OrderRecord>> {
    const { sort, page } = request;
    const statement = filtered(reader, request.filter);
    const order = { ...sortColumns[sort.field], id: 'o.id', isDescending: sort.isDescending };
    const rest = takePage(statement, order, page);
    const rows = await this.parts.readers.as(reader)(
      `SELECT ${orderTable.list('o')} FROM orders o JOIN accounts a ON a.id = o.account_id
       WHERE ${statement.where} ${rest}`,
      statement.values,
    );
    return toPage(
      rows.map((row) => orderTable.read(row)),
      page,
    );
  }

  async count(reader: AccountReader, filter: OrderFilter): Promise<number> {
    const statement = filtered(reader, filter);
    const [row] = await this.parts.readers.as(reader)(
      `SELECT count(*)::int AS count FROM orders o JOIN accounts a ON a.id = o.account_id WHERE ${statement.where}`,
      statement.values,
    );
    return row?.count as number;
  }

  async sums(
    reader: AccountReader,
    { filter, ...request }: { readonly filter: OrderFilter } & SumsRequest,
  ): Promise<readonly SumsRecord[]> {
    return readSums(this.parts.readers.as(reader), { summed, statement: filtered(reader, filter), ...request });
  }

  /** The first steps of each of these orders, in the order in which they were made. */
  async transitions(
    reader: AccountReader,
    { orderIds, first }: { readonly orderIds: readonly string[]; readonly first: number },
  ): Promise<readonly TransitionRecord[]> {
    const statement = new ReaderStatement(reader);
    statement.require((place) => `o.id = ANY(${place})`, orderIds, 'uuid[]');
    const limit = statement.place(first, 'integer');
    const rows = await this.parts.readers.as(reader)(
      `SELECT ${transitionTable.list('t')} FROM orders o JOIN accounts a ON a.id = o.account_id
       CROSS JOIN LATERAL (SELECT * FROM order_transitions s WHERE s.order_id = o.id ORDER BY s.seq LIMIT ${limit}) t
       WHERE ${statement.where} ORDER BY t.order_id, t.seq`,
      statement.values,
    );
    return rows.map((row) => transitionTable.read(row));
  }
}

function filtered(reader: AccountReader, filter: OrderFilter): ReaderStatement {
  const statement = new ReaderStatement(reader);
  const phases =
    filter.statuses === null ? null : orderPhases.filter((phase) => filter.statuses?.includes(statusOf(phase)));
  statement.require((place) => `o.account_id = ANY(${place})`, filter.accounts?.map(toUuid) ?? null, 'uuid[]');
  statement.require((place) => `o.market_id = ANY(${place})`, filter.markets, 'text[]');
  statement.require((place) => `o.side = ${place}`, filter.side, 'text');
  statement.require((place) => `o.type = ANY(${place})`, filter.types, 'text[]');
  statement.require((place) => `o.phase = ANY(${place})`, phases, 'text[]');
  statement.require((place) => `o.created_at >= ${place}`, toTime(filter.since), 'timestamptz');
  statement.require((place) => `o.created_at < ${place}`, toTime(filter.until), 'timestamptz');
  return statement;
}

function toTime(at: EpochMs | null): Date | null {
  return at === null ? null : new Date(at);
}
