import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Bus, Topic } from '../../src/bus/bus';
import { InProcessBus } from '../../src/bus/inProcessBus';
import type { FeedMessage, StaleCause } from '../../src/bus/marketTopics';
import { toMarketId, type MarketId } from '../../src/domain/market';
import { MarketStreams } from '../../src/streams/marketStreams';
import type { OpenStream, Position, StreamEvent, StreamSource } from '../../src/streams/streamSource';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';

export const marketIds = ['BTC/USDT', 'ETH/USDT', 'XRP/USDT'].map((symbol) => toMarketId('fake', symbol));

export const intervalMs = 100;

/** One message to a stream. What is not followed by a pause comes together with the next one. */
export interface Step<Value> {
  readonly marketId: MarketId;
  readonly kind: 'data' | 'restart' | 'stale';
  readonly cause: StaleCause;
  readonly value: Value;
  readonly pauseMs: number | null;
}

export interface Course<Value> {
  readonly steps: readonly Step<Value>[];
  /** Where readers fall behind. */
  readonly picks: readonly number[];
}

export function courses<Value>(ids: readonly MarketId[], value: fc.Arbitrary<Value>): fc.Arbitrary<Course<Value>> {
  const step = fc.record({
    marketId: fc.constantFrom(...ids),
    kind: fc.oneof(
      { weight: 8, arbitrary: fc.constant('data' as const) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
      { weight: 2, arbitrary: fc.constant('stale' as const) },
    ),
    cause: fc.constantFrom<StaleCause>('disconnected', 'silent', 'outOfSync'),
    value,
    pauseMs: fc.constantFrom(null, null, 0, 0, 30, intervalMs),
  });
  return fc.record({
    steps: fc.array(step, { maxLength: 30, size: 'max' }),
    picks: fc.array(fc.nat({ max: 1_000 }), { minLength: 3, maxLength: 3 }),
  });
}

interface Joining<Event> {
  /** How many events had been told by then. */
  readonly after: number;
  readonly opening: readonly Event[];
  /** What each of those is told who stopped listening after so many events and listens again now. */
  readonly missed: readonly { readonly from: number; readonly events: readonly Event[] }[];
}

/** What one reader was told in all. */
export interface History<Event> {
  readonly events: readonly Event[];
  /** Where it joined late: the events of the stream that it was not there for. */
  readonly missedBefore: number;
}

/** Reads an opened stream as a group does, and notes at every moment what somebody who joins or comes back would be told. */
export class SharedReading<Event extends StreamEvent> {
  readonly events: Event[] = [];
  readonly joinings: Joining<Event>[] = [];
  error: unknown = null;
  readonly #positions: Position[];

  constructor(
    private readonly stream: OpenStream<Event>,
    private readonly picks: readonly number[],
  ) {
    this.#positions = [stream.position];
    this.#read();
  }

  /** Everybody's: that of who was there all the time, of all who joined and of all who came back. */
  histories(): readonly History<Event>[] {
    const late = this.joinings.flatMap(({ after, opening, missed }): History<Event>[] => {
      const rest = this.events.slice(after);
      const back = missed.map(({ from, events }) => ({
        events: [...this.events.slice(0, from), ...events, ...rest],
        missedBefore: 0,
      }));
      return [{ events: [...opening, ...rest], missedBefore: after }, ...back];
    });
    return [{ events: this.events, missedBefore: 0 }, ...late];
  }

  /** Nobody joins while an event is on its way from the stream to the readers, or before the first one. */
  note(): void {
    const after = this.events.length;
    if (after === 0 || this.stream.position.seq !== after) return;
    const missed = this.picks
      .map((pick) => pick % after)
      .map((from) => ({ from, events: this.stream.since(this.#positions[from]!) }));
    this.joinings.push({ after, opening: this.stream.opening(null), missed });
  }

  #read(): void {
    this.stream.next().then(
      ({ done, value }) => {
        if (done === true) return;
        this.events.push(value);
        this.#positions.push(this.stream.position);
        this.note();
        this.#read();
      },
      (error: unknown) => {
        this.error = error;
      },
    );
  }
}

export interface Play<Data, Value, Event extends StreamEvent> {
  readonly course: Course<Value>;
  readonly topicOf: (id: MarketId) => Topic<FeedMessage<Data>>;
  readonly toData: (step: Step<Value>) => Data;
  readonly open: (streams: MarketStreams) => Promise<StreamSource<Event>>;
}

/**
 * Plays a course over a real bus, with fake timers, until everything is told. In the end the exchange refuses the
 * first market, which must end the stream.
 */
export async function play<Data, Value, Event extends StreamEvent>({
  course,
  topicOf,
  toData,
  open,
}: Play<Data, Value, Event>): Promise<SharedReading<Event>> {
  const bus: Bus = new InProcessBus({ logger: createLogger('silent') });
  const metrics = createMetrics();
  const assertMarket = (id: string): Promise<MarketId> => Promise.resolve(id as MarketId);
  const streams = new MarketStreams({ bus, metrics, clock: Date.now, epoch: randomUUID(), assertMarket });
  const reading = new SharedReading((await open(streams)).open(), course.picks);
  const last = new Map<MarketId, Data>();
  for (const step of course.steps) {
    const { marketId, kind, cause, pauseMs } = step;
    const topic = topicOf(marketId);
    if (kind === 'stale') {
      bus.publish(topic, { kind, cause, since: Date.now(), last: last.get(marketId) ?? null });
    } else {
      const data = toData(step);
      last.set(marketId, data);
      bus.publish(topic, { kind: 'data', data, isRestart: kind === 'restart' });
    }
    reading.note();
    if (pauseMs !== null) await pass(pauseMs);
    reading.note();
  }
  // What was still on its way is read first: the last interval begins with it.
  await pass(0);
  await pass(intervalMs);
  expect(reading.error).toBeNull();
  bus.publish(topicOf(course.steps[0]?.marketId ?? marketIds[0]!), { kind: 'refused', code: 'MARKET_NOT_FOUND' });
  await pass(0);
  expect(reading.error).toMatchObject({ code: 'MARKET_NOT_FOUND' });
  expect(bus.interests()).toEqual([]);
  expectOrder(reading);
  return reading;
}

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  // As many turns as events can follow one message: each is asked for when the one before was read.
  for (let turn = 0; turn < 400; turn += 1) await Promise.resolve();
}

/** Nobody is told an older number after a newer one. */
function expectOrder<Event extends StreamEvent>(reading: SharedReading<Event>): void {
  for (const { events } of reading.histories()) {
    const isInOrder = events.every(({ meta }, index) => Number(meta.seq) >= Number(events[index - 1]?.meta.seq ?? 0));
    expect(isInOrder).toBe(true);
  }
}
