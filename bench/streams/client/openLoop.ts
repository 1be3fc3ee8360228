import { Latencies } from './latencies';
import type { LoadOrder, LoadReport } from './orders';
import type { ReaderGroup } from './readerGroup';
import { Resumption } from './resumption';
import { noTally, type Tally } from './tally';

/** What is still under way when the last event was published has so long to arrive. */
const settleMs = 150;
const remembered = 65_536;

/** Where events were due, over all open loops of a group: an event may be read long after its loop has ended. */
export class Schedule {
  readonly #dueAtMs = new Float64Array(remembered);

  note(sequence: number, dueAtMs: number): void {
    this.#dueAtMs[sequence % remembered] = dueAtMs;
  }

  ageOf(sequence: number, nowMs: number): number {
    return nowMs - (this.#dueAtMs[sequence % remembered] ?? nowMs);
  }
}

export interface OpenLoopParts {
  readonly group: ReaderGroup;
  readonly schedule: Schedule;
  /** The first so many readers are those who stopped reading. */
  readonly stalledReaders: number;
}

/** Publishes an event of one market after the other at a steady rate, whatever the readers do. */
export async function runOpenLoop(parts: OpenLoopParts, order: LoadOrder): Promise<LoadReport> {
  const { group, stalledReaders } = parts;
  const loop = new OpenLoop(parts, order);
  group.count(loop);
  if (order.isResuming === true) group.resume(stalledReaders);
  try {
    await group.orFailure(loop.run());
  } finally {
    group.count(noTally);
  }
  return loop.report();
}

class OpenLoop implements Tally {
  #messages = 0;
  #bytes = 0;
  readonly #latencies = new Latencies();
  readonly #resumption: Resumption | null;

  constructor(
    private readonly parts: OpenLoopParts,
    private readonly order: LoadOrder,
  ) {
    const aSecond = order.updatesPerSecond ?? 0;
    this.#resumption = order.isResuming === true ? new Resumption(performance.now(), aSecond) : null;
  }

  /** Never sleeps: a timer's wake-up would be late, and the server would pay for it. */
  run(): Promise<void> {
    const { group, schedule } = this.parts;
    const startedAtMs = performance.now();
    const stepMs = 1000 / (this.order.updatesPerSecond ?? 0);
    const count = Math.floor(this.order.durationMs / stepMs);
    let published = 0;
    return new Promise((resolve) => {
      const step = (): void => {
        const nowMs = performance.now();
        for (; published < count && startedAtMs + published * stepMs <= nowMs; published += 1) {
          schedule.note(group.sequence + 1, startedAtMs + published * stepMs);
          group.publish(published % group.order.markets);
        }
        if (nowMs < startedAtMs + this.order.durationMs + settleMs) setImmediate(step);
        else resolve();
      };
      step();
    });
  }

  receive(reader: number, _market: number, sequence: number, bytes: number): void {
    const ageMs = this.parts.schedule.ageOf(sequence, performance.now());
    this.#messages += 1;
    this.#bytes += bytes;
    if (reader >= this.parts.stalledReaders) this.#latencies.add(ageMs);
    else this.#resumption?.receive(reader, { sequence, ageMs, bytes });
  }

  report(): LoadReport {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      latency: { medianMs: this.#latencies.within(0.5), p99Ms: this.#latencies.within(0.99) },
      resumed: this.#resumption?.report() ?? null,
    };
  }
}
