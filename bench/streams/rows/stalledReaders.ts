import { quartilesText } from '../report/numbers';
import type { Window } from '../rig';
import { serverNames, type ServerKind } from '../server/serverKind';
import { quartilesOf, type Quartiles } from '../statistics';
import type { Figure, Row, RowContext } from './row';

const MB = 1_048_576;

interface StallLoad {
  readonly stalled: number;
  readonly others: number;
  readonly markets: number;
  readonly updatesPerSecond: number;
}

/** How long each part of a cycle takes. */
interface CycleTimes {
  readonly cycles: number;
  readonly windowMs: number;
  /** Windows in which everybody reads: so many before the stall and so many after it. */
  readonly calmWindows: number;
  readonly stalledWindows: number;
  readonly resumeMs: number;
}

const wholeTimes: CycleTimes = { cycles: 3, windowMs: 5_000, calmWindows: 1, stalledWindows: 6, resumeMs: 3_000 };
const quickTimes: CycleTimes = { cycles: 3, windowMs: 1_000, calmWindows: 1, stalledWindows: 3, resumeMs: 1_000 };

interface Cycle {
  readonly heapGrowthMB: number;
  /** Of those who never stop, with and without the stall: medians of windows of one length. */
  readonly calmP99Ms: number;
  readonly stalledP99Ms: number;
  readonly outdatedForMs: number;
  readonly outdatedKB: number;
}

/**
 * Some readers stop reading their sockets, as a laptop does whose lid is shut; then they read again. The heap is compared with
 * that of the same server, as warm, before they stopped, both after a collection; the latency of the others with theirs right before and
 * right after.
 */
async function runCycle(
  { rig }: RowContext,
  { kind, load, times }: { readonly kind: ServerKind; readonly load: StallLoad; readonly times: CycleTimes },
): Promise<Cycle> {
  const order = { kind, updatesPerSecond: load.updatesPerSecond, unmeasuredReaders: load.stalled };
  const windows = async (count: number): Promise<Window[]> => {
    const taken: Window[] = [];
    while (taken.length < count) taken.push(await rig.openLoop({ ...order, durationMs: times.windowMs }));
    return taken;
  };
  const before = await windows(times.calmWindows);
  const { heapBytes: calmHeapBytes } = await rig.usage(kind, true);
  await rig.stall(kind, load.stalled);
  const during = await windows(times.stalledWindows);
  const { heapBytes: stalledHeapBytes } = await rig.usage(kind, true);
  const { resumed } = await rig.openLoop({ ...order, durationMs: times.resumeMs, isResuming: true });
  const after = await windows(times.calmWindows);
  return {
    heapGrowthMB: (stalledHeapBytes - calmHeapBytes) / MB,
    calmP99Ms: medianP99Of([...before, ...after]),
    stalledP99Ms: medianP99Of(during),
    outdatedForMs: resumed?.outdatedForMs ?? Number.NaN,
    outdatedKB: (resumed?.outdatedBytes ?? Number.NaN) / 1_024,
  };
}

/** Of the windows that no other process disturbed, where there is one. */
function medianP99Of(windows: readonly Window[]): number {
  const quiet = windows.filter(({ isQuiet }) => isQuiet);
  const counted = quiet.length === 0 ? windows : quiet;
  return quartilesOf(counted.map(({ latency }) => latency?.p99Ms ?? Number.NaN))?.median ?? Number.NaN;
}

/** Cycles of several servers in turn, so that a slow moment of the machine meets all alike. */
async function runCycles(
  context: RowContext,
  load: StallLoad,
  kinds: readonly ServerKind[],
): Promise<readonly Outcome[]> {
  const { rig, effort, tell } = context;
  const times = effort.isQuick ? quickTimes : wholeTimes;
  for (const kind of kinds) {
    await rig.connect(kind, { readers: load.stalled + load.others, markets: load.markets });
    // What is held for those who come back fills up here, and not while readers stall.
    await rig.closedLoop(kind, effort.warmUpMs * 2);
  }
  const outcomes = kinds.map((kind) => ({ kind, load, cycles: [] as Cycle[] }));
  for (let cycle = 0; cycle < times.cycles; cycle += 1) {
    for (const { kind, cycles } of outcomes) {
      tell(`${load.stalled} stalled readers: ${serverNames[kind]}, cycle ${cycle + 1} of ${times.cycles}`);
      cycles.push(await runCycle(context, { kind, load, times }));
    }
  }
  for (const kind of kinds) await rig.disconnect(kind);
  return outcomes;
}

interface Outcome {
  readonly kind: ServerKind;
  readonly load: StallLoad;
  readonly cycles: readonly Cycle[];
}

type Bound = 'goal' | 'stretch' | 'none';

function figuresOf({ kind, load, cycles }: Outcome, bound: Bound): readonly Figure[] {
  const who = `${load.stalled} stalled readers${kind === 'tickgate' ? '' : `, ${serverNames[kind]}`}`;
  const figure = (name: string, unit: string, most: number, read: (cycle: Cycle) => number): Figure => ({
    row: '8',
    name: `${who}: ${name}`,
    unit,
    goal: bound === 'goal' ? most : null,
    stretch: bound === 'stretch' ? most : null,
    measured: quartilesOf(cycles.map(read)),
  });
  return [
    figure('heap growth', 'MB', 2, ({ heapGrowthMB }) => heapGrowthMB),
    figure('outdated events after resume, for', 'ms', 100, ({ outdatedForMs }) => outdatedForMs),
    figure(
      'p99 of the others, to theirs without the stall',
      '×',
      1.2,
      ({ stalledP99Ms, calmP99Ms }) => stalledP99Ms / calmP99Ms,
    ),
  ];
}

function noteOf({ kind, load, cycles }: Outcome): string {
  const text = (read: (cycle: Cycle) => number): string => {
    const quartiles: Quartiles | null = quartilesOf(cycles.map(read));
    return quartiles === null ? 'not measured' : quartilesText(quartiles);
  };
  return (
    `${load.stalled} stalled readers, ${serverNames[kind]} (${load.markets} markets, ${load.updatesPerSecond} updates/s): ` +
    `p99 of the others ${text(({ calmP99Ms }) => calmP99Ms)} ms without the stall, ${text(({ stalledP99Ms }) => stalledP99Ms)} ms during; ` +
    `after resume a reader reads ${text(({ outdatedKB }) => outdatedKB)} kB of outdated events (there had been a newer one of their market for more than 100 ms)`
  );
}

export const stalledReaders: Row = {
  ids: ['8'],
  title: 'stalled readers',
  async run(context) {
    const few = { markets: 50, updatesPerSecond: 600, stalled: 20, others: 100 };
    // One market for a thousand, and no more updates than one core takes while all of them read.
    const many = { markets: 1, updatesPerSecond: 50, stalled: 1_000, others: 100 };
    const ofFew = await runCycles(context, few, ['raw', 'tickgate']);
    const ofMany = await runCycles(context, many, ['tickgate']);
    const boundOf = (kind: ServerKind): Bound => (kind === 'tickgate' ? 'goal' : 'none');
    return {
      figures: [
        ...ofFew.flatMap((outcome) => figuresOf(outcome, boundOf(outcome.kind))),
        ...ofMany.flatMap((outcome) => figuresOf(outcome, 'stretch')),
      ],
      comparisons: [],
      notes: [...ofFew, ...ofMany].map(noteOf),
    };
  },
};
