import type { EpochMs } from '../../domain/marketData';
import type { UnitTrade } from './candle';
import type { CandleHistory } from './candleBook';
import { EventSource } from './eventSource';
import type { MarketSpec } from './marketSpec';
import { MarketTape } from './marketTape';
import { MatchingEngine, type Execution, type Fill, type LevelChange, type NewOrder } from './matchingEngine';
import type { RestingOrder, Side } from './bookSide';
import { formatUnits } from './units';
import type { AggregateQuery, BookSnapshot, CandleQuery, MarketEvent, Quote, TopOfBook, VenueMarket } from './venue';

export interface SimulatedMarketOptions {
  readonly spec: MarketSpec;
  readonly history: CandleHistory;
  readonly firstTradeId: number;
  readonly now: () => EpochMs;
}

/** A fill and the public trade that it became. */
export interface TradedFill extends Fill {
  readonly tradeId: number;
  readonly time: EpochMs;
}

/** A market whose book, trades, candles and statistics all come from one matching engine. */
export class SimulatedMarket implements VenueMarket {
  readonly engine = new MatchingEngine();
  readonly spec: MarketSpec;
  /** Every fill of every order, for those who keep accounts. */
  readonly fills = new EventSource<TradedFill>();
  private readonly events = new EventSource<MarketEvent>();
  private readonly tape: MarketTape;
  private readonly now: () => EpochMs;
  private lastUpdateId: number;
  private nextTradeId: number;
  private lastOrderId: number;

  constructor(options: SimulatedMarketOptions) {
    this.spec = options.spec;
    this.now = options.now;
    this.nextTradeId = options.firstTradeId;
    // Ids of a market that has lived for years; the three counters are unrelated, as on an exchange.
    this.lastUpdateId = options.firstTradeId * 13;
    this.lastOrderId = options.firstTradeId * 7;
    this.tape = new MarketTape(options.spec, options.history, Math.floor(options.firstTradeId * 0.8));
  }

  get updateId(): number {
    return this.lastUpdateId;
  }

  time(): EpochMs {
    return this.now();
  }

  averagePrice() {
    return this.tape.averagePrice(this.now());
  }

  /** The price of the last trade, or null where there was none yet. */
  lastTicks(): number | null {
    return this.tape.lastTicks();
  }

  nextOrderId(): number {
    this.lastOrderId += 1;
    return this.lastOrderId;
  }

  /** Places an order at this time; everything that follows from it has happened when the call returns. */
  place(order: NewOrder, time: EpochMs): Execution {
    const before = this.topKey();
    const execution = this.engine.place(order);
    this.enter(execution.fills, time);
    this.publish(execution.levels, before);
    return execution;
  }

  /** Takes an order out of the book; null where it is not in it. */
  cancel(orderId: number): { readonly order: RestingOrder; readonly remainingLots: number } | null {
    const before = this.topKey();
    const cancelled = this.engine.cancel(orderId);
    if (cancelled === null) return null;
    this.publish([cancelled.level], before);
    return cancelled;
  }

  top(): TopOfBook {
    return { updateId: this.lastUpdateId, bid: this.best('BUY'), ask: this.best('SELL') };
  }

  book(depth: number): BookSnapshot {
    const levels = (side: Side): Quote[] =>
      this.engine
        .side(side)
        .top(depth)
        .map(([ticks, lots]) => this.quote(ticks, lots));
    return { updateId: this.lastUpdateId, bids: levels('BUY'), asks: levels('SELL') };
  }

  recentTrades(limit: number) {
    return this.tape.recentTrades(limit);
  }

  tradesFrom(id: number, limit: number) {
    return this.tape.tradesFrom(id, limit);
  }

  recentAggregates(limit: number) {
    return this.tape.recentAggregates(limit);
  }

  aggregates(query: AggregateQuery) {
    return this.tape.aggregates(query);
  }

  candles(query: CandleQuery) {
    return this.tape.candles(query, this.now());
  }

  day() {
    return this.tape.day(this.now());
  }

  listen(listener: (event: MarketEvent) => void): () => void {
    return this.events.listen(listener);
  }

  private enter(fills: readonly Fill[], time: EpochMs): void {
    if (fills.length === 0) return;
    const units = fills.map((fill): UnitTrade => {
      const id = this.nextTradeId;
      this.nextTradeId += 1;
      return { id, priceTicks: fill.priceTicks, lots: fill.lots, time, isBuyerMaker: fill.takerSide === 'SELL' };
    });
    const { trades, aggregates } = this.tape.record(units);
    for (const trade of trades) this.events.emit({ kind: 'trade', trade });
    for (const trade of aggregates) this.events.emit({ kind: 'aggregate', trade });
    fills.forEach((fill, index) => {
      const tradeId = units[index]?.id;
      if (tradeId !== undefined) this.fills.emit({ ...fill, tradeId, time });
    });
  }

  private publish(levels: readonly LevelChange[], before: string): void {
    for (const { side, priceTicks, lots } of levels) {
      this.lastUpdateId += 1;
      if (!this.events.isHeard) continue;
      const level = { side, ...this.quote(priceTicks, lots), updateId: this.lastUpdateId };
      this.events.emit({ kind: 'level', level });
    }
    if (this.events.isHeard && this.topKey() !== before) this.events.emit({ kind: 'top', top: this.top() });
  }

  /** Equal as long as neither side's best price and amount have changed. */
  private topKey(): string {
    const { engine } = this;
    const key = (side: Side): string => {
      const ticks = engine.side(side).bestTicks();
      return ticks === null ? '-' : `${ticks}:${engine.side(side).totalLotsAt(ticks)}`;
    };
    return `${key('BUY')}/${key('SELL')}`;
  }

  private best(side: Side): Quote | null {
    const [level] = this.engine.side(side).top(1);
    return level === undefined ? null : this.quote(level[0], level[1]);
  }

  private quote(ticks: number, lots: number): Quote {
    return { price: formatUnits(ticks, this.spec.priceDecimals), amount: formatUnits(lots, this.spec.amountDecimals) };
  }
}
