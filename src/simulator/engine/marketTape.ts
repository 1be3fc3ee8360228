import { timeframeMs, type EpochMs } from '../../domain/marketData';
import type { UnitCandle, UnitTrade } from './candle';
import { CandleBook, type CandleHistory } from './candleBook';
import type { MarketSpec } from './marketSpec';
import { formatUnits } from './units';
import type { AggregateQuery, AggregateTrade, CandleQuery, DayStatistics, VenueCandle, VenueTrade } from './venue';

/** Trades, and aggregates, that stay readable; the oldest go first. */
const maxKept = 5000;
const averagePriceMinutes = 5;

/** What has traded in one market: the trades themselves and everything that is summed from them. */
export class MarketTape {
  private readonly trades: VenueTrade[] = [];
  private readonly aggregateTrades: AggregateTrade[] = [];
  private readonly candleBook: CandleBook;
  private nextAggregateId: number;

  constructor(
    private readonly spec: MarketSpec,
    history: CandleHistory,
    firstAggregateId: number,
  ) {
    this.candleBook = new CandleBook(history);
    this.nextAggregateId = firstAggregateId;
  }

  /** Enters the fills of one taking order, in their order. */
  record(fills: readonly UnitTrade[]): { trades: VenueTrade[]; aggregates: AggregateTrade[] } {
    const trades: VenueTrade[] = [];
    const aggregates: AggregateTrade[] = [];
    let pending: UnitTrade[] = [];
    for (const fill of fills) {
      this.candleBook.add(fill);
      trades.push(this.toTrade(fill));
      if (pending[0] !== undefined && pending[0].priceTicks !== fill.priceTicks) {
        aggregates.push(this.toAggregate(pending));
        pending = [];
      }
      pending.push(fill);
    }
    if (pending.length > 0) aggregates.push(this.toAggregate(pending));
    append(this.trades, trades);
    append(this.aggregateTrades, aggregates);
    return { trades, aggregates };
  }

  recentTrades(limit: number): readonly VenueTrade[] {
    return this.trades.slice(-limit);
  }

  tradesFrom(id: number, limit: number): readonly VenueTrade[] {
    return this.trades.filter((trade) => trade.id >= id).slice(0, limit);
  }

  recentAggregates(limit: number): readonly AggregateTrade[] {
    return this.aggregateTrades.slice(-limit);
  }

  aggregates(query: AggregateQuery): readonly AggregateTrade[] {
    const { fromId, since, until, limit } = query;
    return this.aggregateTrades
      .filter((trade) => trade.id >= (fromId ?? -Infinity))
      .filter((trade) => trade.time >= (since ?? -Infinity) && trade.time <= (until ?? Infinity))
      .slice(0, limit);
  }

  candles(query: CandleQuery, now: EpochMs): VenueCandle[] {
    const { intervalMs, since, until, limit } = query;
    this.candleBook.advance(now);
    const found = this.candleBook
      .all(intervalMs)
      .filter((candle) => candle.openTime >= (since ?? -Infinity) && candle.openTime <= (until ?? Infinity));
    const page = since === null ? found.slice(-limit) : found.slice(0, limit);
    return page.map((candle) => this.toCandle(candle, intervalMs));
  }

  /** The 24 hours up to now, to the minute: the candles of 1 m that began in them. */
  day(now: EpochMs): DayStatistics {
    this.candleBook.advance(now);
    const openTime = now - timeframeMs.D1;
    const minutes = this.candleBook.all(timeframeMs.M1);
    const first = minutes.findIndex((candle) => candle.openTime > openTime);
    const window = first < 0 ? [] : minutes.slice(first);
    const lastTicks = minutes.at(-1)?.closeTicks ?? 0;
    const previousTicks = minutes[first - 1]?.closeTicks ?? window[0]?.openTicks ?? lastTicks;
    const traded = window.filter((candle) => candle.tradeCount > 0);
    const openTicks = traded[0]?.openTicks ?? lastTicks;
    const lots = sum(traded, (candle) => candle.lots);
    const cost = traded.reduce((total, candle) => total + candle.cost, 0n);
    const changeTicks = lastTicks - openTicks;
    return {
      openTime,
      closeTime: now,
      open: this.price(openTicks),
      high: this.price(traded.length === 0 ? lastTicks : Math.max(...traded.map((candle) => candle.highTicks))),
      low: this.price(traded.length === 0 ? lastTicks : Math.min(...traded.map((candle) => candle.lowTicks))),
      last: this.price(lastTicks),
      lastAmount: this.trades.at(-1)?.amount ?? this.amount(0),
      previousClose: this.price(previousTicks),
      change: this.price(changeTicks),
      changePercent: formatUnits(openTicks === 0 ? 0n : (BigInt(changeTicks) * 100_000n) / BigInt(openTicks), 3),
      weightedAverage: formatUnits(
        lots === 0 ? 0n : (cost * 100_000_000n) / (BigInt(lots) * 10n ** BigInt(this.spec.priceDecimals)),
        8,
      ),
      amount: this.amount(lots),
      cost: this.cost(cost),
      firstTradeId: traded[0]?.firstTradeId ?? -1,
      lastTradeId: traded.at(-1)?.lastTradeId ?? -1,
      tradeCount: sum(traded, (candle) => candle.tradeCount),
    };
  }

  /** Over the last five minutes; where nothing traded in them, the last price. */
  averagePrice(now: EpochMs) {
    this.candleBook.advance(now);
    const minutes = this.candleBook.all(timeframeMs.M1).slice(-averagePriceMinutes);
    const lots = sum(minutes, (candle) => candle.lots);
    if (lots === 0) return this.price(this.lastTicks() ?? 0);
    const cost = minutes.reduce((total, candle) => total + candle.cost, 0n);
    return formatUnits(cost / BigInt(lots), this.spec.priceDecimals);
  }

  lastTicks(): number | null {
    return this.candleBook.all(timeframeMs.M1).at(-1)?.closeTicks ?? null;
  }

  private toTrade(fill: UnitTrade): VenueTrade {
    const { id, time, isBuyerMaker } = fill;
    const cost = this.cost(BigInt(fill.priceTicks) * BigInt(fill.lots));
    return { id, price: this.price(fill.priceTicks), amount: this.amount(fill.lots), cost, time, isBuyerMaker };
  }

  private toAggregate(fills: readonly UnitTrade[]): AggregateTrade {
    const [first] = fills;
    const last = fills.at(-1);
    if (first === undefined || last === undefined) throw new Error('an aggregate needs a fill');
    const id = this.nextAggregateId;
    this.nextAggregateId += 1;
    return {
      id,
      price: this.price(first.priceTicks),
      amount: this.amount(sum(fills, (fill) => fill.lots)),
      firstTradeId: first.id,
      lastTradeId: last.id,
      time: first.time,
      isBuyerMaker: first.isBuyerMaker,
    };
  }

  private toCandle(candle: UnitCandle, intervalMs: number): VenueCandle {
    return {
      openTime: candle.openTime,
      closeTime: candle.openTime + intervalMs - 1,
      open: this.price(candle.openTicks),
      high: this.price(candle.highTicks),
      low: this.price(candle.lowTicks),
      close: this.price(candle.closeTicks),
      amount: this.amount(candle.lots),
      cost: this.cost(candle.cost),
      tradeCount: candle.tradeCount,
      takerBuyAmount: this.amount(candle.takerBuyLots),
      takerBuyCost: this.cost(candle.takerBuyCost),
      firstTradeId: candle.firstTradeId,
      lastTradeId: candle.lastTradeId,
    };
  }

  private price(ticks: number) {
    return formatUnits(ticks, this.spec.priceDecimals);
  }

  private amount(lots: number) {
    return formatUnits(lots, this.spec.amountDecimals);
  }

  private cost(units: bigint) {
    return formatUnits(units, this.spec.priceDecimals + this.spec.amountDecimals);
  }
}

function append<T>(kept: T[], added: readonly T[]): void {
  kept.push(...added);
  if (kept.length > maxKept + 1000) kept.splice(0, kept.length - maxKept);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
