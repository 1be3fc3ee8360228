import type { DecimalString } from '../domain/decimal';
import type { EpochMs } from '../domain/marketData';
import type { AccountReader } from '../storage/trading/accountReader';
import type { SumsRecord, SumsRequest } from '../storage/trading/groupedSums';
import type { Page, PageRequest } from '../storage/trading/keyset';
import type { OrderFilter, OrderQueries, OrderSort } from '../storage/trading/orderQueries';
import type { PositionFilter, PositionQueries } from '../storage/trading/positionQueries';
import type { FillRecord, PositionRecord, TransitionRecord } from '../storage/trading/records';
import type { TradeFilter, TradeQueries } from '../storage/trading/tradeQueries';
import { viewOrder, type OrderView } from './orderView';
import { viewPosition, type PositionView } from './positionView';

// What the API names of the storage room comes by way of this one.
export type {
  AccountReader,
  FillRecord,
  OrderFilter,
  OrderSort,
  Page,
  PageRequest,
  SumsRecord,
  TradeFilter,
  TransitionRecord,
};

interface OfOrders {
  readonly orderIds: readonly string[];
  /** At most so many of each order. */
  readonly first: number;
}

/** What can be read of orders, trades and positions, by whoever may read their accounts. What is not for a reader is not there. */
export class TradingReader {
  constructor(
    private readonly parts: {
      readonly orders: OrderQueries;
      readonly trades: TradeQueries;
      readonly positions: PositionQueries;
      /** What a position of a market would be closed at about; null where no price is proven to be current. */
      readonly mark: (marketId: string) => Promise<DecimalString | null>;
    },
  ) {}

  async order(reader: AccountReader, id: string): Promise<OrderView | null> {
    const order = await this.parts.orders.find(reader, id);
    return order === null ? null : viewOrder(order);
  }

  async orders(
    reader: AccountReader,
    request: { readonly filter: OrderFilter; readonly sort: OrderSort; readonly page: PageRequest },
  ): Promise<Page<OrderView>> {
    const page = await this.parts.orders.page(reader, request);
    return { ...page, items: page.items.map(viewOrder) };
  }

  countOrders(reader: AccountReader, filter: OrderFilter): Promise<number> {
    return this.parts.orders.count(reader, filter);
  }

  sumOrders(
    reader: AccountReader,
    request: { readonly filter: OrderFilter } & SumsRequest,
  ): Promise<readonly SumsRecord[]> {
    return this.parts.orders.sums(reader, request);
  }

  transitionsOf(reader: AccountReader, request: OfOrders): Promise<readonly TransitionRecord[]> {
    return this.parts.orders.transitions(reader, request);
  }

  tradesOf(reader: AccountReader, request: OfOrders): Promise<readonly FillRecord[]> {
    return this.parts.trades.ofOrders(reader, request);
  }

  trade(reader: AccountReader, id: string): Promise<FillRecord | null> {
    return this.parts.trades.find(reader, id);
  }

  trades(
    reader: AccountReader,
    request: { readonly filter: TradeFilter; readonly page: PageRequest },
  ): Promise<Page<FillRecord>> {
    return this.parts.trades.page(reader, request);
  }

  countTrades(reader: AccountReader, filter: TradeFilter): Promise<number> {
    return this.parts.trades.count(reader, filter);
  }

  sumTrades(
    reader: AccountReader,
    request: { readonly filter: TradeFilter } & SumsRequest,
  ): Promise<readonly SumsRecord[]> {
    return this.parts.trades.sums(reader, request);
  }

  async position(reader: AccountReader, id: string): Promise<PositionView | null> {
    const position = await this.parts.positions.find(reader, id);
    return position === null ? null : viewPosition(position, await this.parts.mark(position.marketId));
  }

  /** Those that are open, at the price of now; or those that were open at a moment, without a price. */
  async positions(
    reader: AccountReader,
    { asOf, ...filter }: PositionFilter & { readonly asOf: EpochMs | null },
  ): Promise<readonly PositionView[]> {
    const { positions } = this.parts;
    if (asOf === null) return this.#priced(await positions.open(reader, filter));
    return toViews(await positions.openAt(reader, asOf, filter), new Map());
  }

  /** Each market is asked for its price once. */
  async #priced(positions: readonly PositionRecord[]): Promise<readonly PositionView[]> {
    const markets = [...new Set(positions.map(({ marketId }) => marketId))];
    const marks = await Promise.all(markets.map(async (id) => [id, await this.parts.mark(id)] as const));
    return toViews(positions, new Map<string, DecimalString | null>(marks));
  }
}

function toViews(
  positions: readonly PositionRecord[],
  marks: ReadonlyMap<string, DecimalString | null>,
): readonly PositionView[] {
  return positions
    .map((position) => viewPosition(position, marks.get(position.marketId) ?? null))
    .filter((view) => view !== null);
}
