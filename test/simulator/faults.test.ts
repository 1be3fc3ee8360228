import { once } from 'node:events';
import { get } from 'node:http';
import { connectCcxt, type CcxtBinance } from '../kit/ccxtBinance';
import { openExchangeSocket, until, type ExchangeSocket } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

interface DepthFrame {
  readonly data: { readonly U: number; readonly u: number };
}

const depth = 'btcusdt@depth@100ms';
const snapshotPath = '/api/v3/depth?symbol=BTCUSDT';

describe('faults on request', () => {
  let simulator: RunningSimulator;
  const sockets: ExchangeSocket[] = [];
  const exchanges: CcxtBinance[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'faults', args: ['--rate', '60', '--weight-limit', '100000'] });
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    await Promise.all(exchanges.splice(0).map((exchange) => exchange.close()));
    for (const { socket } of sockets.splice(0)) socket.terminate();
  });

  afterAll(() => simulator.stop());

  async function open(streams: string): Promise<ExchangeSocket> {
    const socket = await openExchangeSocket(`${simulator.wsUrl}/stream?streams=${streams}`);
    sockets.push(socket);
    return socket;
  }

  async function connect(config: object = {}): Promise<CcxtBinance> {
    const exchange = await connectCcxt(simulator, config);
    exchanges.push(exchange);
    return exchange;
  }

  const inject = (fault: object) => simulator.control('POST', 'faults', fault);
  const nextDepth = async (socket: ExchangeSocket) => JSON.parse(await socket.next()) as DepthFrame;

  it('leaves out as many frames as a gap says, and no more', async () => {
    const socket = await open(depth);
    let last = (await nextDepth(socket)).data.u;
    await inject({ kind: 'gap', stream: depth, count: 2 });
    const isNext: boolean[] = [];
    while (isNext.filter((is) => !is).length < 1 || isNext.at(-1) !== true) {
      const { data } = await nextDepth(socket);
      isNext.push(data.U === last + 1);
      last = data.u;
    }
    expect(isNext.filter((is) => !is)).toHaveLength(1);
    expect((await simulator.state()).faults).toEqual([]);
  });

  it('makes ccxt see a gap, and the book heals with a new snapshot', async () => {
    const exchange = await connect();
    await exchange.watchOrderBook('BTC/USDT');
    await inject({ kind: 'gap', stream: depth, count: 1 });
    const watchForever = async (): Promise<void> => {
      for (;;) await exchange.watchOrderBook('BTC/USDT');
    };
    await expect(watchForever()).rejects.toMatchObject({ name: 'ChecksumError' });
    expect((await exchange.watchOrderBook('BTC/USDT')).bids.length).toBeGreaterThan(10);
  });

  it('sends a frame twice', async () => {
    const socket = await open(depth);
    await socket.next();
    await inject({ kind: 'duplicate', stream: 'btc*', count: 1 });
    await until(async () => {
      const first = await socket.next();
      return first === (await socket.next());
    }, 'the same frame twice');
  });

  it.each(['corrupt', 'truncate'])('makes a frame unreadable: %s', async (kind) => {
    const socket = await open(depth);
    await inject({ kind, stream: depth });
    await until(async () => !isJson(await socket.next()), 'a frame that is no JSON');
    expect(isJson(await socket.next())).toBe(true);
  });

  it('stalls a stream while pongs and other streams go on', async () => {
    const socket = await open(`${depth}/ethusdt@depth@100ms`);
    await inject({ kind: 'stall', stream: depth });
    const pong = once(socket.socket, 'pong');
    socket.socket.ping();
    await pong;
    for (let i = 0; i < socket.unread(); i += 1) await socket.next();
    const names = new Set<string>();
    for (let i = 0; i < 10; i += 1) names.add((JSON.parse(await socket.next()) as { stream: string }).stream);
    expect([...names]).toEqual(['ethusdt@depth@100ms']);
    await simulator.control('DELETE', 'faults');
    await socket.nextJson((frame: { stream: string }) => frame.stream === depth);
  });

  it('drops the sockets of a stream and no others', async () => {
    const victim = await open(depth);
    const other = await open('ethusdt@trade');
    const closed = once(victim.socket, 'close');
    expect(await inject({ kind: 'drop', stream: depth })).toEqual({ struck: 1 });
    expect((await closed)[0]).toBe(1006);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  it('goes dead on a half-open socket without closing it, and serves a new one', async () => {
    const victim = await open(depth);
    await victim.next();
    expect(await inject({ kind: 'half-open', stream: depth })).toEqual({ struck: 1 });
    let heard = 0;
    victim.socket.on('pong', () => (heard += 1));
    victim.socket.on('message', () => (heard += 1));
    victim.socket.ping();
    victim.send({ method: 'LIST_SUBSCRIPTIONS', id: 1 });
    const fresh = await open(depth);
    for (let i = 0; i < 5; i += 1) await fresh.next();
    expect([heard, victim.socket.readyState]).toEqual([0, victim.socket.OPEN]);
    victim.socket.close();
    for (let i = 0; i < 5; i += 1) await fresh.next();
    expect(victim.socket.readyState).toBe(victim.socket.CLOSING);
    expect((await simulator.state()).streams[depth]).toBe(1);
  });

  it.each([
    ['rate-limit', 429, { code: -1003 }],
    ['ban', 418, { code: -1003 }],
  ])('answers %s with %i and Retry-After', async (kind, status, body) => {
    await inject({ kind, path: '/api/v3/depth', retryAfterSeconds: 7, count: 1 });
    const refused = await fetch(`${simulator.restUrl}${snapshotPath}`);
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
      status,
      '7',
      body,
    ]);
    expect((await fetch(`${simulator.restUrl}/api/v3/time`)).status).toBe(200);
    expect((await fetch(`${simulator.restUrl}${snapshotPath}`)).status).toBe(200);
  });

  it('answers with a gateway’s page, which ccxt takes for an exchange that is not available', async () => {
    const exchange = await connect();
    await inject({ kind: 'bad-gateway', path: '/api/v3/ticker/24hr' });
    await expect(exchange.fetchTicker('BTC/USDT')).rejects.toMatchObject({ name: 'ExchangeNotAvailable' });
  });

  it('tells a snapshot late that was taken at once', async () => {
    await inject({ kind: 'slow', path: '/api/v3/depth', delayMs: 700, count: 1 });
    const socket = await open(depth);
    const slow = fetch(`${simulator.restUrl}${snapshotPath}`).then((response) => response.json());
    const frames = [await nextDepth(socket), await nextDepth(socket), await nextDepth(socket)];
    const { lastUpdateId } = (await slow) as { lastUpdateId: number };
    expect(lastUpdateId).toBeLessThan(frames[2]!.data.u);
  });

  it('carries a call out and never answers', async () => {
    await inject({ kind: 'reply-lost', path: '/api/v3/klines', count: 1 });
    const path = `${simulator.restUrl}/api/v3/klines?symbol=BTCUSDT&interval=1m`;
    await expect(fetch(path, { signal: AbortSignal.timeout(500) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect((await simulator.state()).rest['GET /api/v3/klines']).toEqual({ calls: 1, weight: 2 });
    expect((await fetch(path)).status).toBe(200);
  });

  it('lists standing faults and lifts one of them', async () => {
    const { id } = (await inject({ kind: 'stall', stream: 'x@*' })) as { id: number };
    await inject({ kind: 'slow', path: '/x' });
    expect((await simulator.state()).faults).toHaveLength(2);
    await simulator.control('DELETE', `faults/${id}`);
    expect((await simulator.state()).faults).toMatchObject([{ fault: { kind: 'slow' } }]);
  });

  it.each([
    ['no JSON', '{', 400],
    ['no object', '[]', 400],
    ['an unknown kind', '{"kind":"dance"}', 400],
    ['a field the kind has not', '{"kind":"gap","delayMs":1}', 400],
    ['a count of nothing', '{"kind":"gap","count":0}', 400],
    ['a count that is text', '{"kind":"gap","count":"1"}', 400],
    ['a negative delay', '{"kind":"slow","delayMs":-1}', 400],
    ['an empty pattern', '{"kind":"gap","stream":""}', 400],
  ])('refuses %s with a sentence', async (_what, body, status) => {
    const response = await fetch(`${simulator.restUrl}/control/faults`, { method: 'POST', body });
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: expect.stringMatching(/\.$/) as string },
    ]);
  });

  it('keeps a page of another name out of the control endpoint', async () => {
    const status = await new Promise((resolve) => {
      const headers = { host: 'rebound.example' };
      get({ port: simulator.port, path: '/control/state', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    expect(status).toBe(403);
  });

  it.each([
    ['GET', '/control/nothing', 404],
    ['DELETE', '/control/faults/999', 404],
    ['PUT', '/control/faults', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    expect((await fetch(`${simulator.restUrl}${path}`, { method })).status).toBe(status);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
