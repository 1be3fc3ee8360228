import type { ServerKind } from '../server/serverKind';
import { compareInBursts } from './burstRow';
import type { Row } from './row';

interface BurstRow {
  readonly id: string;
  readonly title: string;
  readonly markets: number;
  readonly readers: number;
  readonly goal: number;
  readonly stretch: number;
}

const others: readonly ServerKind[] = ['tickgateUnshared', 'graphqlWs', 'graphqlWsGuarded', 'mercurius'];

/** Each reader watches every market; a burst is one event in each, in one turn. */
function burstRow({ id, title, markets, readers, goal, stretch }: BurstRow): Row {
  return {
    ids: [id],
    title,
    async run(context) {
      const kinds: readonly ServerKind[] = ['raw', 'floor', 'tickgate', ...(context.effort.isQuick ? [] : others)];
      const { rounds, comparison, note } = await compareInBursts(context, { title, markets, readers, kinds });
      const measured = rounds.ratio('tickgate', 'raw');
      return {
        figures: [{ row: id, name: title, unit: '× raw', goal, stretch, measured }],
        comparisons: [comparison],
        notes: [note],
      };
    },
  };
}

export const manyWatchers = burstRow({
  id: '2',
  title: '10 markets × 1,000 watchers, bursts',
  markets: 10,
  readers: 1_000,
  goal: 0.2,
  stretch: 0.12,
});

export const manyMarkets = burstRow({
  id: '3',
  title: '50 markets × 100 watchers, bursts',
  markets: 50,
  readers: 100,
  goal: 0.1,
  stretch: 0.05,
});
