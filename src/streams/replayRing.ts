export interface RingBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

interface Entry<Payload> {
  readonly seq: number;
  readonly payload: Payload;
}

/** The latest payloads of a group, as they were sent, for those who come back. Bounded by number and by size. */
export class ReplayRing<Payload extends { readonly byteLength: number }> {
  #entries: Entry<Payload>[] = [];
  /** Entries before this index are gone; the array is cut in large steps. */
  #first = 0;
  #bytes = 0;
  /** Of all events after this one the payload is here. */
  #heldAfter: number;

  constructor(
    private readonly bounds: RingBounds,
    startsAfter: number,
  ) {
    this.#heldAfter = startsAfter;
  }

  push(seq: number, payload: Payload): void {
    this.#entries.push({ seq, payload });
    this.#bytes += payload.byteLength;
    const { maxEntries, maxBytes } = this.bounds;
    while (this.#entries.length - this.#first > maxEntries || this.#bytes > maxBytes) this.#dropOldest();
    // Once more is dropped than held: what is dropped must not stay in memory, and not each one should move all others.
    if (this.#first > this.#entries.length - this.#first) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  /** True where no event after this one is missing. */
  holdsAfter(seq: number): boolean {
    return seq >= this.#heldAfter;
  }

  /** The payloads after this event, oldest first; null where one of them is gone. */
  after(seq: number): readonly Payload[] | null {
    if (!this.holdsAfter(seq)) return null;
    const from = this.#entries.findIndex((entry, index) => index >= this.#first && entry.seq > seq);
    return from < 0 ? [] : this.#entries.slice(from).map(({ payload }) => payload);
  }

  #dropOldest(): void {
    const oldest = this.#entries[this.#first];
    if (oldest === undefined) return;
    this.#heldAfter = oldest.seq;
    this.#bytes -= oldest.payload.byteLength;
    this.#first += 1;
  }
}
