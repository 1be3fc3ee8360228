import type { EpochMs, FeedHealth } from '../domain/marketData';

export interface FeedCounters {
  gaps: number;
  resyncs: number;
  reconnects: number;
}

/** What one open feed says of itself. */
export interface FeedVitals {
  readonly lastEventAt: EpochMs | null;
  readonly aliveAt: EpochMs | null;
  readonly isStale: boolean;
  /** There is no such market. */
  readonly isRefused: boolean;
}

/**
 * Health of the feeds of every market: vitals live as long as a feed is open, counters as long as the process.
 * Of an id that never was a market nothing is kept, or whoever makes up ids while an exchange is down would fill the memory.
 */
export class MarketHealth {
  readonly #counters = new Map<string, FeedCounters>();
  readonly #open = new Map<string, Set<() => FeedVitals>>();
  readonly #lastEventAt = new Map<string, EpochMs>();

  counters(marketId: string): FeedCounters {
    const known = this.#counters.get(marketId);
    if (known !== undefined) return known;
    const fresh = { gaps: 0, resyncs: 0, reconnects: 0 };
    this.#counters.set(marketId, fresh);
    return fresh;
  }

  /** A feed of this market is open. The answer says that it is closed. */
  register(marketId: string, vitals: () => FeedVitals): () => void {
    const open = this.#open.get(marketId) ?? new Set();
    this.#open.set(marketId, open.add(vitals));
    return () => {
      const { lastEventAt, isRefused } = vitals();
      if (lastEventAt !== null) this.#lastEventAt.set(marketId, lastEventAt);
      open.delete(vitals);
      if (open.size > 0) return;
      this.#open.delete(marketId);
      const isKnown = this.#lastEventAt.has(marketId);
      if (!isKnown && (isRefused || this.#isUntouched(marketId))) this.#counters.delete(marketId);
    };
  }

  #isUntouched(marketId: string): boolean {
    const { gaps, resyncs, reconnects } = this.counters(marketId);
    return gaps + resyncs + reconnects === 0;
  }

  /** Stale where any open feed of the market is; `aliveAt` is the one that has been silent longest. A market without a feed is not stale. */
  read(marketId: string): FeedHealth {
    const counters = this.#counters.get(marketId) ?? { gaps: 0, resyncs: 0, reconnects: 0 };
    const vitals = [...(this.#open.get(marketId) ?? [])].map((read) => read());
    const events = [...vitals.map((one) => one.lastEventAt), this.#lastEventAt.get(marketId) ?? null].filter(
      (time) => time !== null,
    );
    const alive = vitals.map((one) => one.aliveAt).filter((time) => time !== null);
    return {
      lastEventAt: events.length === 0 ? null : Math.max(...events),
      aliveAt: alive.length === 0 ? null : Math.min(...alive),
      stale: vitals.some((one) => one.isStale),
      ...counters,
    };
  }
}
