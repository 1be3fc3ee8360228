const bucketMs = 0.05;
const bucketCount = 200_000;

/** Counts times in buckets of 0.05 ms, up to ten seconds. */
export class Latencies {
  readonly #buckets = new Uint32Array(bucketCount);
  #count = 0;

  add(ms: number): void {
    const bucket = Math.min(bucketCount - 1, Math.max(0, Math.floor(ms / bucketMs)));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  /** The time within which such a share arrived; NaN of nothing. */
  within(share: number): number {
    let counted = 0;
    const wanted = this.#count * share;
    for (let bucket = 0; this.#count > 0 && bucket < bucketCount; bucket += 1) {
      counted += this.#buckets[bucket] ?? 0;
      if (counted >= wanted) return (bucket + 1) * bucketMs;
    }
    return Number.NaN;
  }
}
