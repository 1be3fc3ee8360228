import { MexcSocket, type MexcFrame } from '../kit/mexcSocket';
import { until } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

const channel = (name: string, market = 'BTCUSDT') => `spot@public.aggre.${name}.v3.api.pb@100ms@${market}`;
const depth = channel('depth');
const plain = /^\d+(\.\d+)?$/;

interface RestBook {
  readonly lastUpdateId: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

/** A book kept as MEXC's documentation says: a snapshot, then the changes that end behind it, each joined to the last. */
class DocumentedBook {
  readonly #sides = { bids: new Map<string, string>(), asks: new Map<string, string>() };
  version: number;

  constructor(snapshot: RestBook) {
    this.version = snapshot.lastUpdateId;
    for (const side of ['bids', 'asks'] as const)
      for (const [price, amount] of snapshot[side]) this.#sides[side].set(price, amount);
  }

  apply(change: NonNullable<MexcFrame['publicAggreDepths']>): void {
    const [from, to] = [Number(change.fromVersion), Number(change.toVersion)];
    if (to <= this.version) return;
    if (from > this.version + 1) throw new Error(`a change is missing before ${from}`);
    for (const side of ['bids', 'asks'] as const) {
      for (const { price, quantity } of change[side] ?? []) {
        if (quantity === '0') this.#sides[side].delete(price);
        else this.#sides[side].set(price, quantity);
      }
    }
    this.version = to;
  }

  best(side: 'bids' | 'asks', count: number): readonly (readonly [string, string])[] {
    const direction = side === 'bids' ? -1 : 1;
    return [...this.#sides[side]].sort(([a], [b]) => direction * (Number(a) - Number(b))).slice(0, count);
  }
}

describe('the wire format of MEXC spot', () => {
  let simulator: RunningSimulator;
  const sockets: MexcSocket[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'mexc-wire', args: ['--rate', '60', '--quiet', 'XRPUSDT'] });
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await simulator.control('DELETE', 'faults');
    await until(async () => (await simulator.state()).connections.length === 0, 'all sockets are gone');
  });

  afterAll(() => simulator.stop());

  async function open(...channels: readonly string[]): Promise<MexcSocket> {
    const socket = await MexcSocket.open(`${simulator.wsUrl}/mexc/ws`);
    sockets.push(socket);
    if (channels.length > 0) await socket.subscribe(...channels);
    return socket;
  }

  async function get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`${simulator.restUrl}/mexc${path}`);
    return { status: response.status, body: await response.json() };
  }

  it.each([
    ['/api/v3/depth', 700_004],
    ['/api/v3/depth?symbol=', 700_004],
    ['/api/v3/depth?symbol=NOPE', -1121],
    ['/api/v3/depth?symbol=BTCUSDT&limit=x', 700_008],
    ['/api/v3/depth?symbol=BTCUSDT&limit=0', 700_008],
    ['/api/v3/klines?symbol=BTCUSDT', 700_004],
    ['/api/v3/klines?symbol=BTCUSDT&interval=1h', -1121],
    ['/api/v3/ticker/24hr?symbols=BTCUSDT,NOPE', -1121],
  ])('refuses %s with code %i', async (path, code) => {
    const answer = await get(path);
    expect(answer).toEqual({ status: 400, body: { code, msg: expect.any(String) as string, _extend: null } });
  });

  it('knows neither other paths, nor other methods, nor other sockets', async () => {
    expect((await fetch(`${simulator.restUrl}/mexc/api/v3/nothing`)).status).toBe(404);
    expect((await fetch(`${simulator.restUrl}/mexc/api/v3/time`, { method: 'POST' })).status).toBe(404);
    const elsewhere = await MexcSocket.open(`${simulator.wsUrl}/mexc/elsewhere`);
    await until(() => elsewhere.socket.readyState === elsewhere.socket.CLOSED, 'the socket is closed');
  });

  it('tells trades without ids, newest first, and candles that end where the next begins', async () => {
    const trades = (await get('/api/v3/trades?symbol=BTCUSDT&limit=50')).body as { id: unknown; time: number }[];
    expect(trades.map(({ id }) => id)).toEqual(trades.map(() => null));
    expect(trades.map(({ time }) => time)).toEqual(trades.map(({ time }) => time).toSorted((a, b) => b - a));
    const rows = (await get('/api/v3/klines?symbol=BTCUSDT&interval=60m&limit=2')).body as number[][];
    expect(rows.map((row) => row.length)).toEqual([8, 8]);
    expect(rows[0]![6]).toBe(rows[1]![0]);
  });

  it('acknowledges, answers pings, and says in words alone what it refuses', async () => {
    const socket = await open();
    expect(await socket.ask({ method: 'SUBSCRIPTION', params: [depth], id: 7 })).toEqual({
      id: 7,
      code: 0,
      msg: depth,
    });
    expect(await socket.ask({ method: 'PING' })).toEqual({ id: 0, code: 0, msg: 'PONG' });
    expect(await socket.ask({ method: 'ping' })).toEqual({ id: 0, code: 0, msg: 'PONG' });
    for (const name of [
      channel('depth', 'NOPE'),
      'spot@public.deals.v3.api@BTCUSDT',
      'spot@public.kline.v3.api.pb@BTCUSDT@Min7',
    ]) {
      const refused = (await socket.subscribe(name)) as { readonly code: number; readonly msg: string };
      expect([refused.code, refused.msg.startsWith(`Not Subscribed successfully! [${name}]`)]).toEqual([0, true]);
    }
    for (const senseless of [
      '{',
      '[]',
      'null',
      '7',
      { method: 'SUBSCRIPTION', params: 'x' },
      { method: 'DANCE', params: [] },
    ])
      expect(await socket.ask(senseless)).toEqual({ id: 0, code: 0, msg: 'msg format invalid' });
    expect((await simulator.state()).streams).toEqual({ [depth]: 1 });
    expect(await socket.ask({ method: 'UNSUBSCRIPTION', params: [depth] })).toEqual({ id: 0, code: 0, msg: depth });
    expect((await simulator.state()).streams).toEqual({});
  });

  it('lets one socket have thirty channels and no more', async () => {
    const socket = await open();
    const { markets } = await simulator.state();
    const names = markets.flatMap((id) => ['deals', 'depth', 'bookTicker'].map((name) => channel(name, id)));
    const klines = ['Min1', 'Min5', 'Min15', 'Min30', 'Min60', 'Hour4', 'Hour8', 'Day1', 'Week1', 'Min1'].map(
      (interval, index) => `spot@public.kline.v3.api.pb@${index < 9 ? 'BTCUSDT' : 'ETHUSDT'}@${interval}`,
    );
    const all = [...names, ...klines];
    const refused = all.slice(30);
    expect(refused.length).toBeGreaterThan(0);
    expect(await socket.subscribe(...all)).toMatchObject({
      msg: expect.stringContaining(`[${refused.join(',')}]`) as string,
    });
    expect(Object.keys((await simulator.state()).streams)).toHaveLength(30);
  });

  it('joins changes without a gap, from which a book follows that equals REST at every common version', async () => {
    const socket = await open(depth);
    await socket.next();
    const snapshot = async () => (await get('/api/v3/depth?symbol=BTCUSDT&limit=1000')).body as RestBook;
    const book = new DocumentedBook(await snapshot());
    let checked = 0;
    while (checked < 5) {
      const truth = await snapshot();
      while (book.version < truth.lastUpdateId) book.apply((await socket.next()).publicAggreDepths!);
      if (book.version !== truth.lastUpdateId) continue;
      for (const side of ['bids', 'asks'] as const) expect(book.best(side, 50)).toEqual(truth[side].slice(0, 50));
      checked += 1;
    }
    const changes = socket.frames.map(({ publicAggreDepths }) => publicAggreDepths!);
    expect(changes[0]?.eventType).toBe('spot@public.aggre.depth.v3.api.pb@100ms');
    for (let i = 1; i < changes.length; i += 1)
      expect(Number(changes[i]!.fromVersion)).toBe(Number(changes[i - 1]!.toVersion) + 1);
  });

  it('streams every trade that REST tells', async () => {
    const socket = await open(channel('deals'));
    await until(() => socket.frames.length >= 5, 'five frames of trades');
    const streamed = socket.frames.flatMap(({ publicAggreDeals }) => publicAggreDeals!.deals);
    const rows = (await get('/api/v3/trades?symbol=BTCUSDT&limit=1000')).body as Record<string, string | number>[];
    const told = rows
      .map(({ price, qty, time, tradeType }) => `${price} ${qty} ${time} ${tradeType === 'BID' ? 1 : 2}`)
      .reverse();
    const texts = streamed.map(({ price, quantity, time, tradeType }) => `${price} ${quantity} ${time} ${tradeType}`);
    const start = told.indexOf(texts[0]!);
    expect(start).toBeGreaterThanOrEqual(0);
    expect(told.slice(start, start + texts.length)).toEqual(texts);
  });

  it('streams best quotes, whole books, candles and the statistics of a day in the documented shapes', async () => {
    const limit = 'spot@public.limit.depth.v3.api.pb@BTCUSDT@5';
    const kline = 'spot@public.kline.v3.api.pb@BTCUSDT@Min60';
    const mini = 'spot@public.miniTicker.v3.api.pb@BTCUSDT@UTC+8';
    const socket = await open(channel('bookTicker'), limit, kline, mini);
    const first = (name: string) => socket.frames.find((frame) => frame.channel === name);
    await until(() => [channel('bookTicker'), limit, kline, mini].every(first), 'a frame of each channel');
    const quotes = first(channel('bookTicker'))!.publicAggreBookTicker!;
    expect(Number(quotes['bidPrice'])).toBeLessThan(Number(quotes['askPrice']));
    const { bids, asks } = first(limit)!.publicLimitDepths!;
    expect([bids.length, asks.length]).toEqual([5, 5]);
    const candle = first(kline)!;
    expect([candle.symbol, candle.sendTime]).toEqual(['BTCUSDT', undefined]);
    expect(Number(candle.createTime)).toBeGreaterThan(1_700_000_000_000);
    expect(candle.publicSpotKline!['interval']).toBe('Min60');
    expect(Number(candle.publicSpotKline!['windowEnd']) - Number(candle.publicSpotKline!['windowStart'])).toBe(3600);
    const day = first(mini)!.publicMiniTicker!;
    for (const name of ['price', 'high', 'low', 'volume', 'quantity']) expect(day[name]).toMatch(plain);
  });

  it('is silent in a quiet market', async () => {
    const socket = await open(channel('deals', 'XRPUSDT'), depth);
    await until(() => socket.frames.length >= 10, 'ten frames of another market');
    expect(socket.frames.filter(({ symbol }) => symbol === 'XRPUSDT')).toEqual([]);
  });

  describe('under faults', () => {
    const inject = (fault: object) => simulator.control('POST', 'faults', fault);
    const changes = (socket: MexcSocket) => socket.frames.map(({ publicAggreDepths }) => publicAggreDepths!);
    /** How many frames are not where the one before them ends. */
    const breaks = (socket: MexcSocket) =>
      changes(socket).filter(
        (change, i, all) => i > 0 && Number(change.fromVersion) !== Number(all[i - 1]!.toVersion) + 1,
      ).length;

    it.each([
      ['gap', 0],
      ['duplicate', 0],
      ['corrupt', 1],
      ['truncate', 1],
    ])('%s spoils one frame, of which %i cannot be read', async (kind, broken) => {
      const socket = await open(depth);
      await socket.next();
      await inject({ kind, stream: depth, count: 1 });
      await until(() => breaks(socket) === 1, 'one frame does not join');
      const seen = socket.frames.length;
      await until(() => socket.frames.length > seen + 3, 'three more frames');
      expect([breaks(socket), socket.broken]).toEqual([1, broken]);
    });

    it('stalls until the fault is lifted, without hurting other channels', async () => {
      const socket = await open(depth, channel('deals'));
      await inject({ kind: 'stall', stream: depth });
      const trades = () => socket.frames.filter(({ publicAggreDeals }) => publicAggreDeals !== undefined).length;
      const before = trades();
      // One more: whatever was on its way when the fault came into force has arrived.
      await until(() => trades() > before, 'trades go on');
      const seen = changes(socket).filter(Boolean).length;
      await until(() => trades() >= before + 6, 'five more frames of trades');
      expect(changes(socket).filter(Boolean).length).toBe(seen);
      await simulator.control('DELETE', 'faults');
      await until(() => changes(socket).filter(Boolean).length > seen, 'changes go on');
    });

    it('drops the sockets of a channel, or leaves them half open', async () => {
      const victim = await open(depth);
      const other = await open(channel('deals'));
      expect(await inject({ kind: 'drop', stream: depth })).toEqual({ struck: 1 });
      await until(() => victim.socket.readyState === victim.socket.CLOSED, 'the socket is cut');
      expect(await inject({ kind: 'half-open', stream: channel('*') })).toEqual({ struck: 1 });
      expect(other.socket.readyState).toBe(other.socket.OPEN);
      expect((await simulator.state()).streams).toEqual({});
    });

    it('refuses calls in its own words', async () => {
      await inject({ kind: 'ban', path: '/mexc/api/v3/time', count: 1 });
      expect(await get('/api/v3/time')).toEqual({
        status: 418,
        body: { code: 429, msg: expect.any(String) as string },
      });
    });
  });
});
