import { BadMarketData } from '../badMarketData';
import { readOrderBook } from '../readOrderBook';
import type { LoopFailure } from '../watchLoop';
import type { ChannelHandler, ChannelParts, HandledSource } from './channelHandler';

/** Levels a side that readers can ask for. ccxt synchronises 1,000; what is deeper is not known for sure. */
export const maxBookDepth = 500;

/** The order book: ccxt synchronises it, we copy it, and refuse one that breaks its own rules. */
export class OrderBookChannel implements ChannelHandler {
  readonly sources: readonly HandledSource[];
  #lastNonce: string | null = null;

  constructor(private readonly parts: ChannelParts) {
    const { exchange, market } = parts;
    this.sources = [
      {
        watch: () => exchange.watchOrderBook(market.symbol),
        unwatch: () => exchange.unWatchOrderBook(market.symbol),
        onData: (data) => {
          this.#receive(data);
        },
      },
    ];
  }

  /** ccxt fetches the snapshot itself. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }

  interrupted(): void {
    this.#lastNonce = null;
  }

  failed(failure: LoopFailure): void {
    if (failure !== 'gap') return;
    this.#lastNonce = null;
    this.parts.emit({ type: 'gap' });
  }

  stop(): void {
    // Holds no timer.
  }

  #receive(data: unknown): void {
    const { exchange, market, clock } = this.parts;
    const reading = { marketId: market.id, depth: maxBookDepth, receivedTime: clock() };
    try {
      const book = readOrderBook(data, reading);
      if (book.nonce !== null && book.nonce === this.#lastNonce) return;
      this.#lastNonce = book.nonce;
      this.parts.emit({ type: 'orderBook', book });
    } catch (error) {
      if (!(error instanceof BadMarketData)) throw error;
      this.failed('gap');
      // ccxt believes in this book: only ending the subscription makes it ask for a new snapshot.
      exchange.unWatchOrderBook(market.symbol).catch(() => undefined);
      throw error;
    }
  }
}
