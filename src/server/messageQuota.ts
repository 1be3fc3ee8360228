const minuteMs = 60_000;

/** Counts the messages of one socket by the minute. */
export class MessageQuota {
  #windowStart = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** True where this message is one too many. */
  take(now: number, max: number): boolean {
    if (now - this.#windowStart >= minuteMs) {
      this.#windowStart = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > max;
  }
}
