import { once } from 'node:events';
import { limits } from '../../src/security/limits';
import { Connection } from '../../src/server/connection';
import { Connections } from '../../src/server/connections';
import { collectedBytes } from '../kit/collectedHeap';
import { eventually } from '../kit/eventually';
import { bookOf, tickersOf } from '../kit/liveMarketDocuments';
import { LiveMarkets } from '../kit/liveMarkets';
import { MovableClock } from '../kit/movableClock';
import { RawSocket } from '../kit/rawSocket';
import { RecordingSocket } from '../kit/recordingSocket';
import { StandInTokens } from '../kit/standInTokens';
import { codesOf, TestServer, type TestServerOptions } from '../kit/testServer';

const { socket: socketLimits, stream: streamLimits } = limits;
const access = { publicMarketData: true };
const maxGrowthBytes = 5_000_000;

let server: TestServer;
let markets: LiveMarkets;

async function start(options: TestServerOptions = {}): Promise<void> {
  markets = new LiveMarkets();
  markets.publish();
  server = await TestServer.start({ access, marketStreams: markets.streams, ...options });
}

afterEach(() => server.stop());

async function expectRefused(socket: RawSocket, code: number, cap: string): Promise<void> {
  expect((await socket.closed).code).toBe(code);
  expect(await server.capHits(cap)).toBe(1);
}

/** Opens so many that one more is refused, and comes in when one of them has gone. */
async function expectCap(
  max: number,
  { open, cap }: { readonly open: () => Promise<RawSocket>; readonly cap: string },
): Promise<void> {
  const opened: RawSocket[] = [];
  for (let count = 0; count < max; count += 1) opened.push(await open());
  const last = opened.at(-1);
  expect(last !== undefined && (await last.isAlive())).toBe(true);
  expect(await server.capHits(cap)).toBe(0);
  const refused = await RawSocket.open(server.wsUrl);
  refused.send({ type: 'connection_init', payload: { authorization: authorizationOfOne } });
  await expectRefused(refused, 4420, cap);
  opened.shift()?.close();
  await eventually(async () => (await server.metrics.sockets.get()).values[0]?.value === max - 1);
  expect(await (await open()).isAlive()).toBe(true);
  for (const socket of opened) socket.close();
}

const tokens = new StandInTokens();
const authorizationOfOne = tokens.issue().authorization;

describe('sockets', () => {
  it(`of one user: ${socketLimits.maxSocketsPerUser}, one more is closed with 4420`, async () => {
    await start({ verifier: tokens });
    const open = (): Promise<RawSocket> => RawSocket.connect(server.wsUrl, authorizationOfOne);
    await expectCap(socketLimits.maxSocketsPerUser, { open, cap: 'socketsPerUser' });
  });

  it(`of one address: ${socketLimits.maxSocketsPerAddress}, one more is closed with 4420`, async () => {
    await start({ verifier: tokens, caps: { maxSocketsPerAddress: socketLimits.maxSocketsPerAddress } });
    const open = (): Promise<RawSocket> => RawSocket.connect(server.wsUrl);
    await expectCap(socketLimits.maxSocketsPerAddress, { open, cap: 'socketsPerAddress' });
  });

  it(`before connection_init: ${socketLimits.maxUninitializedSockets}, one more is closed with 4420`, async () => {
    const clock = new MovableClock();
    const openedAt = Date.now();
    // Time stands still for those who wait.
    await start({ verifier: tokens, access: { ...access, clock: () => clock.now() - (Date.now() - openedAt) } });
    const open = (): Promise<RawSocket> => RawSocket.open(server.wsUrl);
    await expectCap(socketLimits.maxUninitializedSockets, { open, cap: 'uninitializedSockets' });
  });

  it('of IPv6 are counted by /64: a household, not one of its addresses', async () => {
    await start();
    const connections = new Connections({ ...socketLimits, maxSocketsPerAddress: 2 });
    const from = (address: string): Connection =>
      new Connection({
        registry: connections,
        socket: null as never,
        reader: null as never,
        ip: address,
        openedAt: 0,
        closeTimeoutMs: 0,
      });
    const first = from('2001:db8:1:2::1');
    const added = [first, from('2001:db8:1:2:aaaa::2'), from('2001:db8:1:2:bbbb::3'), from('2001:db8:1:3::1')];
    expect(added.map((connection) => connections.add(connection))).toEqual([null, null, 'socketsPerAddress', null]);
    connections.remove(first);
    expect(connections.add(from('2001:db8:1:2::4'))).toBeNull();
  });
});

describe('time to connection_init', () => {
  it(`is ${socketLimits.initTimeoutMs} ms: then the socket is closed with 4408, and not a moment before`, async () => {
    let now = 1_000_000;
    await start({ access: { ...access, clock: () => now }, caps: { sweepIntervalMs: 10 } });
    const early = await RawSocket.open(server.wsUrl);
    now += 1;
    const late = await RawSocket.open(server.wsUrl);
    now += socketLimits.initTimeoutMs - 1;
    await expectRefused(early, 4408, 'initTimeout');
    expect(await late.isAlive()).toBe(true);
    now += 1;
    expect((await late.closed).code).toBe(4408);
    expect(await server.capHits('initTimeout')).toBe(2);
  });
});

describe('messages', () => {
  const max = socketLimits.maxMessagesPerMinute;

  it(`in a minute: ${max}, one more ends the socket with 4422; the next minute has its own`, async () => {
    let now = 1_000_000;
    await start({ access: { ...access, clock: () => now } });
    const socket = await RawSocket.connect(server.wsUrl);
    for (let sent = 1; sent < max; sent += 1) expect(await socket.isAlive()).toBe(true);
    now += 60_000;
    for (let sent = 0; sent < max; sent += 1) expect(await socket.isAlive()).toBe(true);
    // Set back by an hour, that does not last for an hour.
    now -= 3_600_000;
    for (let sent = 0; sent < max; sent += 1) expect(await socket.isAlive()).toBe(true);
    expect(await server.capHits('messagesPerMinute')).toBe(0);
    socket.send({ type: 'ping' });
    await expectRefused(socket, 4422, 'messagesPerMinute');
  });

  it('that answer our own pings are not counted', async () => {
    await start({ caps: { creditBytes: 1 } });
    const socket = await RecordingSocket.connect(server.wsUrl);
    socket.subscribe('tickers', tickersOf());
    for (let round = 1; round <= 2 * max; round += 1) {
      await eventually(() => socket.of('tickers').length === round);
      markets.publish();
    }
    expect(socket.closed).toBeNull();
    socket.terminate();
  });

  it('that answer pings of ours which were never sent are counted', async () => {
    await start();
    const socket = await RawSocket.connect(server.wsUrl);
    for (let sent = 2; sent < max; sent += 1) socket.send({ type: 'pong' });
    expect(await socket.isAlive()).toBe(true);
    socket.send({ type: 'pong' });
    await expectRefused(socket, 4422, 'messagesPerMinute');
  });

  it(`of ${socketLimits.maxPayloadBytes} bytes are read, one byte more ends the socket with 1009`, async () => {
    await start();
    const socket = await RawSocket.connect(server.wsUrl);
    const bare = JSON.stringify({ type: 'ping', payload: { fill: '' } });
    const pingOf = (bytes: number): string => bare.replace('""', `"${'x'.repeat(bytes - bare.length)}"`);
    socket.send(pingOf(socketLimits.maxPayloadBytes));
    expect((await socket.next()).type).toBe('pong');
    expect(await server.capHits('payload')).toBe(0);
    socket.send(pingOf(socketLimits.maxPayloadBytes + 1));
    await expectRefused(socket, 1009, 'payload');
  });

  it('of one who does not read the answers end the socket with 4421 once too much waits', async () => {
    const reservations = { take: () => Promise.resolve([]) };
    await start({ reservations, caps: { maxMessagesPerMinute: 10_000, maxBufferedBytes: 1_000_000 } });
    server.market.candleCount = limits.list.maxCandles;
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    const fields = 'openTime open high low close volume closed';
    const query = `{ candles(market: "fake:BTC/USDT", timeframe: M1, first: ${limits.list.maxCandles}) { ${fields} } }`;
    socket.socket.pause();
    let sent = 0;
    await eventually(async () => {
      socket.subscribe(`q${sent++}`, query);
      return (await server.capHits('backlog')) > 0;
    });
    socket.socket.resume();
    await expectRefused(socket, 4421, 'backlog');
  });
});

describe('operations', () => {
  const max = socketLimits.maxOperationsPerSocket;

  async function answerTo(socket: RawSocket, id: string, query: string): Promise<unknown> {
    socket.subscribe(id, query);
    let message = await socket.next();
    for (; message.type === 'ping'; message = await socket.next()) socket.send({ type: 'pong' });
    return message.type === 'error' ? codesOf(message.payload as never)[0] : message.type;
  }

  it(`on a socket: ${max}, one more is refused on its id and the others go on`, async () => {
    await start();
    const socket = await RawSocket.connect(server.wsUrl);
    for (let count = 0; count < max; count += 1) expect(await answerTo(socket, `s${count}`, tickersOf())).toBe('next');
    expect(await answerTo(socket, 'over', tickersOf())).toBe('TOO_MANY_SUBSCRIPTIONS');
    expect(await server.capHits('operationsPerSocket')).toBe(1);
    markets.publish();
    for (let count = 0; count < max; count += 1) expect((await socket.next()).type).toBe('next');
    socket.close();
  });

  it(`have ids of ${socketLimits.maxOperationIdLength} characters, one more is refused`, async () => {
    await start();
    const socket = await RawSocket.connect(server.wsUrl);
    const longest = 'x'.repeat(socketLimits.maxOperationIdLength);
    expect(await answerTo(socket, longest, tickersOf())).toBe('next');
    expect(await server.capHits('operationIdLength')).toBe(0);
    expect(await answerTo(socket, `${longest}x`, tickersOf())).toBe('BAD_USER_INPUT');
    expect(await server.capHits('operationIdLength')).toBe(1);
    socket.close();
  });

  it(`open ${streamLimits.maxGroupsPerUser} different streams of one user, over all of his sockets; one more is refused, one that others have open is not`, async () => {
    await start({ verifier: tokens, caps: { maxMessagesPerMinute: 1_000 } });
    const sockets = await Promise.all([1, 2, 3].map(() => RawSocket.connect(server.wsUrl, authorizationOfOne)));
    const documentOf = (depth: number): string => bookOf().replace('depth: 10', `depth: ${depth}`);
    const socketFor = (index: number): RawSocket => sockets[Math.floor(index / max)]!;
    for (let index = 0; index < streamLimits.maxGroupsPerUser; index += 1) {
      expect(await answerTo(socketFor(index), `s${index}`, documentOf(index + 1))).toBe('next');
    }
    const third = socketFor(2 * max);
    expect(await server.capHits('groupsPerUser')).toBe(0);
    expect(await answerTo(third, 'over', tickersOf())).toBe('TOO_MANY_SUBSCRIPTIONS');
    expect(await server.capHits('groupsPerUser')).toBe(1);
    const other = await RawSocket.connect(server.wsUrl, tokens.issue().authorization);
    expect(await answerTo(other, 's', tickersOf())).toBe('next');
    expect(await answerTo(third, 'shared', tickersOf())).toBe('next');
    socketFor(0).send({ id: 's0', type: 'complete' });
    await socketFor(0).isAlive();
    expect(await answerTo(third, 'again', documentOf(200))).toBe('next');
    for (const socket of [...sockets, other]) socket.close();
  });

  it(`of 5,000 at once on a socket that may send as many, ${max} live and the rest are refused, and nothing of them stays in memory`, async () => {
    await start({ caps: { maxMessagesPerMinute: 100_000 } });
    const count = 5_000;
    const socket = await RecordingSocket.connect(server.wsUrl);
    const answers = { next: new Set<unknown>(), error: new Set<unknown>() };
    const codes = new Set<unknown>();
    socket.onMessage = ({ id, type, payload }) => {
      if (type !== 'next' && type !== 'error') return;
      answers[type].add(id);
      if (type === 'error') codes.add(codesOf(payload as never)[0]);
    };
    const document = tickersOf();
    const before = await collectedBytes();
    for (let index = 0; index < count; index += 1) socket.subscribe(`s${index}`, document);
    await eventually(() => answers.next.size + answers.error.size === count, { timeoutMs: 50_000 });
    expect([answers.next.size, answers.error.size, [...codes]]).toEqual([max, count - max, ['TOO_MANY_SUBSCRIPTIONS']]);
    expect(await server.capHits('operationsPerSocket')).toBe(count - max);
    const { values } = await server.metrics.subscriptions.get();
    expect(values.reduce((sum, { value }) => sum + value, 0)).toBe(max);
    expect((await collectedBytes()) - before).toBeLessThan(maxGrowthBytes);
    socket.terminate();
    await once(socket.socket, 'close');
  });
});
