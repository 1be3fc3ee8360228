import type { LoadReport } from './orders';
import type { ReaderGroup } from './readerGroup';
import { noTally, type Tally } from './tally';

const maxOutstanding = 3;
const drainTimeoutMs = 60_000;

/**
 * Publishes bursts (one event of each market in one turn) as fast as readers take them. A burst is done when every
 * reader has it or something newer of each market: a server may leave out what is outdated, and is not waited for.
 */
export async function runClosedLoop(group: ReaderGroup, durationMs: number): Promise<LoadReport> {
  const loop = new ClosedLoop(group, durationMs);
  group.count(loop);
  try {
    await group.orFailure(loop.run());
  } finally {
    group.count(noTally);
  }
  return { messages: loop.messages, bytes: loop.bytes, latency: null, resumed: null };
}

class ClosedLoop implements Tally {
  messages = 0;
  bytes = 0;
  /** What each reader has of each market. */
  readonly #seen: Uint32Array;
  /** Events that have not arrived, a place for each burst that may be outstanding. */
  readonly #missing = new Uint32Array(maxOutstanding + 1);
  readonly #markets: number;
  #outstanding = 0;
  #endsAtMs = 0;
  #onDrained: () => void = () => undefined;

  constructor(
    private readonly group: ReaderGroup,
    private readonly durationMs: number,
  ) {
    this.#markets = group.order.markets;
    this.#seen = new Uint32Array(group.readerCount * this.#markets).fill(group.sequence);
  }

  run(): Promise<void> {
    this.#endsAtMs = performance.now() + this.durationMs;
    return new Promise((resolve, reject) => {
      const impatience = setTimeout(() => {
        reject(new Error(`${this.group.order.kind}: events are missing: ${this.#missing.join(', ')}`));
      }, this.durationMs + drainTimeoutMs);
      this.#onDrained = () => {
        clearTimeout(impatience);
        resolve();
      };
      for (let burst = 0; burst < maxOutstanding; burst += 1) this.#publish();
    });
  }

  receive(reader: number, market: number, sequence: number, bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
    const place = reader * this.#markets + market;
    for (let burst = (this.#seen[place] ?? 0) + 1; burst <= sequence; burst += 1) this.#countOff(burst);
    this.#seen[place] = Math.max(this.#seen[place] ?? 0, sequence);
  }

  #publish(): void {
    const burst = this.group.publish(null);
    this.#missing[burst % this.#missing.length] = this.#seen.length;
    this.#outstanding += 1;
  }

  #countOff(burst: number): void {
    const place = burst % this.#missing.length;
    const missing = (this.#missing[place] ?? 0) - 1;
    this.#missing[place] = missing;
    if (missing > 0) return;
    this.#outstanding -= 1;
    if (performance.now() < this.#endsAtMs) this.#publish();
    else if (this.#outstanding === 0) this.#onDrained();
  }
}
