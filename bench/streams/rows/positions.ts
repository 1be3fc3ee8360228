import type { ServerKind } from '../server/serverKind';
import { quartilesOf } from '../statistics';
import { compareInBursts } from './burstRow';
import type { Row, RowContext } from './row';

const users = 1_000;
const title = `positions of ${users.toLocaleString('en')} users (a stand-in), price ticks`;

/** Each user with two sockets: how often is an event made for each? */
async function executionsPerUser({ rig, effort }: RowContext, kind: ServerKind): Promise<number> {
  const socketsPerUser = 2;
  await rig.connect(kind, { readers: users * socketsPerUser, markets: 1, stream: 'positions' });
  const before = await rig.usage(kind);
  const { messages } = await rig.closedLoop(kind, effort.windowMs);
  const after = await rig.usage(kind);
  await rig.disconnect(kind);
  return (after.sharedExecutions - before.sharedExecutions) / (messages / socketsPerUser);
}

/** Nobody's events are another's: what is shared is the way, not the work. */
export const positions: Row = {
  ids: ['9'],
  title,
  async run(context) {
    const kinds: readonly ServerKind[] = ['graphqlWsGuarded', 'tickgate'];
    const load = { title, markets: 1, readers: users, stream: 'positions', kinds } as const;
    const { rounds, comparison, note } = await compareInBursts(context, load);
    return {
      figures: [
        {
          row: '9',
          name: title,
          unit: '× graphql-ws with shield',
          goal: 1 / 3,
          stretch: 1 / 8,
          measured: rounds.ratio('tickgate', 'graphqlWsGuarded'),
        },
        {
          row: '9',
          name: 'executions an event and user who has two sockets',
          unit: '',
          goal: 1,
          stretch: null,
          measured: quartilesOf([await executionsPerUser(context, 'tickgate')]),
        },
      ],
      comparisons: [comparison],
      notes: [note],
    };
  },
};
