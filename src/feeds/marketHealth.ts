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
}

/** Health of the feeds of every market: counters live as long as the process, vitals as long as a feed is open. */
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
      const { lastEventAt } = vitals();
      if (lastEventAt !== null) this.#lastEventAt.set(marketId, lastEventAt);
      open.delete(vitals);
      if (open.size === 0) this.#open.delete(marketId);
    };
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
