import { quartilesText } from '../report/numbers';
import type { Rig } from '../rig';
import { serverNames, type ServerKind } from '../server/serverKind';
import { quartilesOf } from '../statistics';
import type { Effort, Row } from './row';

const furtherMarkets = 10;
const kB = 1_024;

interface HeapSample {
  /** kB for a connected reader with one subscription. */
  readonly perReader: number;
  /** kB for each subscription more on the same socket. */
  readonly perSubscription: number;
}

async function takeSample(rig: Rig, kind: ServerKind, readers: number): Promise<HeapSample> {
  const perReaderOf = async (markets: number): Promise<number> => {
    const before = await rig.usage(kind, true);
    await rig.connect(kind, { readers, markets });
    const after = await rig.usage(kind, true);
    await rig.disconnect(kind);
    return (after.heapBytes - before.heapBytes) / readers / kB;
  };
  const perReader = await perReaderOf(1);
  const withMore = await perReaderOf(1 + furtherMarkets);
  return { perReader, perSubscription: (withMore - perReader) / furtherMarkets };
}

const others = ({ isQuick }: Effort): readonly ServerKind[] => (isQuick ? [] : ['graphqlWs', 'mercurius']);

/** After a collection, of readers who have their first event and then hear nothing. */
export const heap: Row = {
  ids: ['6'],
  title: 'heap of an idle reader',
  async run({ rig, effort, tell }) {
    const readers = effort.isQuick ? 300 : 1_000;
    const kinds: readonly ServerKind[] = ['raw', 'tickgate', ...others(effort)];
    const samples = new Map<ServerKind, readonly HeapSample[]>();
    for (const kind of kinds) {
      tell(`heap of an idle reader: ${serverNames[kind]}`);
      rig.endServer(kind);
      // What is built once, and code that is compiled while it runs, is not a reader's.
      await takeSample(rig, kind, readers);
      const taken: HeapSample[] = [];
      for (let sample = 0; sample < (effort.isQuick ? 1 : 3); sample += 1) {
        taken.push(await takeSample(rig, kind, readers));
      }
      samples.set(kind, taken);
    }
    const of = (kind: ServerKind, read: (sample: HeapSample) => number) =>
      quartilesOf((samples.get(kind) ?? []).map(read));
    const raw = of('raw', ({ perReader }) => perReader)?.median ?? Number.NaN;
    const notes = kinds.flatMap((kind) => {
      const perReader = of(kind, (sample) => sample.perReader);
      const more = of(kind, (sample) => sample.perSubscription);
      if (perReader === null || more === null) return [];
      const further = kind === 'raw' ? '' : `, further subscription ${quartilesText(more)} kB`;
      return [`${serverNames[kind]}: idle reader ${quartilesText(perReader)} kB${further}`];
    });
    return {
      figures: [
        {
          row: '6',
          name: 'heap per idle reader with one subscription',
          unit: '× raw',
          goal: 1.5,
          stretch: 1.2,
          measured: of('tickgate', ({ perReader }) => perReader / raw),
        },
        {
          row: '6',
          name: 'heap per further subscription',
          unit: 'kB',
          goal: 0.8,
          stretch: 0.3,
          measured: of('tickgate', ({ perSubscription }) => perSubscription),
        },
      ],
      comparisons: [],
      notes,
    };
  },
};
