import { limits } from '../../src/security/limits';
import { makeMeta, makeTicker } from '../kit/fakeMarket';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';
import { eventually } from '../kit/eventually';

const tickers = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { kind seq } tickers { last } } }';
const maxOperations = limits.socket.maxOperationsPerSocket;

let server: TestServer;

beforeEach(async () => {
  server = await TestServer.start();
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
});

describe('an operation id', () => {
  it('that is used again while graphql-ws is still opening its first operation ends the socket with 4409, and leaks no source', async () => {
    const plain = await TestServer.start({ sharedExecution: false });
    const socket = await RawSocket.connect(plain.wsUrl, plain.bearer('VIEWER'));
    for (let round = 0; round < 30; round += 1) {
      socket.subscribe('1', tickers);
      socket.send({ id: '1', type: 'complete' });
    }
    expect((await socket.closed).code).toBe(4409);
    await eventually(() => plain.market.openCount === 0);
    await plain.stop();
  });
});

describe('a socket', () => {
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
    // Some fifteen megabytes: what the kernels on the way do not take in waits in the server, which looks at every message how much that is:
    // at the last of these or, where answers overtook them, before. So it is asked again, less often than would be too many messages.
    const refused = async (): Promise<boolean> => {
      const { values } = await server.metrics.socketCapHits.get();
      return values.some(({ labels, value }) => labels.cap === 'backlog' && value === 1);
    };
    await eventually(
      async () => {
        if (await refused()) return true;
        socket.send({ type: 'ping' });
        return false;
      },
      { everyMs: 500 },
    );
    socket.socket.resume();
    expect((await socket.closed).code).toBe(4421);
  });

  it('gets no echo of what it sends in a ping: an answer that is not read is kept', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(60_000) } });
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.close();
  });
});
