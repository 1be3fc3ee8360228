import { Rounds } from '../rounds';
import { serverNames, type ServerKind } from '../server/serverKind';
import { quartilesText } from '../report/numbers';
import { toComparison } from './comparison';
import type { Row } from './row';

const load = { markets: 50, readers: 100 };
const updatesPerSecond = 600;
const title = `steady feed: 50 markets, ${updatesPerSecond} updates/s in all, 100 watchers of all`;
const kinds: readonly ServerKind[] = ['raw', 'tickgateWindowed', 'tickgate'];

/** Open loop: latency is what an event waits, and a server that is late is not waited for. */
export const steadyFeed: Row = {
  ids: ['4'],
  title,
  async run({ rig, effort, tell }) {
    for (const kind of kinds) await rig.connect(kind, load);
    for (const kind of kinds) {
      tell(`${title}: warming ${serverNames[kind]}`);
      await rig.closedLoop(kind, effort.warmUpMs);
    }
    const rounds = await Rounds.run({
      kinds,
      seldom: new Set(),
      rounds: effort.isQuick ? 3 : 9,
      runWindow: (kind) => rig.openLoop({ kind, durationMs: effort.isQuick ? 1_000 : 2_000, updatesPerSecond }),
      onRound: (round) => {
        tell(`${title}: round ${round + 1}`);
      },
    });
    for (const kind of kinds) await rig.disconnect(kind);
    const latencies = kinds.flatMap((kind) => {
      const p99 = rounds.of(kind, ({ latency }) => latency?.p99Ms ?? Number.NaN);
      return p99 === null ? [] : [`${serverNames[kind]} ${quartilesText(p99)} ms`];
    });
    return {
      figures: [
        {
          row: '4',
          name: 'steady feed, 20 ms window',
          unit: '× raw',
          goal: 0.4,
          stretch: 0.3,
          measured: rounds.ratio('tickgateWindowed', 'raw'),
        },
        {
          row: '4',
          name: 'steady feed, 20 ms window: p99 latency added',
          unit: 'ms',
          goal: 25,
          stretch: null,
          measured: rounds.compare(
            'tickgateWindowed',
            'raw',
            (own, raw) => (own.latency?.p99Ms ?? Number.NaN) - (raw.latency?.p99Ms ?? Number.NaN),
          ),
        },
      ],
      comparisons: [toComparison(rounds, { load: title, kinds })],
      notes: [`${title}: p99 latency ${latencies.join(', ')}`],
    };
  },
};
