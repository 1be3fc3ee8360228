import type { Rate } from './limits';

/**
 * Counts calls in a sliding window. `take` looks and reserves in one indivisible step, because a limiter that
 * reads, waits and then writes lets every concurrent call through.
 * It returns the times (epoch ms, oldest first) of the calls already counted: fewer than `rate.max` means that
 * this call was counted as well and may run; otherwise it was not counted.
 */
export interface Reservations {
  take(key: string, rate: Rate): Promise<readonly number[]>;
}

interface Entry {
  readonly times: readonly number[];
  readonly windowMs: number;
}

/**
 * Reservations of one process. Idle identities are forgotten. Memory is bounded by `maxIdentities`: while so many are
 * active at once, a new one is treated as having used up its rate, because forgetting an active one would open its limit.
 */
export class MemoryReservations implements Reservations {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly parts: { readonly clock: () => number; readonly maxIdentities: number }) {}

  take(key: string, rate: Rate): Promise<readonly number[]> {
    const now = this.parts.clock();
    this.#sweep(now);
    const known = this.#entries.get(key);
    if (known === undefined && this.#entries.size >= this.parts.maxIdentities) {
      return Promise.resolve(new Array<number>(rate.max).fill(now));
    }
    const counted = (known?.times ?? []).filter((time) => time + rate.windowMs > now);
    this.#keep(key, { times: counted.length < rate.max ? [...counted, now] : counted, windowMs: rate.windowMs });
    return Promise.resolve(counted);
  }

  /** What is counted for a key by all who share a limit: instead of what was known here. Where there is no room, nothing is kept. */
  learn(key: string, times: readonly number[], windowMs: number): void {
    this.#sweep(this.parts.clock());
    if (this.#entries.has(key) || this.#entries.size < this.parts.maxIdentities) this.#keep(key, { times, windowMs });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Re-inserting keeps the map in the order of last use, so that the idle ones are found at its front. */
  #keep(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #sweep(now: number): void {
    for (const [key, entry] of this.#entries) {
      const newest = entry.times.at(-1) ?? 0;
      if (newest + entry.windowMs > now) return;
      this.#entries.delete(key);
    }
  }
}
