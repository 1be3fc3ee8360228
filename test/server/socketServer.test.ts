import WebSocket from 'ws';
import { limits } from '../../src/security/limits';
import { makeMeta, makeTicker } from '../kit/fakeMarket';
import { RawSocket } from '../kit/rawSocket';
import { codesOf, TestServer } from '../kit/testServer';
import { eventually } from '../kit/eventually';

const tickers = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { kind seq } tickers { last } } }';
const maxOperations = limits.socket.maxOperationsPerSocket;

let server: TestServer;

beforeEach(async () => {
  server = await TestServer.start({ corsOrigins: ['https://app.example'] });
});

afterEach(() => server.stop());

describe('a live stream', () => {
  it('opens with a SNAPSHOT and goes on with what comes', async () => {
    const client = server.client(server.bearer('VIEWER'));
    const events = client.iterate({ query: tickers });
    expect((await events.next()).value).toEqual({
      data: { tickers: { meta: { kind: 'SNAPSHOT', seq: '1' }, tickers: [{ last: '100.5' }] } },
    });
    server.market.opened[0]!.push({ meta: makeMeta('UPDATE', '2'), tickers: [makeTicker('100.7')] });
    expect((await events.next()).value).toEqual({
      data: { tickers: { meta: { kind: 'UPDATE', seq: '2' }, tickers: [{ last: '100.7' }] } },
    });
    await client.dispose();
  });

  it('releases its source when the reader completes it, without a further event', async () => {
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    socket.subscribe('1', tickers);
    await socket.next();
    socket.send({ id: '1', type: 'complete' });
    await eventually(() => server.market.openCount === 0);
    socket.close();
  });

  it('releases its source when the socket breaks, without a further event', async () => {
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    socket.subscribe('1', tickers);
    await socket.next();
    expect(server.market.openCount).toBe(1);
    socket.close();
    await eventually(() => server.market.openCount === 0);
  });

  it('opens no source for somebody who is not signed in, and says so on the id', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.subscribe('1', tickers);
    const message = await socket.next();
    expect([message.type, message.id, codesOf(message.payload as never)]).toEqual(['error', '1', ['UNAUTHENTICATED']]);
    expect(server.market.opened).toHaveLength(0);
    socket.close();
  });

  it('is refused on its id when there are too many on the socket, and works again when one has ended', async () => {
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    for (let index = 0; index < maxOperations; index += 1) {
      socket.subscribe(`s${index}`, tickers);
      expect((await socket.next()).type).toBe('next');
    }
    socket.subscribe('over', tickers);
    const refused = await socket.next();
    expect([refused.type, refused.id, codesOf(refused.payload as never)]).toEqual([
      'error',
      'over',
      ['TOO_MANY_SUBSCRIPTIONS'],
    ]);
    expect(server.market.openCount).toBe(maxOperations);
    socket.send({ id: 's0', type: 'complete' });
    await eventually(() => server.market.openCount === maxOperations - 1);
    socket.subscribe('again', tickers);
    expect(await socket.next()).toMatchObject({ type: 'next', id: 'again' });
    socket.close();
  });

  it('ends with the permission of its reader: an event after the token has expired is not delivered', async () => {
    await server.stop();
    server = await TestServer.start({ tokenTtlS: 1 });
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    socket.subscribe('1', tickers);
    await socket.next();
    expect((await socket.closed).code).toBe(4403);
    await eventually(() => server.market.openCount === 0);
  });
});

describe('an operation id', () => {
  it('that is used again while its first operation is still opening ends the socket with 4409, and leaks no source', async () => {
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    for (let round = 0; round < 30; round += 1) {
      socket.subscribe('1', tickers);
      socket.send({ id: '1', type: 'complete' });
    }
    expect((await socket.closed).code).toBe(4409);
    await eventually(() => server.market.openCount === 0);
  });

  it('may be used again when its operation has ended', async () => {
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    for (let round = 0; round < 10; round += 1) {
      socket.subscribe('1', '{ serverTime }');
      expect((await socket.next()).type).toBe('next');
      expect((await socket.next()).type).toBe('complete');
    }
    socket.close();
  });
});

describe('a socket', () => {
  it('that sends more than its messages a minute is closed with 4422', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    // connection_init was the first.
    for (let sent = 1; sent < limits.socket.maxMessagesPerMinute; sent += 1) {
      socket.send({ type: 'ping' });
      expect((await socket.next()).type).toBe('pong');
    }
    socket.send({ type: 'ping' });
    expect((await socket.closed).code).toBe(4422);
  });

  it('that asks on and on and does not read is closed with 4421', async () => {
    server.market.candleCount = 1_000;
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    socket.socket.pause();
    const fields = ['openTime', 'open', 'high', 'low', 'close', 'volume'];
    const twice = [...fields, ...fields.map((field) => `${field}2: ${field}`)].join(' ');
    for (let sent = 0; sent < maxOperations; sent += 1) {
      socket.subscribe(
        `q${sent}`,
        `{ candles(market: "simulator:BTC/USDT", timeframe: M1, first: 1000) { ${twice} } }`,
      );
    }
    // Some fifteen megabytes: what the kernels on the way do not take in waits in the server.
    await eventually(async () => {
      const { values } = await server.metrics.graphqlOperations.get();
      return values.some(({ labels, value }) => labels.transport === 'ws' && value === maxOperations);
    });
    socket.send({ type: 'ping' });
    await eventually(() => server.market.calls === maxOperations);
    socket.socket.resume();
    expect((await socket.closed).code).toBe(4421);
  });

  it('gets no echo of what it sends in a ping: an answer that is not read is kept', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(60_000) } });
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.close();
  });

  it.each(['next', 'error', 'connection_ack'])(
    'that sends %s, as only a server does, is closed with 4400',
    async (type) => {
      const socket = await RawSocket.connect(server.wsUrl);
      const payloads: Record<string, unknown> = { next: { data: null }, error: [{ message: 'x' }] };
      socket.send({ id: '1', type, payload: payloads[type] });
      expect((await socket.closed).code).toBe(4400);
    },
  );

  it('with bad credentials is closed with 4401, which clients take as final', async () => {
    const socket = await RawSocket.open(server.wsUrl);
    socket.send({ type: 'connection_init', payload: { authorization: 'Bearer nonsense' } });
    expect((await socket.closed).code).toBe(4401);
  });

  it('with credentials in another form than Bearer is closed with 4401', async () => {
    const socket = await RawSocket.open(server.wsUrl);
    socket.send({ type: 'connection_init', payload: { authorization: { token: 'x' } } });
    expect((await socket.closed).code).toBe(4401);
  });

  it('that comes with an expired token is closed with 4403: come back with a fresh one', async () => {
    await server.stop();
    server = await TestServer.start({ tokenTtlS: -1 });
    const socket = await RawSocket.open(server.wsUrl);
    socket.send({ type: 'connection_init', payload: { authorization: server.bearer('VIEWER') } });
    expect((await socket.closed).code).toBe(4403);
  });

  it('that sends no connection_init is closed with 4408', async () => {
    const socket = await RawSocket.open(server.wsUrl);
    expect((await socket.closed).code).toBe(4408);
  });

  it('that subscribes before connection_init is closed with 4401', async () => {
    const socket = await RawSocket.open(server.wsUrl);
    socket.subscribe('1', tickers);
    expect((await socket.closed).code).toBe(4401);
    expect(server.market.opened).toHaveLength(0);
  });

  it('that initialises twice is closed with 4429', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.send({ type: 'connection_init' });
    expect((await socket.closed).code).toBe(4429);
  });

  it('that uses an id twice is closed with 4409', async () => {
    const socket = await RawSocket.connect(server.wsUrl, server.bearer('VIEWER'));
    socket.subscribe('1', tickers);
    await socket.next();
    socket.subscribe('1', tickers);
    expect((await socket.closed).code).toBe(4409);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['JSON that is no message', '{"type":"nonsense"}'],
    ['a subscribe without a query', '{"id":"1","type":"subscribe","payload":{}}'],
  ])('that sends %s is closed with 4400', async (_name, text) => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.send(text);
    expect((await socket.closed).code).toBe(4400);
  });

  it('that sends bytes that are not UTF-8 as text is closed with 1007', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.socket.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false });
    expect((await socket.closed).code).toBe(1007);
  });

  it('keeps an operation id to a length, because every frame repeats it', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.subscribe('x'.repeat(limits.socket.maxOperationIdLength + 1), '{ serverTime }');
    expect(codesOf((await socket.next()).payload as never)).toEqual(['BAD_USER_INPUT']);
    socket.close();
  });

  it('that speaks no protocol we know is closed with 4406', async () => {
    const socket = new WebSocket(server.wsUrl);
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(4406);
  });

  it('is told to come back with 1012 when the server stops', async () => {
    const stopping = await TestServer.start();
    const socket = await RawSocket.connect(stopping.wsUrl);
    await stopping.stop();
    expect((await socket.closed).code).toBe(1012);
  });

  it('beyond the number that may wait for connection_init is closed with 4420', async () => {
    const count = limits.socket.maxUninitializedSockets;
    const waiting = await Promise.all(Array.from({ length: count }, () => RawSocket.open(server.wsUrl)));
    const socket = await RawSocket.open(server.wsUrl);
    expect((await socket.closed).code).toBe(4420);
    for (const one of waiting) one.close();
  });
});

describe('the upgrade', () => {
  async function statusOf(url: string, origin?: string): Promise<number> {
    const socket = new WebSocket(url, 'graphql-transport-ws', origin === undefined ? {} : { origin });
    return new Promise((resolve) => {
      socket.once('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('error', () => undefined);
      socket.once('unexpected-response', (_request, response) => {
        socket.terminate();
        resolve(response.statusCode ?? 0);
      });
    });
  }

  it.each([
    [101, 'no Origin: not a page', undefined],
    [101, 'a page on the list', 'https://app.example'],
    [403, 'another page', 'https://evil.example'],
    [403, 'a page whose name begins alike', 'https://app.example.evil.example'],
    [403, 'the same page over http', 'http://app.example'],
    [403, 'the same page on another port', 'https://app.example:444'],
    [403, 'a sandboxed page', 'null'],
  ])('answers %i to %s', async (status, _name, origin) => {
    expect(await statusOf(server.wsUrl, origin)).toBe(status);
  });

  it('answers 404 anywhere else', async () => {
    expect(await statusOf(server.wsUrl.replace('/graphql', '/other'))).toBe(404);
  });
});
