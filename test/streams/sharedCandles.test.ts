import fc from 'fast-check';
import { candlesTopic } from '../../src/bus/marketTopics';
import type { EpochMs } from '../../src/domain/marketData';
import type { CandleEvent } from '../../src/streams/streamEvents';
import { makeCandle } from '../kit/fakeExchange';
import { courses, marketIds, play, type Course, type SharedReading, type Step } from './sharedCourse';
import { staleAfter } from './staleness';

const ids = marketIds.slice(0, 1);
const marketId = ids[0]!;
const timeframe = 'M1' as const;
const minuteMs = 60_000;

/** Of so many candles the last state is known to whoever comes back. */
const rememberedCandles = 100;

interface Tick {
  /** Candles that begin with it. */
  readonly begun: number;
  /** True where it changes the newest candle but one. */
  readonly isCorrection: boolean;
  readonly close: number;
}

const ticks: fc.Arbitrary<Tick> = fc.record({
  begun: fc.oneof(
    { weight: 10, arbitrary: fc.constant(0) },
    { weight: 5, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 120 }) },
  ),
  isCorrection: fc.boolean(),
  close: fc.integer({ min: 1, max: 9 }),
});

interface CandleState {
  readonly openTime: EpochMs;
  readonly close: string;
}

/** One message a candle. A stream whose exchange was never there fails, so the course begins with what it first says. */
function toCandles({ steps, picks }: Course<Tick>): Course<CandleState> {
  let newest = 0;
  const first = steps.findIndex(({ kind }) => kind !== 'stale');
  const candles = steps.slice(first === -1 ? steps.length : first).flatMap((step): Step<CandleState>[] => {
    const { begun, isCorrection, close } = step.value;
    if (step.kind === 'stale' || begun === 0) {
      const index = isCorrection ? Math.max(0, newest - 1) : newest;
      return [{ ...step, value: { openTime: index * minuteMs, close: String(close) } }];
    }
    return Array.from({ length: begun }, (_, index) => {
      newest += 1;
      const value = { openTime: newest * minuteMs, close: String(close) };
      return { ...step, value, pauseMs: index === begun - 1 ? step.pauseMs : null };
    });
  });
  return { steps: candles, picks };
}

type Known = ReadonlyMap<EpochMs, string>;

function knownAfter(events: readonly CandleEvent[]): Known {
  return new Map(events.map(({ candle }) => [candle.openTime, candle.close]));
}

function lastTold(events: readonly CandleEvent[]): readonly EpochMs[] {
  const times = events.filter(({ meta }) => meta.kind !== 'STALE').map(({ candle }) => candle.openTime);
  return [...new Set(times.toReversed())].slice(0, rememberedCandles);
}

async function playCandles(course: Course<CandleState>): Promise<SharedReading<CandleEvent>> {
  return play({
    course,
    topicOf: (id) => candlesTopic(id, timeframe),
    toData: ({ value: { openTime, close } }) => {
      const candle = makeCandle(openTime, close);
      return { marketId, timeframe, candle, exchangeTime: null, receivedTime: 1 };
    },
    open: (streams) => streams.candles({ marketId, timeframe, after: null }),
  });
}

describe('shared candles', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are told to whoever is there as they were published', async () => {
    await fc.assert(
      fc.asyncProperty(courses(ids, ticks).map(toCandles), async (course) => {
        const { events } = await playCandles(course);
        const published = course.steps.filter(({ kind }) => kind !== 'stale').map(({ value }) => value);
        const truth = new Map(published.map(({ openTime, close }) => [openTime, close]));
        const isStale = course.steps.at(-1)?.kind === 'stale';
        expect(staleAfter(events, ids)).toEqual(isStale ? ids : []);
        // More than can wait may have been given up; what a lost source left behind is told when it is back.
        if (truth.size <= rememberedCandles && !isStale) expect(knownAfter(events)).toEqual(truth);
      }),
      { numRuns: 50 },
    );
  });

  it('have for who comes back the last state of each of the last 100, and for who joins the newest', async () => {
    await fc.assert(
      fc.asyncProperty(courses(ids, ticks).map(toCandles), async (course) => {
        const reading = await playCandles(course);
        if (reading.events.length === 0) return;
        const known = knownAfter(reading.events);
        const remembered = lastTold(reading.events);
        const newest = Math.max(...known.keys());
        for (const { events, missedBefore } of reading.histories()) {
          expect(staleAfter(events, ids)).toEqual(staleAfter(reading.events, ids));
          const got = knownAfter(events);
          const expected = missedBefore === 0 ? remembered : [newest, ...got.keys()];
          expect(expected.filter((openTime) => got.get(openTime) !== known.get(openTime))).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
