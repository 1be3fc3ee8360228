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

/** One order book: only the newest is kept, and told as the difference to what was told last. */
export class OrderBookInbox implements Inbox<Body> {
  readonly toldItems = 0;
  readonly #states: SourceStates;
  #book: OrderBook | null = null;
  #toldBook: OrderBook | null = null;
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
    if (message.kind === 'stale') {
      this.#book ??= message.last;
      // What an interval held back is from before the silence: the SNAPSHOT after it will have it.
      this.#hasChanged = false;
    }
    if (message.kind !== 'data') return;
    this.#book = message.data;
    if (this.#hasChanged) this.parts.onConflated();
    this.#hasChanged = true;
  }

  take(seq: number): Draft<Body> | null {
    const book = this.#book;
    if (this.#states.isSnapshotDue && book !== null) {
      this.#states.tellSnapshot(seq);
      this.#tell(book, this.#viewOf(book));
      return this.#snapshot();
    }
    if (this.#states.isStaleDue) return this.#staleDraft(this.#states.tellStale(seq).reason);
    if (!this.#states.hasOpened || !this.#hasChanged || book === null) return null;
    return this.#takeDifference(book);
  }

  /** What was told, not what has come since: the updates that follow are differences to it. */
  opening(): readonly Draft<Body>[] {
    const { toldStale, hasToldLive } = this.#states;
    if (toldStale !== null) return [this.#staleDraft(toldStale.reason)];
    return hasToldLive ? [this.#snapshot()] : [];
  }

  /** Differences that were missed cannot be left out: the whole book again. */
  since(): readonly Draft<Body>[] {
    return this.opening();
  }

  #takeDifference(book: OrderBook): Draft<Body> | null {
    const before = this.#told;
    const view = this.#viewOf(book);
    this.#tell(book, view);
    const bids = differenceOf('bids', before.bids, view.bids);
    const asks = differenceOf('asks', before.asks, view.asks);
    // A change below the asked depth is none for these readers.
    if (bids.length + asks.length === 0) return null;
    return { kind: 'UPDATE', reason: null, body: this.#body(book, { bids, asks }) };
  }

  #tell(book: OrderBook, view: View): void {
    this.#hasChanged = false;
    this.#toldBook = book;
    this.#told = view;
  }

  #snapshot(): Draft<Body> {
    return { kind: 'SNAPSHOT', reason: null, body: this.#body(this.#toldBook, this.#told) };
  }

  #staleDraft(reason: string): Draft<Body> {
    return { kind: 'STALE', reason, body: this.#body(this.#book, { bids: [], asks: [] }) };
  }

  #viewOf(book: OrderBook): View {
    return { bids: book.bids.slice(0, this.parts.depth), asks: book.asks.slice(0, this.parts.depth) };
  }

  #body(book: OrderBook | null, { bids, asks }: View): Body {
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
