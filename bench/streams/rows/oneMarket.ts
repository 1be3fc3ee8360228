import type { ServerKind } from '../server/serverKind';
import { compareInBursts } from './burstRow';
import type { Row } from './row';

const others: readonly ServerKind[] = ['tickgateUnshared', 'graphqlWs', 'mercurius'];

export const oneMarket: Row = {
  ids: ['1', '5'],
  title: '1 market',
  async run(context) {
    const { isQuick } = context.effort;
    const kinds: readonly ServerKind[] = ['raw', 'floor', 'tickgate', ...(isQuick ? [] : others)];
    const few = await compareInBursts(context, { title: '1 market, 100 readers', markets: 1, readers: 100, kinds });
    const many = await compareInBursts(context, {
      title: '1 market, 1,000 readers',
      markets: 1,
      readers: 1_000,
      kinds: [...kinds, 'graphqlWsGuarded'],
    });
    const toRaw = { row: '1', unit: '× raw', goal: 0.8, stretch: 0.65 };
    return {
      figures: [
        { ...toRaw, name: '1 market, 100 readers', measured: few.rounds.ratio('tickgate', 'raw') },
        { ...toRaw, name: '1 market, 1,000 readers', measured: many.rounds.ratio('tickgate', 'raw') },
        {
          row: '5',
          name: '1 market, 1,000 readers, against graphql-ws with shield',
          unit: '× graphql-ws with shield',
          goal: 1 / 15,
          stretch: 1 / 25,
          measured: many.rounds.ratio('tickgate', 'graphqlWsGuarded'),
        },
      ],
      comparisons: [few.comparison, many.comparison],
      notes: [few.note, many.note],
    };
  },
};
