import { once } from 'node:events';
import { openExchangeSocket, until, type ExchangeSocket } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

interface Frame {
  readonly stream: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const price = /^\d+\.\d{8}$/;

describe('the wire format of Binance spot', () => {
  let simulator: RunningSimulator;
  const sockets: ExchangeSocket[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({
      seed: 'wire',
      args: ['--rate', '60', '--quiet', 'XRPUSDT', '--ping-interval', '50', '--weight-limit', '100000'],
    });
  });

  afterEach(async () => {
    await Promise.all(sockets.splice(0).map((socket) => socket.close()));
  });

  afterAll(() => simulator.stop());

  async function open(path: string): Promise<ExchangeSocket> {
    const socket = await openExchangeSocket(`${simulator.wsUrl}${path}`);
    sockets.push(socket);
    return socket;
  }

  async function get(path: string): Promise<{ status: number; body: unknown; headers: Headers }> {
    const response = await fetch(`${simulator.restUrl}${path}`);
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  it.each([
    ['/api/v3/depth', -1102],
    ['/api/v3/depth?symbol=', -1102],
    ['/api/v3/depth?symbol=NOPE', -1121],
    ['/api/v3/depth?symbol=btcusdt', -1100],
    ['/api/v3/depth?symbol=BTCUSDT&limit=x', -1100],
    ['/api/v3/depth?symbol=BTCUSDT&limit=0', -1130],
    ['/api/v3/klines?symbol=BTCUSDT', -1102],
    ['/api/v3/klines?symbol=BTCUSDT&interval=7m', -1120],
    ['/api/v3/klines?symbol=BTCUSDT&interval=constructor', -1120],
    ['/api/v3/ticker/24hr?symbols=[BTCUSDT]', -1100],
    ['/api/v3/ticker/price?symbol=BTCUSDT&symbols=["BTCUSDT"]', -1128],
  ])('refuses %s with code %i', async (path, code) => {
    const answer = await get(path);
    expect([answer.status, answer.body]).toEqual([400, { code, msg: expect.any(String) as string }]);
  });

  it('answers a path it does not know with a page, as the exchange does', async () => {
    const response = await fetch(`${simulator.restUrl}/api/v3/nothing`);
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html;charset=UTF-8']);
  });

  it('writes every price and amount with eight decimals', async () => {
    const { body } = await get('/api/v3/ticker/24hr?symbol=ETHBTC');
    const texts = Object.entries(body as object).filter(([name]) => /Price$|Qty$|olume$/.test(name));
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter(([, text]) => !price.test(String(text)))).toEqual([]);
    const klines = (await get('/api/v3/klines?symbol=ETHBTC&interval=1h&limit=1')).body as unknown[][];
    expect(klines[0]).toHaveLength(12);
    expect(klines[0]![1]).toMatch(price);
  });

  it('serves the ten best levels where ten are asked for', async () => {
    const { body } = await get('/api/v3/depth?symbol=BTCUSDT&limit=10');
    expect(body).toMatchObject({ lastUpdateId: expect.any(Number) as number });
    const { bids, asks } = body as { bids: unknown[]; asks: unknown[] };
    expect([bids.length, asks.length]).toEqual([10, 10]);
  });

  it('counts request weight and refuses what goes over it until the minute ends', async () => {
    const small = await startSimulator({ args: ['--weight-limit', '60'] });
    const first = await fetch(`${small.restUrl}/api/v3/depth?symbol=BTCUSDT&limit=1000`);
    expect([first.status, first.headers.get('x-mbx-used-weight-1m')]).toEqual([200, '50']);
    const second = await fetch(`${small.restUrl}/api/v3/depth?symbol=BTCUSDT&limit=1000`);
    const body: unknown = await second.json();
    await small.stop();
    expect([second.status, body]).toMatchObject([429, { code: -1003 }]);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('acknowledges, lists and ends subscriptions', async () => {
    const socket = await open('/stream/7');
    socket.send({ method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@depth@100ms'], id: 1 });
    expect(await socket.nextJson((message: { id?: number }) => message.id === 1)).toEqual({ result: null, id: 1 });
    socket.send({ method: 'LIST_SUBSCRIPTIONS', id: 'list' });
    expect(await socket.nextJson((message: { id?: string }) => message.id === 'list')).toEqual({
      result: ['btcusdt@trade', 'btcusdt@depth@100ms'],
      id: 'list',
    });
    socket.send({ method: 'UNSUBSCRIBE', params: ['btcusdt@trade'], id: 2 });
    await socket.nextJson((message: { id?: number }) => message.id === 2);
    expect((await simulator.state()).streams).toEqual({ 'btcusdt@depth@100ms': 1 });
  });

  it.each([
    ['no JSON at all', '{', 3],
    ['a stream that is none', { method: 'SUBSCRIBE', params: ['btcusdt@nothing'], id: 9 }, 2],
    ['streams that are not a list', { method: 'SUBSCRIBE', params: 'btcusdt@trade', id: 9 }, 2],
    ['an unknown method', { method: 'DANCE', id: 9 }, 2],
    ['an unknown property', { method: 'GET_PROPERTY', params: ['x'], id: 9 }, 0],
  ])('refuses %s and keeps the socket', async (_what, message, code) => {
    const socket = await open('/stream');
    socket.send(message);
    expect(JSON.parse(await socket.next())).toMatchObject({ error: { code } });
    socket.send({ method: 'LIST_SUBSCRIPTIONS', id: 10 });
    expect(JSON.parse(await socket.next())).toEqual({ result: [], id: 10 });
  });

  it('wraps frames under /stream and sends them bare under /ws', async () => {
    const combined = await open('/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker');
    const frame = JSON.parse(await combined.next()) as Frame;
    expect(frame.stream).toMatch(/^(btc|eth)usdt@bookTicker$/);
    expect(Object.keys(frame.data)).toEqual(['u', 's', 'b', 'B', 'a', 'A']);
    const bare = await open('/ws/btcusdt@trade');
    const trade = JSON.parse(await bare.next()) as Frame['data'];
    expect(Object.keys(trade)).toEqual(['e', 'E', 's', 't', 'p', 'q', 'T', 'm', 'M']);
    expect(trade['p']).toMatch(price);
  });

  it('joins depth updates without a gap', async () => {
    const socket = await open('/stream?streams=btcusdt@depth@100ms');
    let last: number | null = null;
    for (let i = 0; i < 20; i += 1) {
      const { data } = JSON.parse(await socket.next()) as { data: { U: number; u: number } };
      expect(data.U).toBeLessThanOrEqual(data.u);
      if (last !== null) expect(data.U).toBe(last + 1);
      last = data.u;
    }
  });

  it('streams partial books, tickers and all mini tickers in the documented shapes', async () => {
    const socket = await open('/stream?streams=btcusdt@depth5@100ms/btcusdt@ticker/!miniTicker@arr/btcusdt@aggTrade');
    const wanted = (stream: string) => socket.nextJson<Frame>((frame) => frame.stream === stream);
    const book = (await wanted('btcusdt@depth5@100ms')).data as { bids: unknown[]; asks: unknown[] };
    expect([book.bids.length, book.asks.length]).toEqual([5, 5]);
    const ticker = (await wanted('btcusdt@ticker')).data;
    expect(Object.keys(ticker).join('')).toBe('eEspPwxcQbBaAohlvqOCFLn');
    const all: unknown = (await wanted('!miniTicker@arr')).data;
    expect(Array.isArray(all)).toBe(true);
    expect(Object.keys((await wanted('btcusdt@aggTrade')).data).join('')).toBe('eEsapqflTmM');
  });

  it('is silent in a quiet market but still answers pings and pings itself', async () => {
    const socket = await open('/stream?streams=xrpusdt@trade/xrpusdt@depth@100ms/xrpusdt@bookTicker');
    const pong = once(socket.socket, 'pong');
    socket.socket.ping('are you there');
    const [data] = (await pong) as [Buffer];
    expect(data.toString()).toBe('are you there');
    await until(() => socket.pings.length >= 3, 'three pings of the server');
    expect(socket.unread()).toBe(0);
  });

  it('says nothing of a market that is not listed', async () => {
    const socket = await open('/stream');
    socket.send({ method: 'SUBSCRIBE', params: ['nopeusdt@trade'], id: 1 });
    expect(JSON.parse(await socket.next())).toEqual({ result: null, id: 1 });
  });

  it('refuses a socket at a path that no exchange has', async () => {
    await expect(open('/elsewhere')).rejects.toThrow('404');
  });
});
