import { Rounds } from '../rounds';
import type { ServerKind } from '../server/serverKind';
import { toComparison } from './comparison';
import type { Row } from './row';

const title = 'connect, authenticate, subscribe';

/** Connections come fifty at a time; their end is not counted. The same users come back in each round. */
export const connecting: Row = {
  ids: ['7'],
  title,
  async run({ rig, effort, tell }) {
    const others: readonly ServerKind[] = effort.isQuick ? [] : ['graphqlWsGuarded', 'graphqlWs', 'mercurius'];
    const kinds: readonly ServerKind[] = ['raw', 'rawWithToken', 'tickgate', ...others];
    const load = { readers: effort.isQuick ? 150 : 300, markets: 1 };
    for (const kind of kinds) {
      tell(`${title}: warming`);
      for (let round = 0; round < (effort.isQuick ? 2 : 5); round += 1) await rig.connectionWindow(kind, load);
    }
    const rounds = await Rounds.run({
      kinds,
      seldom: new Set(others),
      rounds: effort.isQuick ? 4 : 15,
      runWindow: (kind) => rig.connectionWindow(kind, load),
      onRound: (round) => {
        tell(`${title}: round ${round + 1}`);
      },
    });
    return {
      figures: [
        {
          row: '7',
          name: 'connect, authenticate, subscribe, against raw with the same token check',
          unit: '× raw',
          goal: 1.5,
          stretch: 1.25,
          measured: rounds.ratio('tickgate', 'rawWithToken'),
        },
        {
          row: '7',
          name: 'the same against raw that checks no token',
          unit: '× raw',
          goal: null,
          stretch: null,
          measured: rounds.ratio('tickgate', 'raw'),
        },
      ],
      comparisons: [toComparison(rounds, { load: title, kinds, unit: 'connection' })],
      notes: [],
    };
  },
};
