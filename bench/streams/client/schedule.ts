const remembered = 65_536;

/** When events were due, over all open loops of a group: an event may be read long after its loop has ended. */
export class Schedule {
  readonly #dueAtMs = new Float64Array(remembered);
  /** When the next event of the same market was due: from then on an event is outdated. */
  readonly #supersededAtMs = new Float64Array(remembered);
  readonly #newestOf = new Map<number, number>();

  note(market: number, sequence: number, dueAtMs: number): void {
    const before = this.#newestOf.get(market);
    if (before !== undefined) this.#supersededAtMs[before % remembered] = dueAtMs;
    this.#newestOf.set(market, sequence);
    this.#dueAtMs[sequence % remembered] = dueAtMs;
    this.#supersededAtMs[sequence % remembered] = Number.POSITIVE_INFINITY;
  }

  ageOf(sequence: number, nowMs: number): number {
    return nowMs - (this.#dueAtMs[sequence % remembered] ?? nowMs);
  }

  /** For how long there has been a newer event of its market; negative where there is none. */
  outdatedMs(sequence: number, nowMs: number): number {
    return nowMs - (this.#supersededAtMs[sequence % remembered] ?? nowMs);
  }
}
