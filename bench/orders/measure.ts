import { performance } from 'node:perf_hooks';

/** Something that is measured, against others in the same run. */
export interface Subject {
  readonly name: string;
  /** Once, from the request to the answer. */
  readonly once: () => Promise<void>;
}

export interface Figures {
  readonly name: string;
  /** Milliseconds of one after the other. */
  readonly p50: number;
  readonly p99: number;
  /** With many at once. */
  readonly perSecond: number;
}

export interface Effort {
  readonly warmUps: number;
  readonly rounds: number;
  readonly lanes: number;
  readonly windowMs: number;
}

/** Latency in interleaved rounds, so that a busy moment of the machine falls on all alike; then, in turn, how many a second. */
export async function measure(subjects: readonly Subject[], effort: Effort): Promise<readonly Figures[]> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -effort.warmUps; round < effort.rounds; round += 1) {
    for (const { name, once } of subjects) {
      const startedAt = performance.now();
      await once();
      if (round >= 0) times.get(name)?.push(performance.now() - startedAt);
    }
  }
  const figures: Figures[] = [];
  for (const subject of subjects) {
    const sorted = (times.get(subject.name) ?? []).sort((a, b) => a - b);
    const perSecond = await throughput(subject, effort);
    figures.push({ name: subject.name, p50: at(sorted, 0.5), p99: at(sorted, 0.99), perSecond });
  }
  return figures;
}

async function throughput({ once }: Subject, { lanes, windowMs }: Effort): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - startedAt < windowMs) {
      await once();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (done / (performance.now() - startedAt)) * 1_000;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
