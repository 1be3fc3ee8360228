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
import { assertCursor, toCursor } from './streamCursor';
import {
  streamReasons,
  type CandleEvent,
  type OrderBookEvent,
  type PublicTradeEvent,
  type TickerEvent,
} from './streamEvents';
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

export type MarketStream<Event> = Promise<AsyncIterableIterator<Event, undefined>>;

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
  readonly inbox: Inbox<Body>;
  readonly intervalMs: number;
  readonly after: string | null;
  /** Joins a topic: what is retained first, then all that follows. */
  readonly join: (wake: () => void) => readonly (() => void)[];
}

/**
 * The live streams, one iterator a subscription. Each opens with a SNAPSHOT; a source that goes silent gives STALE and then a SNAPSHOT.
 * A method rejects with MARKET_NOT_FOUND or BAD_USER_INPUT before the stream opens; `return()` releases the source at once.
 */
export class MarketStreams {
  constructor(private readonly parts: MarketStreamsParts) {}

  async tickers({ marketIds, intervalMs, after }: TickersRequest): MarketStream<TickerEvent> {
    assertPosition(intervalMs, after);
    const ids = await this.#assertMarkets(marketIds);
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
    return this.#open<Omit<TickerEvent, 'meta'>>({ inbox, intervalMs, after, join });
  }

  async orderBook({ marketId, depth, intervalMs, after }: OrderBookRequest): MarketStream<OrderBookEvent> {
    assertWithin('depth', depth, { from: 1, to: maxDepth });
    assertPosition(intervalMs, after);
    const id = await this.parts.assertMarket(marketId);
    const onConflated = (): void => {
      this.#countDropped('orderBook', 1);
    };
    const inbox = new OrderBookInbox({ marketId: id, depth, clock: this.parts.clock, onConflated });
    const join = (wake: () => void): (() => void)[] => [
      this.#join(orderBookTopic(id), (message) => {
        inbox.receive(message);
        wake();
      }),
    ];
    return this.#open<Omit<OrderBookEvent, 'meta'>>({ inbox, intervalMs, after, join });
  }

  async trades({ marketIds, after }: TradesRequest): MarketStream<PublicTradeEvent> {
    assertPosition(0, after);
    const ids = await this.#assertMarkets(marketIds);
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
    return this.#open<Omit<PublicTradeEvent, 'meta'>>({ inbox, intervalMs: 0, after, join });
  }

  async candles({ marketId, timeframe, after }: CandlesRequest): MarketStream<CandleEvent> {
    assertPosition(0, after);
    const id = await this.parts.assertMarket(marketId);
    const onConflated = (): void => {
      this.#countDropped('candles', 1);
    };
    const inbox = new CandleInbox({ marketId: id, timeframe, onConflated });
    const join = (wake: () => void): (() => void)[] => [
      this.#join(candlesTopic(id, timeframe), (message) => {
        inbox.receive(message);
        wake();
      }),
    ];
    return this.#open<Omit<CandleEvent, 'meta'>>({ inbox, intervalMs: 0, after, join });
  }

  #open<Body extends object>({ inbox, intervalMs, after, join }: Opening<Body>): EventStream<Body> {
    const { clock, epoch } = this.parts;
    let leave: readonly (() => void)[] = [];
    const stream = new EventStream({
      inbox,
      clock,
      intervalMs,
      toCursor: (seq) => toCursor(epoch, seq),
      openingReason: after === null ? null : streamReasons.resumeNotAvailable,
      release: () => {
        for (const one of leave) one();
      },
    });
    leave = join(() => {
      stream.wake();
    });
    return stream;
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
