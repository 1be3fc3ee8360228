import type { OrderBookMessage } from '../bus/marketTopics';
import type { MarketId } from '../domain/market';
import type { EpochMs, OrderBook, PriceLevel } from '../domain/marketData';
import type { AppError } from '../errors/appError';
import { differenceOf } from './bookDifference';
import type { Draft, Inbox } from './inbox';
import { SourceStates } from './sourceStates';
import type { OrderBookEvent } from './streamEvents';

type Body = Omit<OrderBookEvent, 'meta'>;

interface View {
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
}

/** One order book for one reader: only the newest is kept, and told as the difference to what this reader was told last. */
export class OrderBookInbox implements Inbox<Body> {
  readonly #states: SourceStates;
  #book: OrderBook | null = null;
  #told: View = { bids: [], asks: [] };
  #hasChanged = false;

  constructor(
    private readonly parts: {
      readonly marketId: MarketId;
      readonly depth: number;
      readonly clock: () => EpochMs;
      readonly onConflated: () => void;
    },
  ) {
    this.#states = new SourceStates([parts.marketId]);
  }

  get isUrgent(): boolean {
    return this.#states.isSnapshotDue || this.#states.isStaleDue;
  }

  get failure(): AppError | null {
    return this.#states.failure;
  }

  receive(message: OrderBookMessage): void {
    this.#states.note(this.parts.marketId, message);
    if (message.kind !== 'data') return;
    this.#book = message.data;
    if (this.#hasChanged) this.parts.onConflated();
    this.#hasChanged = true;
  }

  take(): Draft<Body> | null {
    const book = this.#book;
    if (this.#states.isSnapshotDue && book !== null) {
      this.#states.tellSnapshot();
      this.#hasChanged = false;
      this.#told = this.#viewOf(book);
      return { kind: 'SNAPSHOT', reason: null, body: this.#body(this.#told) };
    }
    if (this.#states.isStaleDue) {
      const { reason } = this.#states.tellStale();
      return { kind: 'STALE', reason, body: this.#body({ bids: [], asks: [] }) };
    }
    if (!this.#states.hasOpened || !this.#hasChanged || book === null) return null;
    return this.#takeDifference(book);
  }

  #takeDifference(book: OrderBook): Draft<Body> | null {
    this.#hasChanged = false;
    const view = this.#viewOf(book);
    const bids = differenceOf('bids', this.#told.bids, view.bids);
    const asks = differenceOf('asks', this.#told.asks, view.asks);
    this.#told = view;
    // A change below the asked depth is none for this reader.
    if (bids.length + asks.length === 0) return null;
    return { kind: 'UPDATE', reason: null, body: this.#body({ bids, asks }) };
  }

  #viewOf(book: OrderBook): View {
    return { bids: book.bids.slice(0, this.parts.depth), asks: book.asks.slice(0, this.parts.depth) };
  }

  #body({ bids, asks }: View): Body {
    const book = this.#book;
    return {
      marketId: this.parts.marketId,
      bids,
      asks,
      nonce: book?.nonce ?? null,
      exchangeTime: book?.exchangeTime ?? null,
      receivedTime: book?.receivedTime ?? this.parts.clock(),
    };
  }
}
