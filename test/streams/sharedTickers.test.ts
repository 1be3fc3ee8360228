import fc from 'fast-check';
import { tickerTopic } from '../../src/bus/marketTopics';
import type { MarketId } from '../../src/domain/market';
import type { TickerEvent } from '../../src/streams/streamEvents';
import { makeTicker } from '../kit/fakeExchange';
import { courses, intervalMs, marketIds, play, type Course } from './sharedCourse';
import { staleAfter } from './staleness';

interface Known {
  readonly last: Readonly<Record<string, string | null>>;
  readonly stale: readonly MarketId[];
}

function knownAfter(events: readonly TickerEvent[]): Known {
  const tickers = events.flatMap((event) => event.tickers);
  const last = Object.fromEntries(tickers.map((ticker) => [ticker.marketId, ticker.last]));
  return { last, stale: staleAfter(events, marketIds) };
}

/** By nothing but what was published. */
function truthOf({ steps }: Course<number>): Known {
  const last: Record<string, string> = {};
  for (const { marketId, kind, value } of steps) if (kind !== 'stale') last[marketId] = String(value);
  const stale = marketIds.filter((id) => steps.findLast(({ marketId }) => marketId === id)?.kind === 'stale');
  return { last, stale };
}

describe('shared tickers', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each([0, intervalMs])('are the same for all, every %d ms: present, joined late or back', async (interval) => {
    const course = courses(marketIds, fc.integer({ min: 1, max: 9 }));
    await fc.assert(
      fc.asyncProperty(course, async (given) => {
        const reading = await play({
          course: given,
          topicOf: tickerTopic,
          toData: ({ marketId, value }) =>
            makeTicker('fake', { symbol: marketId.replace('fake:', ''), last: String(value) }),
          open: (streams) => streams.tickers({ marketIds, intervalMs: interval, after: null }),
        });
        // Nothing is told before every market has said something.
        if (reading.events.length === 0) return;
        for (const { events } of reading.histories()) expect(knownAfter(events)).toEqual(truthOf(given));
      }),
      { numRuns: 50 },
    );
  });
});
