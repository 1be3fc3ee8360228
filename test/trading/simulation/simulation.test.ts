import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestDatabase, type TestDatabase } from '../../kit/postgres';
import { faultRuns } from '../faults/faultRuns';
import { openLane, type Lane } from './lane';
import { Simulation, type SimulationResult } from './simulation';

/** SIM_SEED=123 runs that one alone, twice, and writes down everything that happens in it; SIM_SEED=100-160 runs those. */
const asked = process.env['SIM_SEED']?.split('-').map(Number);
const isAlone = asked?.length === 1;
const first = asked?.[0] ?? 1;
const last = asked?.at(-1) ?? faultRuns({ ci: 500, nightly: 10_000 });
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
/** Of so many seeds one is run again. */
const repeatedOf = 25;
const timeoutMs = 120_000 + seeds.length * 1_000;

interface Run {
  readonly result: SimulationResult;
  readonly lane: Lane;
}

let database: TestDatabase;
const lanes: Lane[] = [];
const done = new Map<number, Run>();

beforeAll(async () => {
  database = await startTestDatabase();
  for (const name of ['one', 'two']) lanes.push(await openLane(database.url, name));
});

afterAll(async () => {
  for (const lane of lanes) await lane.close();
  await database.stop();
});

/** Each lane takes the next seed that is for it when it is done with the last. */
async function runAll(queue: readonly number[], isFor: (seed: number, lane: Lane) => boolean): Promise<readonly Run[]> {
  const waiting = [...queue];
  const take = (lane: Lane): number | undefined => {
    const index = waiting.findIndex((seed) => isFor(seed, lane));
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };
  const ran: Run[] = [];
  const work = async (lane: Lane): Promise<void> => {
    for (let seed = take(lane); seed !== undefined; seed = take(lane))
      ran.push({ lane, result: await run(lane, seed) });
  };
  await Promise.all(lanes.map(work));
  return ran;
}

async function run(lane: Lane, seed: number): Promise<SimulationResult> {
  if (!isAlone) return Simulation.run(lane, { seed });
  const lines: string[] = [];
  const result = await Simulation.run(lane, { seed, onLine: (line) => lines.push(line) });
  const file = path.join(tmpdir(), `simulation-${seed}-${lane.name}.txt`);
  writeFileSync(file, lines.join('\n'));
  process.stderr.write(`everything that happened: ${file}\n`);
  return result;
}

/** What is wrong with a seed, and how to look at it. */
function describeFailure({ seed, violations }: SimulationResult): string {
  return [`SIM_SEED=${seed} npm test -- test/trading/simulation`, ...violations].join('\n  ');
}

it(
  `loses, doubles and miscounts nothing in ${seeds.length} storms`,
  async () => {
    for (const one of await runAll(seeds, () => true)) done.set(one.result.seed, one);
    const results = [...done.values()].map(({ result }) => result);
    expect(results.filter(({ violations }) => violations.length > 0).map(describeFailure)).toEqual([]);
  },
  timeoutMs,
);

it(
  'replays a seed bit for bit, in another database',
  async () => {
    const again = await runAll(
      seeds.filter((_, index) => index % repeatedOf === 0),
      (seed, lane) => done.get(seed)!.lane !== lane,
    );
    for (const { result } of again)
      expect([result.seed, result.digest]).toEqual([result.seed, done.get(result.seed)!.result.digest]);
  },
  timeoutMs,
);

/** A storm in which nothing happens would prove nothing. */
const rare = ['UNKNOWN', 'NOT_PLACED', 'REJECTED', 'CANCELED', 'EXPIRED', 'EDITING', 'deaths'];

it('has met what it is meant for', () => {
  const met = (what: string): number =>
    [...done.values()].reduce((total, { result }) => total + (result.counts.get(what) ?? 0), 0);
  const least = asked === undefined ? seeds.length / 50 : 0;
  for (const what of rare) expect([what, met(what) >= least]).toEqual([what, true]);
});
