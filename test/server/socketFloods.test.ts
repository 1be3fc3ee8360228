import { once } from 'node:events';
import { limits } from '../../src/security/limits';
import { eventually } from '../kit/eventually';
import { MovableClock } from '../kit/movableClock';
import { RawSocket } from '../kit/rawSocket';
import { TestServer, type TestServerOptions } from '../kit/testServer';

const { maxMessagesPerMinute, initTimeoutMs } = limits.socket;

let server: TestServer;

async function start(options: TestServerOptions = {}): Promise<void> {
  server = await TestServer.start(options);
}

afterEach(() => server.stop());

describe('control frames of WebSocket itself', () => {
  it('of a client are messages like any other: a pong too many, unasked, ends it', async () => {
    // Time stands still: connection_init is not missed yet.
    await start({ access: { clock: () => 1_000_000 } });
    const socket = await RawSocket.open(server.wsUrl);
    for (let sent = 1; sent < maxMessagesPerMinute; sent += 1) socket.socket.pong();
    expect(await socket.isAlive()).toBe(true);
    expect(await server.capHits('messagesPerMinute')).toBe(0);
    socket.socket.pong();
    expect((await socket.closed).code).toBe(4422);
    expect(await server.capHits('messagesPerMinute')).toBe(1);
  });

  it('of a client are messages like any other: a ping too many ends it', async () => {
    await start({ caps: { maxMessagesPerMinute: 10 } });
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    // connection_init was the first.
    for (let sent = 1; sent < 10; sent += 1) {
      socket.socket.ping();
      await once(socket.socket, 'pong');
    }
    expect(await server.capHits('messagesPerMinute')).toBe(0);
    socket.socket.ping();
    expect((await socket.closed).code).toBe(4422);
  });

  it('that answer our own pings are not counted', async () => {
    const caps = { sweepIntervalMs: 1, maxMessagesPerMinute: 10, keepAliveIntervalMs: 10, maxMissedPings: 1_000 };
    await start({ caps });
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    let pings = 0;
    socket.socket.on('ping', () => {
      pings += 1;
    });
    await eventually(() => pings > 3 * caps.maxMessagesPerMinute);
    expect(await socket.isAlive()).toBe(true);
    socket.close();
  });
});

describe('a pong that answers a ping of ours', () => {
  it('is not counted where another message comes before it; one more than there were pings is', async () => {
    let now = 1_000_000;
    const max = 10;
    const caps = { sweepIntervalMs: 1, maxMessagesPerMinute: max, keepAliveIntervalMs: 1, maxMissedPings: 1_000 };
    await start({ access: { clock: () => now }, caps });
    const socket = await RawSocket.open(server.wsUrl, { autoPong: false });
    socket.send({ type: 'connection_init' });
    expect((await socket.next()).type).toBe('connection_ack');
    for (let pings = 0; pings < 2; pings += 1) {
      const pinged = once(socket.socket, 'ping');
      now += 1;
      await pinged;
    }
    // connection_init was the first.
    for (let sent = 1; sent < max - 1; sent += 1) expect(await socket.isAlive()).toBe(true);
    for (let owed = 0; owed < 2; owed += 1) socket.socket.pong();
    expect(await socket.isAlive()).toBe(true);
    socket.socket.pong();
    expect((await socket.closed).code).toBe(4422);
  });
});

describe('a reader who never reads', () => {
  it('is closed with 4421 once too much waits for it, though it sends nothing more', async () => {
    await start({ caps: { maxBufferedBytes: 100_000 } });
    server.market.candleCount = limits.list.maxCandles;
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    socket.socket.pause();
    const fields = ['openTime', 'open', 'high', 'low', 'close', 'volume'];
    const twice = [...fields, ...fields.map((field) => `${field}2: ${field}`)].join(' ');
    const query = `{ candles(market: "simulator:BTC/USDT", timeframe: M1, first: ${limits.list.maxCandles}) { ${twice} } }`;
    // All of them are in before the first answer: none of them is the message that finds too much waiting.
    for (let sent = 0; sent < limits.socket.maxOperationsPerSocket; sent += 1) socket.subscribe(`q${sent}`, query);
    await eventually(async () => (await server.capHits('backlog')) === 1);
    socket.socket.resume();
    expect((await socket.closed).code).toBe(4421);
  });
});

describe('a socket that is closed for want of connection_init and does not say goodbye', () => {
  it.each([
    ['uninitialised', { maxUninitializedSockets: 1 }],
    ['of its address', { maxSocketsPerAddress: 1 }],
  ])('gives its place back at once: %s', async (_place, cap) => {
    const clock = new MovableClock();
    await start({ caps: { ...cap, closeTimeoutMs: 60_000 }, access: { clock: clock.now } });
    const mute = await RawSocket.open(server.wsUrl);
    mute.socket.pause();
    clock.advance(initTimeoutMs);
    await eventually(async () => (await server.capHits('initTimeout')) === 1);
    const next = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    expect((await server.metrics.sockets.get()).values[0]?.value).toBe(2);
    mute.close();
    next.close();
  });
});
