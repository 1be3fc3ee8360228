import type { Bus, Topic } from '../bus/bus';
import { candlesTopic, orderBookTopic, tickerTopic, tradesTopic } from '../bus/marketTopics';
import type { EpochMs, Timeframe } from '../domain/marketData';
import type { MarketId } from '../domain/market';
import { AppError } from '../errors/appError';
import { assertWithin } from '../errors/assertWithin';
import type { Metrics } from '../telemetry/metrics';
import { CandleInbox } from './candleInbox';
import { EventStream } from './eventStream';
import type { Inbox } from './inbox';
import { OrderBookInbox } from './orderBookInbox';
import { assertCursor, StreamCursors } from './streamCursor';
import {
  streamReasons,
  type CandleEvent,
  type OrderBookEvent,
  type PublicTradeEvent,
  type TickerEvent,
} from './streamEvents';
import type { StreamEvent, StreamSource } from './streamSource';
import { TickerInbox } from './tickerInbox';
import { TradeInbox } from './tradeInbox';

export interface TickersRequest {
  readonly marketIds: readonly string[];
  /** 0: every event as it comes; otherwise at most one event in this many milliseconds, the newest values of each market. 0 to 60,000. */
  readonly intervalMs: number;
  readonly after: string | null;
}

export interface OrderBookRequest {
  readonly marketId: string;
  /** Levels a side, 1 to 500. */
  readonly depth: number;
  readonly intervalMs: number;
  readonly after: string | null;
}

export interface TradesRequest {
  readonly marketIds: readonly string[];
  readonly after: string | null;
}

export interface CandlesRequest {
  readonly marketId: string;
  readonly timeframe: Timeframe;
  readonly after: string | null;
}

export type MarketStream<Event extends StreamEvent> = Promise<StreamSource<Event>>;

const maxDepth = 500;
const maxIntervalMs = 60_000;
const maxMarkets = 500;

export interface MarketStreamsParts {
  readonly bus: Bus;
  readonly clock: () => EpochMs;
  /** Names this process in cursors. */
  readonly epoch: string;
  readonly metrics: Metrics;
  /** Gives the id where a stream of it may open. Throws MARKET_NOT_FOUND. */
  readonly assertMarket: (id: string) => Promise<MarketId>;
}

interface Opening<Body> {
  readonly intervalMs: number;
  readonly after: string | null;
  /** A new inbox, and what joins its topics: what is retained first, then all that follows. */
  readonly begin: () => { readonly inbox: Inbox<Body>; readonly join: (wake: () => void) => readonly (() => void)[] };
}

/**
 * The live streams. Each opens with a SNAPSHOT; a source that goes silent gives STALE and then a SNAPSHOT.
 * A method rejects with MARKET_NOT_FOUND or BAD_USER_INPUT; what it gives holds nothing until it is opened, and `return()` of
 * what was opened releases its topics at once.
 */
export class MarketStreams {
  #opened = 0;

  constructor(private readonly parts: MarketStreamsParts) {}

  async tickers({ marketIds, intervalMs, after }: TickersRequest): MarketStream<TickerEvent> {
    assertPosition(intervalMs, after);
    const ids = await this.#assertMarkets(marketIds);
    return this.#source<Omit<TickerEvent, 'meta'>>({
      intervalMs,
      after,
      begin: () => {
        const inbox = new TickerInbox(ids, () => {
          this.#countDropped('ticker', 1);
        });
        const join = (wake: () => void): (() => void)[] =>
          ids.map((id) =>
            this.#join(tickerTopic(id), (message) => {
              inbox.receive(id, message);
              wake();
            }),
          );
        return { inbox, join };
      },
    });
  }

  async orderBook({ marketId, depth, intervalMs, after }: OrderBookRequest): MarketStream<OrderBookEvent> {
    assertWithin('depth', depth, { from: 1, to: maxDepth });
    assertPosition(intervalMs, after);
    const id = await this.parts.assertMarket(marketId);
    const onConflated = (): void => {
      this.#countDropped('orderBook', 1);
    };
    return this.#source<Omit<OrderBookEvent, 'meta'>>({
      intervalMs,
      after,
      begin: () => {
        const inbox = new OrderBookInbox({ marketId: id, depth, clock: this.parts.clock, onConflated });
        return { inbox, join: (wake) => [this.#joinOne(orderBookTopic(id), inbox, wake)] };
      },
    });
  }

  async trades({ marketIds, after }: TradesRequest): MarketStream<PublicTradeEvent> {
    assertPosition(0, after);
    const ids = await this.#assertMarkets(marketIds);
    return this.#source<Omit<PublicTradeEvent, 'meta'>>({
      intervalMs: 0,
      after,
      begin: () => {
        const inbox = new TradeInbox(ids, (count) => {
          this.#countDropped('trades', count);
        });
        const join = (wake: () => void): (() => void)[] =>
          ids.map((id) =>
            this.#join(tradesTopic(id), (message) => {
              inbox.receive(id, message);
              wake();
            }),
          );
        return { inbox, join };
      },
    });
  }

  async candles({ marketId, timeframe, after }: CandlesRequest): MarketStream<CandleEvent> {
    assertPosition(0, after);
    const id = await this.parts.assertMarket(marketId);
    const onConflated = (): void => {
      this.#countDropped('candles', 1);
    };
    return this.#source<Omit<CandleEvent, 'meta'>>({
      intervalMs: 0,
      after,
      begin: () => {
        const inbox = new CandleInbox({ marketId: id, timeframe, onConflated });
        return { inbox, join: (wake) => [this.#joinOne(candlesTopic(id, timeframe), inbox, wake)] };
      },
    });
  }

  #source<Body extends object>(opening: Opening<Body>): StreamSource<Body & StreamEvent> {
    const { after } = opening;
    return {
      after,
      open: () => this.#open(opening, null),
      // A stream of one reader is a new one: there is nothing to resume.
      [Symbol.asyncIterator]: () => this.#open(opening, after === null ? null : streamReasons.resumeNotAvailable),
    };
  }

  #open<Body extends object>({ begin, intervalMs }: Opening<Body>, openingReason: string | null): EventStream<Body> {
    const { clock, epoch } = this.parts;
    const { inbox, join } = begin();
    let leave: readonly (() => void)[] = [];
    this.#opened += 1;
    const stream = new EventStream({
      inbox,
      clock,
      intervalMs,
      cursors: new StreamCursors({ epoch, stream: this.#opened }),
      openingReason,
      release: () => {
        for (const one of leave) one();
      },
    });
    leave = join(() => {
      stream.wake();
    });
    return stream;
  }

  #joinOne<Message>(topic: Topic<Message>, inbox: { receive(message: Message): void }, wake: () => void): () => void {
    return this.#join(topic, (message) => {
      inbox.receive(message);
      wake();
    });
  }

  /** Nothing can come between the two steps: what is retained and what follows are one unbroken course. */
  #join<Message>(topic: Topic<Message>, receive: (message: Message) => void): () => void {
    const leave = this.parts.bus.subscribe(topic, receive);
    const last = this.parts.bus.last(topic);
    if (last !== null) receive(last);
    return leave;
  }

  async #assertMarkets(ids: readonly string[]): Promise<readonly MarketId[]> {
    const distinct = [...new Set(ids)];
    if (distinct.length === 0 || distinct.length > maxMarkets) {
      throw new AppError('BAD_USER_INPUT', { publicMessage: `Name 1 to ${maxMarkets} markets.` });
    }
    return Promise.all(distinct.map((id) => this.parts.assertMarket(id)));
  }

  #countDropped(channel: string, count: number): void {
    this.parts.metrics.mailboxDropped.inc({ channel }, count);
  }
}

function assertPosition(intervalMs: number, after: string | null): void {
  assertWithin('intervalMs', intervalMs, { from: 0, to: maxIntervalMs });
  if (after !== null) assertCursor(after);
}
