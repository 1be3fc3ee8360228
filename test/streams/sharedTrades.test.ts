import fc from 'fast-check';
import { tradesTopic, type TradeBatch } from '../../src/bus/marketTopics';
import type { MarketId } from '../../src/domain/market';
import type { PublicTrade } from '../../src/domain/marketData';
import type { PublicTradeEvent } from '../../src/streams/streamEvents';
import { maxWaitingTrades } from '../../src/streams/tradeInbox';
import { makeTrade } from '../kit/fakeExchange';
import { courses, marketIds, play, type Course, type SharedReading, type Step } from './sharedCourse';
import { staleAfter } from './staleness';

/** Of what happened before the stream began, and before a reader joined it. */
const openingTrades = 100;

interface Batch {
  readonly count: number;
  readonly isComplete: boolean;
}

const batches: fc.Arbitrary<Batch> = fc.record({
  count: fc.oneof(
    { weight: 16, arbitrary: fc.nat({ max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 90, max: 700 }) },
    { weight: 1, arbitrary: fc.integer({ min: 990, max: 1_300 }) },
  ),
  isComplete: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});

/** Numbers trades over all markets, so that what belongs into the stream is one row. */
class Tape {
  readonly ids: string[] = [];
  #count = 0;
  readonly #begun = new Set<MarketId>();

  print({ marketId, value }: Step<Batch>): TradeBatch {
    const symbol = marketId.replace('fake:', '');
    const trades = Array.from({ length: value.count }, () => makeTrade('fake', (this.#count += 1), symbol));
    this.ids.push(...(this.#begun.has(marketId) ? trades : trades.slice(-openingTrades)).map(({ id }) => id));
    this.#begun.add(marketId);
    return { trades, isComplete: value.isComplete };
  }
}

const droppedBy = ({ meta }: PublicTradeEvent): number =>
  Number(/TRADES_DROPPED: (\d+)/.exec(meta.reason ?? '')?.[1] ?? 0);

/** How much of the tape the events account for, each trade told once and in order or counted as dropped. Fails where they do not. */
function readTape(tape: readonly string[], events: readonly PublicTradeEvent[]): number {
  let at = 0;
  for (const event of events) {
    const dropped = droppedBy(event);
    if (dropped > 0 && event.trades.length < maxWaitingTrades) throw new Error('more was dropped than had to be');
    const start = at + dropped;
    const wrong = event.trades.find(({ id }, index) => id !== tape[start + index]);
    if (wrong !== undefined) throw new Error(`event ${event.meta.seq}: trade ${wrong.id} is out of place`);
    at = start + event.trades.length;
  }
  return at;
}

/** Oldest first. */
function latestOf(trades: readonly PublicTrade[], marketId: MarketId, count: number): readonly PublicTrade[] {
  return count === 0 ? [] : trades.filter((trade) => trade.marketId === marketId).slice(-count);
}

async function playTrades(course: Course<Batch>): Promise<{
  readonly tape: readonly string[];
  readonly reading: SharedReading<PublicTradeEvent>;
}> {
  const tape = new Tape();
  const reading = await play({
    course,
    topicOf: tradesTopic,
    toData: (step) => tape.print(step),
    open: (streams) => streams.trades({ marketIds, after: null }),
  });
  return { tape: tape.ids, reading };
}

describe('shared trades', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('reach everyone who was there or comes back once and in order, or are counted as dropped', async () => {
    await fc.assert(
      fc.asyncProperty(courses(marketIds, batches), async (course) => {
        const { tape, reading } = await playTrades(course);
        const told = readTape(tape, reading.events);
        // Nothing is told before every market has said something, and nothing more of one that is silent.
        if (reading.events.length > 0 && staleAtEnd(course).length === 0) expect(told).toBe(tape.length);
        for (const { events, missedBefore } of reading.histories())
          if (missedBefore === 0) expect(readTape(tape, events)).toBe(told);
      }),
      { numRuns: 50 },
    );
  });

  it('begin for one who joins with the latest of each market of those that the others were told', async () => {
    await fc.assert(
      fc.asyncProperty(courses(marketIds, batches), async (course) => {
        const { reading } = await playTrades(course);
        for (const { after, opening } of reading.joinings) {
          const told = reading.events.slice(0, after).flatMap(({ trades }) => trades);
          const first = opening.flatMap(({ trades }) => trades);
          if (opening[0]?.meta.kind !== 'SNAPSHOT') expect(first).toEqual([]);
          else expectLatestOfEach(first, told);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leave nobody in doubt about which markets are silent, nor that trades were missed', async () => {
    await fc.assert(
      fc.asyncProperty(courses(marketIds, batches), async (course) => {
        const { reading } = await playTrades(course);
        if (reading.events.length === 0) return;
        const hasMissed = reading.events.some(saysMissed);
        for (const { events, missedBefore } of reading.histories()) {
          expect(staleAfter(events, marketIds)).toEqual(staleAtEnd(course));
          if (missedBefore === 0) expect(events.some(saysMissed)).toBe(hasMissed);
        }
      }),
      { numRuns: 50 },
    );
  });
});

function staleAtEnd({ steps }: Course<Batch>): readonly MarketId[] {
  return marketIds.filter((id) => steps.findLast(({ marketId }) => marketId === id)?.kind === 'stale');
}

function saysMissed({ meta }: PublicTradeEvent): boolean {
  return meta.reason?.includes('TRADES_MISSED') === true;
}

function expectLatestOfEach(first: readonly PublicTrade[], told: readonly PublicTrade[]): void {
  expect(first.every(({ id }, index) => Number(id) > Number(first[index - 1]?.id ?? 0))).toBe(true);
  for (const id of marketIds) {
    const opening = latestOf(first, id, Infinity);
    expect(opening.map((trade) => trade.id).join()).toBe(
      latestOf(told, id, opening.length)
        .map((trade) => trade.id)
        .join(),
    );
    expect(opening.length).toBeLessThanOrEqual(openingTrades);
    // A market's trades are forgotten where so many others have come since.
    const known = latestOf(told.slice(-maxWaitingTrades), id, openingTrades);
    expect(opening.length).toBeGreaterThanOrEqual(known.length);
  }
}
