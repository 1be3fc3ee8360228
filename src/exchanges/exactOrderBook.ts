import { readList, readRecord } from './readNumbers';
import { ExactBookSide } from './exactBookSide';

/**
 * Takes the place of ccxt's live book (its factory `orderBook()` is overridden to make one of these).
 * ccxt's own keeps prices and amounts as floats, whatever `number` is set to; this one keeps every digit.
 * The members are those through which ccxt's handlers work on a book; the sequence rules stay ccxt's.
 */
export class ExactOrderBook {
  readonly bids = new ExactBookSide('bids');
  readonly asks = new ExactBookSide('asks');
  /** Deltas that came before the snapshot. */
  cache: unknown[] = [];
  nonce: number | undefined;
  timestamp: number | undefined;
  datetime: string | undefined;
  symbol: string | undefined;

  /** Starts from a REST snapshot. One that is older than the book is ignored: a slow answer must not turn back time. */
  reset(snapshot: unknown): this {
    const { bids, asks, nonce, timestamp, symbol } = readRecord(snapshot, 'snapshot');
    if (typeof nonce === 'number' && this.nonce !== undefined && nonce < this.nonce) return this;
    this.bids.clear();
    this.asks.clear();
    for (const level of readList(bids, 'bids')) this.bids.storeArray(level);
    for (const level of readList(asks, 'asks')) this.asks.storeArray(level);
    this.nonce = typeof nonce === 'number' ? nonce : undefined;
    this.timestamp = typeof timestamp === 'number' ? timestamp : undefined;
    this.symbol = typeof symbol === 'string' ? symbol : undefined;
    return this;
  }

  /** ccxt trims its books to the asked depth here; ours are bounded by their sides. */
  limit(): this {
    return this;
  }
}
