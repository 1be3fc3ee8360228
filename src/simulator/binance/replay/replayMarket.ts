import { toDecimalString } from '../../../domain/decimal';
import type { EpochMs } from '../../../domain/marketData';
import type { Side } from '../../engine/bookSide';
import { emptyHistory } from '../../engine/candleBook';
import { EventSource } from '../../engine/eventSource';
import type { MarketSpec } from '../../engine/marketSpec';
import { MarketTape } from '../../engine/marketTape';
import { formatUnits, parseUnits } from '../../engine/units';
import type {
  AggregateQuery,
  BookSnapshot,
  CandleQuery,
  MarketEvent,
  Quote,
  TopOfBook,
  VenueMarket,
} from '../../engine/venue';
import {
  parseMessage,
  parseSnapshot,
  type RecordedBookTicker,
  type RecordedDepth,
  type RecordedTrade,
} from './recordedMessages';
import type { RecordedLine } from './recording';
import { RecordingError } from './recordingError';
import { ReplayBook } from './replayBook';
import type { Survey } from './survey';

/** A market that does again what was recorded. Whatever the recording lacks (candles, statistics) is summed from its trades. */
export class ReplayMarket implements VenueMarket {
  readonly spec: MarketSpec;
  private readonly replayBook: ReplayBook;
  private readonly tape: MarketTape;
  private readonly events = new EventSource<MarketEvent>();
  private bookTicker: RecordedBookTicker | null = null;
  private latest: EpochMs = 0;

  constructor(survey: Survey) {
    this.spec = survey.spec;
    this.replayBook = new ReplayBook(survey.spec);
    // Each recorded trade is its own aggregate: which of them had one taker cannot be told for sure.
    this.tape = new MarketTape(survey.spec, emptyHistory, 1);
    if (survey.snapshot !== null) this.replayBook.reset(survey.snapshot);
  }

  get updateId(): number {
    return this.replayBook.updateId;
  }

  get gaps(): number {
    return this.replayBook.gaps;
  }

  time(): EpochMs {
    return this.latest;
  }

  /** Lets a recorded line happen. */
  play(line: RecordedLine): void {
    if (line.kind === 'snapshot') {
      this.replayBook.reset(parseSnapshot(line.data));
      return;
    }
    const message = parseMessage(line.stream, line.data);
    switch (message.kind) {
      case 'depth':
        this.playDepth(message.depth);
        return;
      case 'trade':
        this.playTrade(message.trade);
        return;
      case 'bookTicker':
        this.bookTicker = message.bookTicker;
        if (this.events.isHeard) this.events.emit({ kind: 'top', top: this.top() });
        return;
      case 'other':
        return;
    }
  }

  top(): TopOfBook {
    const recorded = this.bookTicker;
    if (recorded === null) {
      return { updateId: this.updateId, bid: this.quotes('BUY', 1)[0] ?? null, ask: this.quotes('SELL', 1)[0] ?? null };
    }
    const quote = (price: string, amount: string): Quote => ({
      price: toDecimalString(price),
      amount: toDecimalString(amount),
    });
    return {
      updateId: recorded.u,
      bid: quote(recorded.b, recorded.B),
      ask: quote(recorded.a, recorded.A),
    };
  }

  book(depth: number): BookSnapshot {
    return { updateId: this.updateId, bids: this.quotes('BUY', depth), asks: this.quotes('SELL', depth) };
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
    return this.tape.candles(query, this.latest);
  }

  day() {
    return this.tape.day(this.latest);
  }

  averagePrice() {
    return this.tape.averagePrice(this.latest);
  }

  listen(listener: (event: MarketEvent) => void): () => void {
    return this.events.listen(listener);
  }

  private playDepth(depth: RecordedDepth): void {
    this.latest = Math.max(this.latest, depth.E);
    for (const { side, priceTicks, lots } of this.replayBook.apply(depth)) {
      if (!this.events.isHeard) continue;
      const level = { side, ...this.quote(priceTicks, lots), updateId: depth.u };
      this.events.emit({ kind: 'level', level });
    }
  }

  private playTrade(recorded: RecordedTrade): void {
    this.latest = Math.max(this.latest, recorded.E, recorded.T);
    const priceTicks = parseUnits(recorded.p, this.spec.priceDecimals);
    const lots = parseUnits(recorded.q, this.spec.amountDecimals);
    if (priceTicks === null || lots === null) throw new RecordingError(`trade ${recorded.t} has no price or amount`);
    const { trades, aggregates } = this.tape.record([
      { id: recorded.t, priceTicks, lots, time: recorded.T, isBuyerMaker: recorded.m },
    ]);
    for (const trade of trades) this.events.emit({ kind: 'trade', trade });
    for (const trade of aggregates) this.events.emit({ kind: 'aggregate', trade });
  }

  private quotes(side: Side, depth: number): Quote[] {
    return this.replayBook.top(side, depth).map(([ticks, lots]) => this.quote(ticks, lots));
  }

  private quote(ticks: number, lots: number): Quote {
    return { price: formatUnits(ticks, this.spec.priceDecimals), amount: formatUnits(lots, this.spec.amountDecimals) };
  }
}
