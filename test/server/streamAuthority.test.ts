import { eventually } from '../kit/eventually';
import { busy, LiveMarkets } from '../kit/liveMarkets';
import { MovableClock } from '../kit/movableClock';
import { executionVariants } from '../kit/protocol';
import { eventOf, RecordingSocket } from '../kit/recordingSocket';
import { StandInTokens } from '../kit/standInTokens';
import { bookOf, candlesOf, tickersOf, tradesOf } from '../kit/liveMarketDocuments';
import { apiForAnalysts, causes, type Cause } from '../kit/streamEndings';
import { codesOf, TestServer, type TestServerOptions } from '../kit/testServer';

const streamCount = 100;
const mayLastMs = 1_000;
const publishEveryMs = 25;
/** Says something once, and nothing any more. */
const quiet = 'ETH/USDT';
const stops: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const documents = [tickersOf, bookOf, candlesOf].flatMap((of) => [of(), of({ symbols: [quiet] })]);

/** Everything that the neighbours of the ended streams read meanwhile, and when it was published. */
class Feed {
  readonly publishedAt = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(markets: LiveMarkets) {
    markets.publish(quiet);
    const publish = (): void => {
      markets.publish();
      this.publishedAt.set(markets.numberOf(), Date.now());
    };
    publish();
    this.#timer = setInterval(publish, publishEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function tradeIdsOf(socket: RecordingSocket): readonly number[] {
  return socket.of('trades').flatMap((message) => eventOf(message).trades.map(({ id }) => Number(id)));
}

function lastTradeOf(socket: RecordingSocket): number {
  const last = socket.messages.findLast(({ id, type }) => id === 'trades' && type === 'next');
  return last === undefined ? 0 : Number(eventOf(last).trades.at(-1)?.id);
}

/** How the stream ended, and when; null while it goes on. */
function endingOf(socket: RecordingSocket): { readonly as: unknown; readonly at: number } | null {
  const [message] = [...socket.of('stream', 'error'), ...socket.of('stream', 'complete')];
  if (message !== undefined) return { as: codesOf(message.payload as never)[0], at: message.arrivedAt };
  return socket.closed === null ? null : { as: socket.closed.code, at: socket.closed.closedAt };
}

async function watch(server: TestServer, authorization: string, document: string): Promise<RecordingSocket> {
  const socket = await RecordingSocket.connect(server.wsUrl, { authorization });
  socket.subscribe('stream', document);
  socket.subscribe('trades', tradesOf());
  await eventually(() => socket.of('stream').length > 0 && socket.of('trades').length > 0);
  return socket;
}

function watchAll(
  server: TestServer,
  tokens: readonly { readonly authorization: string }[],
): Promise<readonly RecordingSocket[]> {
  return Promise.all(
    tokens.map(({ authorization }, index) =>
      watch(server, authorization, documents[index % documents.length] ?? tickersOf()),
    ),
  );
}

function expectNothingMissing(numbers: readonly number[]): void {
  const gaps = numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1);
  expect(gaps).toEqual([]);
}

/** Every trade, once and in order; of the other stream every event. */
function expectUndisturbed(socket: RecordingSocket): void {
  expectNothingMissing(tradeIdsOf(socket));
  expectNothingMissing(socket.of('stream').map((message) => Number(eventOf(message).meta.seq)));
  expect([endingOf(socket), socket.of('trades', 'error'), socket.closed]).toEqual([null, [], null]);
}

async function play(cause: Cause, options: TestServerOptions): Promise<void> {
  const clock = new MovableClock();
  const tokens = new StandInTokens(clock.now);
  const markets = new LiveMarkets();
  const server = await TestServer.start({
    ...options,
    main: apiForAnalysts(),
    marketStreams: markets.streams,
    verifier: tokens,
    access: { clock: clock.now },
  });
  const feed = new Feed(markets);
  stops.push(
    () => server.stop(),
    () => {
      feed.stop();
    },
  );
  const concerned = cause.issue(tokens, streamCount);
  const ended = await watchAll(server, concerned);
  const others = await watchAll(server, cause.issueUnconcerned(tokens, concerned));
  const listenersOfOthers = 2 * others.length;

  const happenedAt = Date.now();
  cause.happen({ tokens: concerned, clock, changeAuthority: server.changeAuthority });
  await eventually(() => ended.every((socket) => endingOf(socket) !== null));
  const hasGoneOn = (socket: RecordingSocket): boolean =>
    (feed.publishedAt.get(lastTradeOf(socket)) ?? 0) > happenedAt + 1.2 * mayLastMs;
  const stillReading = cause.closeCode === null ? [...others, ...ended] : others;
  await eventually(() => stillReading.every(hasGoneOn));
  feed.stop();

  expect(ended.map((socket) => endingOf(socket)?.as)).toEqual(
    new Array(streamCount).fill(cause.closeCode ?? 'FORBIDDEN'),
  );
  expect(Math.max(...ended.map((socket) => (endingOf(socket)?.at ?? Infinity) - happenedAt))).toBeLessThan(mayLastMs);
  const late = ended.flatMap((socket) =>
    socket.of('stream').filter(({ arrivedAt }) => arrivedAt > (endingOf(socket)?.at ?? 0)),
  );
  expect(late).toEqual([]);
  for (const socket of others) expectUndisturbed(socket);
  if (cause.closeCode === null) {
    for (const socket of ended) {
      expectNothingMissing(tradeIdsOf(socket));
      expect([socket.of('trades', 'error'), socket.closed]).toEqual([[], null]);
    }
  } else if (options.sharedExecution === false) {
    // Each stream has a listener of its own.
    expect(markets.bus.interests().reduce((sum, { listeners }) => sum + listeners, 0)).toBe(listenersOfOthers);
  }
  for (const socket of [...ended, ...others]) socket.terminate();
  await eventually(() => markets.bus.interests().length === 0);
}

// Half of the streams are of a market that says nothing any more: an ending must not wait for an event.
describe.each(executionVariants)(`of ${streamCount} live streams with %s`, (_variant, options) => {
  it.each(causes)('all end within a second when $name, and no others', (cause) => play(cause, options));
});

it('has streams of a market that says nothing, and of one that always does', () => {
  expect(documents.filter((document) => document.includes(quiet))).toHaveLength(documents.length / 2);
  expect(documents.filter((document) => document.includes(busy))).toHaveLength(documents.length / 2);
});
