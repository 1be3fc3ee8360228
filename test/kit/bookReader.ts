import { compareDecimals } from '../../src/domain/compareDecimals';
import type { DecimalString } from '../../src/domain/decimal';
import type { PriceLevel } from '../../src/domain/marketData';
import type { OrderBookEvent } from '../../src/streams/streamEvents';

type Side = Map<DecimalString, DecimalString>;

/** A client's book: what a reader of the stream knows after each event, by nothing but the contract of SNAPSHOT and UPDATE. */
export class BookReader {
  readonly #bids: Side = new Map();
  readonly #asks: Side = new Map();
  nonce: string | null = null;

  apply(event: OrderBookEvent): void {
    if (event.meta.kind === 'STALE') return;
    if (event.meta.kind === 'SNAPSHOT') {
      this.#bids.clear();
      this.#asks.clear();
    }
    put(this.#bids, event.bids);
    put(this.#asks, event.asks);
    this.nonce = event.nonce;
  }

  bids(depth: number): readonly (readonly [string, string])[] {
    return [...this.#bids].toSorted(([a], [b]) => compareDecimals(b, a)).slice(0, depth);
  }

  asks(depth: number): readonly (readonly [string, string])[] {
    return [...this.#asks].toSorted(([a], [b]) => compareDecimals(a, b)).slice(0, depth);
  }

  get isCrossed(): boolean {
    const [firstBid] = this.#bids.keys();
    const [firstAsk] = this.#asks.keys();
    if (firstBid === undefined || firstAsk === undefined) return false;
    let bid = firstBid;
    let ask = firstAsk;
    for (const price of this.#bids.keys()) if (compareDecimals(price, bid) > 0) bid = price;
    for (const price of this.#asks.keys()) if (compareDecimals(price, ask) < 0) ask = price;
    return compareDecimals(bid, ask) >= 0;
  }
}

function put(side: Side, levels: readonly PriceLevel[]): void {
  for (const { price, amount } of levels) {
    if (amount === '0') side.delete(price);
    else side.set(price, amount);
  }
}
