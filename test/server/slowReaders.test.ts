import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { collectedBytes } from '../kit/collectedHeap';
import { eventually } from '../kit/eventually';
import { apiOfOrders, KeptStream } from '../kit/keptStream';
import { bookOf, candlesOf, tickersOf, tradesOf } from '../kit/liveMarketDocuments';
import { bookAt, LiveMarkets } from '../kit/liveMarkets';
import { MovableClock } from '../kit/movableClock';
import { RawSocket } from '../kit/rawSocket';
import { eventOf, RecordingSocket, type ReadEvent } from '../kit/recordingSocket';
import { StandInTokens } from '../kit/standInTokens';
import { TestServer, type TestServerOptions } from '../kit/testServer';

const symbols = ['BTC/USDT', 'ETH/USDT'];
/** Each tells four events: a hundred thousand in all. */
const rounds = 12_500;
const maxCostBytes = 5_000_000;
const access = { publicMarketData: true };

let server: TestServer;
const sockets: RecordingSocket[] = [];

async function start(options: TestServerOptions): Promise<void> {
  server = await TestServer.start(options);
}

async function connect(options: Parameters<typeof RecordingSocket.connect>[1] = {}): Promise<RecordingSocket> {
  const socket = await RecordingSocket.connect(server.wsUrl, options);
  sockets.push(socket);
  return socket;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.stop();
});

function watchEverything(socket: RecordingSocket): void {
  socket.subscribe('tickers', tickersOf({ symbols }));
  socket.subscribe('book', bookOf());
  socket.subscribe('trades', tradesOf());
  socket.subscribe('candles', candlesOf());
}

/** Reads everything and keeps nothing of it but the newest trade, and what was wrong. */
class Neighbour {
  newest = 0;
  readonly faults: string[] = [];

  constructor(socket: RecordingSocket) {
    socket.onMessage = (message) => {
      if (message.id !== 'trades') return;
      for (const { id } of eventOf(message).trades) {
        if (Number(id) !== this.newest + 1) this.faults.push(`${id} came after ${this.newest}`);
        this.newest = Number(id);
      }
    };
  }
}

/** Publishes as fast as the neighbour reads. */
async function publishRounds(markets: LiveMarkets, neighbour: Neighbour, count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    for (const symbol of symbols) markets.publish(symbol);
    if (round % 4 === 0) await turn();
    const deadline = Date.now() + 10_000;
    while (markets.numberOf() - neighbour.newest > 50) {
      if (Date.now() > deadline) throw new Error('the neighbour is told nothing any more');
      await turn();
    }
  }
}

const tradeIdsOf = (events: readonly ReadEvent[]): readonly number[] =>
  events.flatMap(({ trades }) => trades.map(({ id }) => Number(id)));

describe.each([
  ['leaves pings unanswered', {}],
  ['leaves the kernel full', { creditBytes: 1e9 }],
])('a reader who stops reading and %s', (_how, caps) => {
  it('costs less than 5 MB and nobody else anything; when he reads again he is told what counts', async () => {
    const markets = new LiveMarkets();
    for (const symbol of symbols) markets.publish(symbol);
    await start({ access, caps, marketStreams: markets.streams });
    const neighbourSocket = await connect();
    const neighbour = new Neighbour(neighbourSocket);
    watchEverything(neighbourSocket);
    const stalled = await connect();
    watchEverything(stalled);
    await publishRounds(markets, neighbour, 500);
    await eventually(() => tradeIdsOf(stalled.of('trades').map(eventOf)).at(-1) === markets.numberOf());
    const others = await Promise.all(Array.from({ length: 4 }, () => connect()));
    for (const socket of [stalled, ...others]) socket.socket.pause();
    for (const socket of others) watchEverything(socket);
    await publishRounds(markets, neighbour, rounds);
    // What goes when they go: buffers that all sockets share stay.
    const bytes = await collectedBytes();
    for (const socket of others) socket.terminate();
    await eventually(async () => (await server.metrics.sockets.get()).values[0]?.value === 2);
    expect(bytes - (await collectedBytes())).toBeLessThan(maxCostBytes);
    expect(neighbour.faults).toEqual([]);

    const published = markets.numberOf();
    stalled.socket.resume();
    const readsTrades = (): readonly number[] => tradeIdsOf(stalled.of('trades').map(eventOf));
    await eventually(() => readsTrades().at(-1) === published);
    const trades = stalled.of('trades').map(eventOf);
    const droppingAt = trades.findIndex(({ meta }) => meta.reason?.startsWith('TRADES_DROPPED') === true);
    const dropping = trades[droppingAt];
    expect(tradeIdsOf(dropping === undefined ? [] : [dropping])).toHaveLength(1_000);
    const lastBefore = tradeIdsOf(trades.slice(0, droppingAt)).at(-1) ?? 0;
    expect(dropping?.meta.reason).toBe(`TRADES_DROPPED: ${published - 1_000 - lastBefore}`);
    // The newest of each market in one event, and the book as a whole.
    const prices = new Map(
      stalled
        .of('tickers')
        .flatMap((message) => eventOf(message).tickers.map(({ marketId, last }) => [marketId, last])),
    );
    expect([...prices.values()]).toEqual([String(published), String(published)]);
    const book = stalled.of('book').map(eventOf).at(-1);
    expect([book?.meta.kind, book?.nonce, book?.bids]).toEqual([
      'SNAPSHOT',
      String(published),
      bookAt(published).bids.slice(0, 10),
    ]);
    expect(stalled.of('candles').map(eventOf).at(-1)?.candle.close).toBe(String(published));

    await publishRounds(markets, neighbour, 10);
    await eventually(() => readsTrades().at(-1) === published + 10);
    expect(stalled.of('trades').map(eventOf).at(-1)?.meta.kind).toBe('UPDATE');
    expect([stalled.closed, neighbour.faults]).toEqual([null, []]);
  }, 120_000);
});

describe('a reader who reads and leaves pings unanswered', () => {
  const markets = new LiveMarkets();
  markets.publish('BTC/USDT');

  async function publishUntilSilent(socket: RecordingSocket): Promise<void> {
    let seen = -1;
    while (socket.openPings < 2 || seen !== socket.messages.length) {
      seen = socket.messages.length;
      markets.publish('BTC/USDT');
      for (let turns = 0; turns < 5; turns += 1) await turn();
    }
  }

  it('is told nothing more until he answers, then the newest', async () => {
    await start({ access, caps: { creditBytes: 1_000 }, marketStreams: markets.streams });
    const reader = await connect({ answersPings: false });
    reader.subscribe('tickers', tickersOf());
    await publishUntilSilent(reader);
    const told = reader.of('tickers').length;
    reader.answerPing();
    await eventually(() => reader.of('tickers').length === told + 1);
    expect(reader.of('tickers').map(eventOf).at(-1)?.tickers[0]?.last).toBe(String(markets.numberOf()));
    markets.publish('BTC/USDT');
    await eventually(() => reader.of('tickers').length === told + 2);
  });

  it('is gone with 4421 when he has let one wait for too long, and not a moment before', async () => {
    const clock = new MovableClock();
    const caps = { creditBytes: 1_000, creditTimeoutMs: 60_000, sweepIntervalMs: 20 };
    await start({ access: { ...access, clock: clock.now }, caps, marketStreams: markets.streams });
    const reader = await connect({ answersPings: false });
    const healthy = await connect();
    for (const socket of [reader, healthy]) socket.subscribe('tickers', tickersOf());
    await publishUntilSilent(reader);
    const pings = { count: 0 };
    healthy.socket.on('ping', () => (pings.count += 1));
    clock.advance(50_000);
    await eventually(() => pings.count === 1);
    expect(reader.closed).toBeNull();
    clock.advance(10_000);
    await eventually(() => reader.closed !== null);
    expect([reader.closed?.code, healthy.closed, await server.capHits('slowReader')]).toEqual([4421, null, 1]);
  });
});

describe('a stream of which nothing may be left out', () => {
  const tokens = new StandInTokens();
  const userId = 'somebody';
  const document = 'subscription { orders { meta { kind seq } } }';
  let stream: KeptStream;
  let clock: MovableClock;

  beforeEach(async () => {
    stream = new KeptStream();
    clock = new MovableClock();
    const caps = { creditBytes: 1_000, sweepIntervalMs: 20 };
    await start({ main: apiOfOrders(stream), verifier: tokens, access: { clock: clock.now }, caps });
  });

  async function watchOrders(answersPings: boolean): Promise<RecordingSocket> {
    const { authorization } = tokens.issue({ userId });
    const socket = await connect({ authorization, answersPings });
    socket.subscribe('orders', document);
    if (stream.published === 0) stream.publish();
    await eventually(() => socket.of('orders').length > 0);
    return socket;
  }

  const seqsOf = (socket: RecordingSocket): readonly number[] =>
    socket.of('orders').map((message) => Number(eventOf(message).meta.seq));

  async function publish(count: number, healthy: RecordingSocket): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      stream.publish();
      await eventually(() => seqsOf(healthy).at(-1) === stream.published);
    }
  }

  async function publishUntilSilent(slow: RecordingSocket, healthy: RecordingSocket): Promise<number> {
    while (slow.openPings < 2) await publish(1, healthy);
    return slow.of('orders').length;
  }

  it('tells a reader who answers again all of a thousand that waited, each once', async () => {
    const healthy = await watchOrders(true);
    const slow = await watchOrders(false);
    const told = await publishUntilSilent(slow, healthy);
    stream.publishMany(1_000 - (stream.published - told));
    await eventually(() => seqsOf(healthy).at(-1) === stream.published);
    expect([slow.of('orders').length, slow.closed]).toEqual([told, null]);
    slow.socket.on('message', () => {
      while (slow.openPings > 0) slow.answerPing();
    });
    while (slow.openPings > 0) slow.answerPing();
    await eventually(() => seqsOf(slow).at(-1) === stream.published);
    for (const socket of [slow, healthy]) expectAll(socket);
    expect(seqsOf(slow)).toHaveLength(told + 1_000);
  });

  it('ends the socket of a reader with 4421 when one more waits; who reads has lost nothing', async () => {
    const healthy = await watchOrders(true);
    const slow = await watchOrders(false);
    const told = await publishUntilSilent(slow, healthy);
    stream.publishMany(1_001 - (stream.published - told));
    // Sooner than who is behind for too long.
    await eventually(() => slow.closed !== null, { timeoutMs: 5_000 });
    await eventually(() => seqsOf(healthy).at(-1) === stream.published);
    expect([slow.closed?.code, healthy.closed, await server.capHits('slowReader')]).toEqual([4421, null, 1]);
    expectAll(healthy);
  });

  it('ends the socket of a reader with 4421 who is ten seconds behind, and not a moment before', async () => {
    const healthy = await watchOrders(true);
    const slow = await watchOrders(false);
    await publishUntilSilent(slow, healthy);
    await publish(1, healthy);
    clock.advance(8_000);
    await publish(5, healthy);
    expect(slow.closed).toBeNull();
    clock.advance(2_000);
    await eventually(() => slow.closed !== null);
    expect([slow.closed?.code, healthy.closed, await server.capHits('slowReader')]).toEqual([4421, null, 1]);
    await publish(5, healthy);
    expectAll(healthy);
  });

  function expectAll(socket: RecordingSocket): void {
    const seqs = seqsOf(socket);
    const first = seqs[0] ?? 0;
    expect(seqs).toEqual(Array.from({ length: stream.published - first + 1 }, (_, index) => first + index));
  }
});

describe('a connection that gives no sign of life', () => {
  const keepAliveIntervalMs = 15_000;
  let clock: MovableClock;

  beforeEach(async () => {
    clock = new MovableClock();
    await start({ access: { ...access, clock: clock.now }, caps: { sweepIntervalMs: 20 } });
  });

  /** One keep-alive ping for everybody. */
  async function passInterval(witness: RecordingSocket): Promise<void> {
    const pinged = new Promise((resolve) => witness.socket.once('ping', resolve));
    clock.advance(keepAliveIntervalMs);
    await pinged;
  }

  async function openSockets(): Promise<number> {
    return (await server.metrics.sockets.get()).values[0]?.value ?? 0;
  }

  it('is ended when three pings in a row went unanswered, where it died without a word', async () => {
    const witness = await connect();
    const dead = await connect();
    dead.socket.pause();
    for (let pings = 0; pings < 3; pings += 1) await passInterval(witness);
    witness.send({ type: 'ping' });
    await eventually(() => witness.messages.some(({ type }) => type === 'pong'));
    expect(await openSockets()).toBe(2);
    await passInterval(witness);
    await eventually(async () => (await openSockets()) === 1);
  });

  it('stays where its client answers none, and sends pings of WebSocket itself', async () => {
    const witness = await connect();
    const odd = await RawSocket.open(server.wsUrl, { autoPong: false });
    odd.send({ type: 'connection_init' });
    await odd.next();
    for (let round = 0; round < 5; round += 1) {
      await passInterval(witness);
      odd.socket.ping();
      await Promise.race([once(odd.socket, 'pong'), odd.closed]);
    }
    expect(await odd.isAlive()).toBe(true);
    odd.close();
  });

  it('stays where its reader has merely stalled for thirty seconds', async () => {
    const witness = await connect();
    const stalled = await connect();
    stalled.socket.pause();
    for (let round = 0; round < 3; round += 1) {
      stalled.socket.pause();
      await passInterval(witness);
      await passInterval(witness);
      stalled.socket.resume();
      stalled.send({ type: 'ping' });
      await eventually(() => stalled.messages.filter(({ type }) => type === 'pong').length === round + 1);
    }
    expect([stalled.closed, await openSockets()]).toEqual([null, 2]);
  });
});
