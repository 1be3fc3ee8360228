import { toText } from '../report/numbers';
import type { Window } from '../rig';
import { serverNames, type ServerKind } from '../server/serverKind';
import { quartilesOf } from '../statistics';
import type { Figure, Row, RowContext } from './row';

const MB = 1_048_576;

interface StallLoad {
  readonly kind: ServerKind;
  readonly stalled: number;
  readonly others: number;
  readonly markets: number;
  readonly updatesPerSecond: number;
}

interface StallOutcome {
  readonly load: StallLoad;
  readonly heapGrowthMB: number;
  readonly before: Window;
  readonly during: Window;
  readonly after: Window;
}

/** Some readers stop reading their sockets, as a laptop does whose lid is shut; then they read again. */
async function stall({ rig, effort, tell }: RowContext, load: StallLoad): Promise<StallOutcome> {
  const { kind, stalled, others, markets, updatesPerSecond } = load;
  const [beforeMs, stallMs, afterMs] = effort.isQuick ? [1_500, 5_000, 1_000] : [10_000, 30_000, 3_000];
  tell(`${stalled} stalled readers: ${serverNames[kind]}`);
  await rig.connect(kind, { readers: stalled + others, markets });
  await rig.closedLoop(kind, effort.warmUpMs);
  const before = await rig.openLoop({ kind, durationMs: beforeMs, updatesPerSecond });
  const heapBefore = await rig.usage(kind, true);
  await rig.stall(kind, stalled);
  const during = await rig.openLoop({ kind, durationMs: stallMs, updatesPerSecond });
  const heapAfter = await rig.usage(kind, true);
  const after = await rig.openLoop({ kind, durationMs: afterMs, updatesPerSecond, isResuming: true });
  await rig.disconnect(kind);
  return { load, heapGrowthMB: (heapAfter.heapBytes - heapBefore.heapBytes) / MB, before, during, after };
}

function figuresOf(outcome: StallOutcome, isStretch: boolean): readonly Figure[] {
  const { before, during, after, load, heapGrowthMB } = outcome;
  const figure = (name: string, unit: string, bound: number, value: number): Figure => ({
    row: '8',
    name: `${load.stalled} stalled readers: ${name}`,
    unit,
    goal: isStretch ? null : bound,
    stretch: isStretch ? bound : null,
    measured: quartilesOf([value]),
  });
  // The first event sent after resuming may be fresh while old ones are still being read: the later of both counts.
  const age = Math.max(after.resumed?.firstAgeMs ?? Number.NaN, after.resumed?.staleForMs ?? Number.NaN);
  return [
    figure('heap growth', 'MB', 2, heapGrowthMB),
    figure('age of data after resume', 'ms', 100, age),
    figure('p99 of the others, to before', '×', 1.2, p99Of(during) / p99Of(before)),
  ];
}

function noteOf({ load, heapGrowthMB, before, during, after }: StallOutcome): string {
  const { firstAgeMs = Number.NaN, staleForMs = Number.NaN, staleBytes = Number.NaN } = after.resumed ?? {};
  return (
    `${load.stalled} stalled readers, ${serverNames[load.kind]} (${load.markets} markets, ${load.updatesPerSecond} updates/s): ` +
    `heap ${toText(heapGrowthMB)} MB more; p99 of the others ${toText(p99Of(before))} ms before, ${toText(p99Of(during))} ms during; ` +
    `after resume the first event that was not under way is ${toText(firstAgeMs)} ms old, the last event older than 100 ms is read after ${toText(staleForMs)} ms, ` +
    `${toText(staleBytes / 1024)} kB of them a reader`
  );
}

function p99Of({ latency }: Window): number {
  return latency?.p99Ms ?? Number.NaN;
}

export const stalledReaders: Row = {
  ids: ['8'],
  title: 'stalled readers',
  async run(context) {
    const feed = { markets: 50, updatesPerSecond: 600, stalled: 20, others: 100 };
    const raw = context.effort.isQuick ? [] : [await stall(context, { ...feed, kind: 'raw' })];
    const ours = await stall(context, { ...feed, kind: 'tickgate' });
    // One market for a thousand: what the raw server would keep for them otherwise is more than a machine has.
    const many = { kind: 'tickgate', stalled: 1_000, others: 100, markets: 1, updatesPerSecond: 100 } as const;
    const oursWithMany = await stall(context, many);
    return {
      figures: [...figuresOf(ours, false), ...figuresOf(oursWithMany, true)],
      comparisons: [],
      notes: [...raw, ours, oursWithMany].map(noteOf),
    };
  },
};
