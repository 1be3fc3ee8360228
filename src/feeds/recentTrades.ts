import type { PublicTrade } from '../domain/marketData';

/** The latest trades of one market, for whoever asks or joins. */
export class RecentTrades {
  #trades: PublicTrade[] = [];

  constructor(private readonly capacity: number) {}

  add(trades: readonly PublicTrade[]): void {
    this.#trades.push(...trades);
    // Twice the capacity before a cut: not one copy a trade.
    if (this.#trades.length > 2 * this.capacity) this.#trades = this.#trades.slice(-this.capacity);
  }

  /** Oldest first. */
  latest(): readonly PublicTrade[] {
    return this.#trades.slice(-this.capacity);
  }
}
