import fc from 'fast-check';
import { orderBookTopic } from '../../src/bus/marketTopics';
import type { OrderBookEvent } from '../../src/streams/streamEvents';
import { BookReader } from '../kit/bookReader';
import { makeBook } from '../kit/fakeExchange';
import { courses, intervalMs, marketIds, play } from './sharedCourse';
import { staleAfter } from './staleness';

const ids = marketIds.slice(0, 1);
const depth = 3;

type Pairs = readonly (readonly [price: string, amount: string])[];

interface Sides {
  readonly bids: Pairs;
  readonly asks: Pairs;
}

function sideOf(prices: { readonly from: number; readonly to: number }, order: 1 | -1): fc.Arbitrary<Pairs> {
  const level = fc.tuple(fc.integer({ min: prices.from, max: prices.to }), fc.integer({ min: 1, max: 3 }));
  return fc
    .uniqueArray(level, { selector: ([price]) => price, maxLength: 6 })
    .map((levels) => levels.toSorted(([a], [b]) => order * (a - b)).map(([p, amount]) => [String(p), String(amount)]));
}

const sides: fc.Arbitrary<Sides> = fc.record({
  bids: sideOf({ from: 1, to: 7 }, -1),
  asks: sideOf({ from: 8, to: 14 }, 1),
});

function knownAfter(events: readonly OrderBookEvent[]): Sides {
  const book = new BookReader();
  for (const event of events) book.apply(event);
  // Beyond the asked depth too: what has left the top must have been taken away.
  return { bids: book.bids(Infinity), asks: book.asks(Infinity) };
}

describe('a shared order book', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each([0, intervalMs])('is the same for all, every %d ms: present, joined late or back', async (interval) => {
    await fc.assert(
      fc.asyncProperty(courses(ids, sides), async (course) => {
        const reading = await play({
          course,
          topicOf: orderBookTopic,
          toData: ({ value }) => makeBook('fake', { ...value, nonce: '1' }),
          open: (streams) => streams.orderBook({ marketId: ids[0]!, depth, intervalMs: interval, after: null }),
        });
        const last = course.steps.at(-1);
        if (last === undefined) return;
        for (const { events } of reading.histories()) {
          expect(staleAfter(events, ids)).toEqual(last.kind === 'stale' ? ids : []);
          if (last.kind === 'stale') continue;
          const { bids, asks } = last.value;
          expect(knownAfter(events)).toEqual({ bids: bids.slice(0, depth), asks: asks.slice(0, depth) });
        }
      }),
      { numRuns: 50 },
    );
  });
});
