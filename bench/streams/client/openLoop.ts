import { Latencies } from './latencies';
import type { LoadOrder, LoadReport } from './orders';
import type { ReaderGroup } from './readerGroup';
import { Resumption } from './resumption';
import type { Schedule } from './schedule';
import { noTally, type Tally } from './tally';

/** What is still under way when the last event was published has so long to arrive. */
const settleMs = 150;
export interface OpenLoopParts {
  readonly group: ReaderGroup;
  readonly schedule: Schedule;
}

/** Publishes an event of one market after the other at a steady rate, whatever the readers do. */
export async function runOpenLoop(parts: OpenLoopParts, order: LoadOrder): Promise<LoadReport> {
  const { group } = parts;
  const loop = new OpenLoop(parts, order);
  group.count(loop);
  if (order.isResuming === true) group.resume(order.unmeasuredReaders ?? 0);
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
  readonly #unmeasuredReaders: number;

  constructor(
    private readonly parts: OpenLoopParts,
    private readonly order: LoadOrder,
  ) {
    this.#resumption = order.isResuming === true ? new Resumption(performance.now()) : null;
    this.#unmeasuredReaders = order.unmeasuredReaders ?? 0;
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
          const market = published % group.order.markets;
          schedule.note(market, group.sequence + 1, startedAtMs + published * stepMs);
          group.publish(market);
        }
        if (nowMs < startedAtMs + this.order.durationMs + settleMs) setImmediate(step);
        else resolve();
      };
      step();
    });
  }

  receive(reader: number, _market: number, sequence: number, bytes: number): void {
    const { schedule } = this.parts;
    const nowMs = performance.now();
    this.#messages += 1;
    this.#bytes += bytes;
    if (reader >= this.#unmeasuredReaders) this.#latencies.add(schedule.ageOf(sequence, nowMs));
    else this.#resumption?.receive(reader, { outdatedMs: schedule.outdatedMs(sequence, nowMs), bytes, nowMs });
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
