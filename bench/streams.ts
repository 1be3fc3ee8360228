import { writeResults } from './streams/report/writeResults';
import { toMarkdown } from './streams/report/markdown';
import { isPinned, pinSelf, cores } from './streams/machine';
import { readOptions } from './streams/options';
import { Rig } from './streams/rig';
import { manyMarkets, manyWatchers } from './streams/rows/bursts';
import { connecting } from './streams/rows/connecting';
import { heap } from './streams/rows/heap';
import { oneMarket } from './streams/rows/oneMarket';
import { positions } from './streams/rows/positions';
import type { Effort, Row, RowResult } from './streams/rows/row';
import { stalledReaders } from './streams/rows/stalledReaders';
import { steadyFeed } from './streams/rows/steadyFeed';
import type { RunReport } from './streams/report/runReport';

/*
 * What a message costs the server that reaches a reader, as a ratio to `ws.send` of the same JSON in the same run.
 * bench/streams/README.md says how it is built and which options it takes.
 * Usage: npm run bench:streams [-- --rows 1,2] [--quick] [--write]
 */

const rows: readonly Row[] = [
  oneMarket,
  manyWatchers,
  manyMarkets,
  steadyFeed,
  heap,
  connecting,
  stalledReaders,
  positions,
];
const wholeEffort: Effort = { isQuick: false, windowMs: 500, rounds: 11, warmUpMs: 2_500 };
const quickEffort: Effort = { isQuick: true, windowMs: 250, rounds: 6, warmUpMs: 700 };

const options = readOptions(process.argv.slice(2));
const tell = (progress: string): void => {
  process.stderr.write(`${progress}\n`);
};

/** The other rows are measured all the same. */
function failedRow(rig: Rig, row: Row, error: unknown): RowResult {
  const reason = error instanceof Error ? error : new Error(String(error));
  tell(reason.stack ?? reason.message);
  process.exitCode = 1;
  rig.restart();
  return {
    figures: [],
    comparisons: [],
    notes: [`${row.title}: not measured, it failed: ${reason.message.split('\n')[0] ?? ''}`],
  };
}

async function run(rig: Rig): Promise<RunReport> {
  const startedAtMs = performance.now();
  const effort = options.isQuick ? quickEffort : wholeEffort;
  const results: RowResult[] = [];
  for (const row of rows) {
    if (!row.ids.some((id) => options.rows?.has(id) ?? true)) continue;
    results.push(await row.run({ rig, effort, tell }).catch((error: unknown) => failedRow(rig, row, error)));
  }
  return {
    results,
    command: ['npm run bench:streams', ...process.argv.slice(2)].join(' ').replace('streams -', 'streams -- -'),
    date: new Date().toISOString().slice(0, 10),
    tookS: Math.round((performance.now() - startedAtMs) / 1000),
    isPinned,
    effort,
    windows: rig.windows,
    disturbedWindows: rig.disturbedWindows,
    raisedLimits: rig.raisedLimits,
  };
}

pinSelf(cores.client);
const rig = new Rig();
const endEarly = (): void => {
  rig.end();
  process.exit(130);
};
process.on('SIGINT', endEarly);
process.on('SIGTERM', endEarly);
run(rig)
  .then((report) => {
    process.stdout.write(toMarkdown(report));
    if (options.isWritten) writeResults(report);
  })
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => {
    rig.end();
  });
