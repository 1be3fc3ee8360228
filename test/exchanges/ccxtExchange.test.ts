import type { AppError } from '../../src/errors/appError';
import { createExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import type { Channel, ExchangePort, Upstream, UpstreamEvent } from '../../src/exchanges/exchangePort';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { ScriptedBinance } from '../kit/scriptedBinance';

type EventOf<Type extends UpstreamEvent['type']> = Extract<UpstreamEvent, { readonly type: Type }>;

const depthStream = 'btcusdt@depth@100ms';
const tradeStream = 'btcusdt@trade';

describe('an exchange through ccxt', () => {
  let server: ScriptedBinance;
  let exchange: ExchangePort;
  let metrics: Metrics;
  let events: UpstreamEvent[];

  beforeEach(async () => {
    server = new ScriptedBinance();
    metrics = createMetrics();
    events = [];
    const settings = { id: 'scripted', ccxtId: 'binance', sandbox: false, ...(await server.listen()) };
    const logger = createLogger('silent');
    const registry = createExchangeRegistry({
      settings: [settings],
      clock: Date.now,
      random: Math.random,
      logger,
      metrics,
    });
    exchange = registry.find('scripted')!;
  });

  afterEach(async () => {
    await exchange.close();
    await server.close();
  });

  async function watch(channel: Channel, stream: string): Promise<Upstream> {
    const upstream = exchange.watch({ symbol: 'BTC/USDT', channel, listener: (event) => events.push(event) });
    await eventually(() => server.isSubscribed(stream));
    return upstream;
  }

  const told = <Type extends UpstreamEvent['type']>(type: Type): EventOf<Type>[] =>
    events.filter((event): event is EventOf<Type> => event.type === type);

  const latest = <Type extends UpstreamEvent['type']>(
    type: Type,
    isWanted: (event: EventOf<Type>) => boolean,
  ): Promise<EventOf<Type>> => eventually(() => told(type).find(isWanted));

  const depth = (U: number, u: number, sides: { readonly b?: string[][]; readonly a?: string[][] }) => {
    server.push(depthStream, {
      e: 'depthUpdate',
      E: 1_700_000_000_000 + u,
      s: 'BTCUSDT',
      U,
      u,
      b: sides.b ?? [],
      a: sides.a ?? [],
    });
  };

  const trade = (id: number, price = '100.50') => {
    server.push(tradeStream, {
      e: 'trade',
      E: 1_700_000_000_000 + id,
      s: 'BTCUSDT',
      t: id,
      p: price,
      q: '0.10',
      T: 1_700_000_000_000 + id,
      m: false,
    });
  };

  const restTrade = (id: number) => ({
    id,
    price: '100.50',
    qty: '0.10',
    quoteQty: '10.05',
    time: 1_700_000_000_000 + id,
    isBuyerMaker: false,
  });

  describe('keeps every digit', () => {
    const price = '12345678901234567.123456789012345678';
    const neighbour = '12345678901234567.123456789012345679';
    const dust = '0.00000001';

    it('of an order book, from the snapshot and from changes, where a float would mix up prices', async () => {
      server.rest.set('/api/v3/depth', () => ({
        lastUpdateId: 100,
        bids: [['9.5', dust]],
        asks: [[price, '1.00000000000000000001']],
      }));
      await watch({ kind: 'orderBook' }, depthStream);
      await latest('orderBook', ({ book }) => book.nonce === '100');
      depth(101, 102, { a: [[neighbour, dust]], b: [['9.500000000000000000000001', '2']] });
      const { book } = await latest('orderBook', (event) => event.book.nonce === '102');
      expect(book.asks).toEqual([
        { price, amount: '1.00000000000000000001' },
        { price: neighbour, amount: dust },
      ]);
      expect(book.bids).toEqual([
        { price: '9.500000000000000000000001', amount: '2' },
        { price: '9.5', amount: dust },
      ]);
    });

    it('of a ticker, a trade and a candle', async () => {
      await watch({ kind: 'ticker' }, 'btcusdt@bookTicker');
      server.push('btcusdt@bookTicker', { u: 1, s: 'BTCUSDT', b: price, B: dust, a: neighbour, A: '2' });
      expect((await latest('ticker', ({ ticker }) => ticker.bid === price)).ticker).toMatchObject({
        bidVolume: dust,
        ask: neighbour,
      });

      await watch({ kind: 'trades' }, tradeStream);
      trade(7, price);
      expect((await latest('trades', ({ trades }) => trades.length > 0)).trades[0]).toMatchObject({
        price,
        amount: '0.1',
      });

      await watch({ kind: 'candles', timeframe: 'M1' }, 'btcusdt@kline_1m');
      const k = {
        t: 1_700_000_040_000,
        s: 'BTCUSDT',
        i: '1m',
        o: price,
        h: neighbour,
        l: '1',
        c: dust,
        v: dust,
        x: false,
      };
      server.push('btcusdt@kline_1m', { e: 'kline', E: 1_700_000_041_000, s: 'BTCUSDT', k });
      const { update } = await latest('candle', () => true);
      expect(update.candle).toEqual({
        openTime: k.t,
        open: price,
        high: neighbour,
        low: '1',
        close: dust,
        volume: dust,
        closed: false,
      });
    });
  });

  it('hands out copies of a book that later changes leave alone', async () => {
    await watch({ kind: 'orderBook' }, depthStream);
    const { book } = await latest('orderBook', (event) => event.book.nonce === '100');
    const before = structuredClone(book);
    depth(101, 101, { b: [['100.00', '5']], a: [['101.00', '0']] });
    await latest('orderBook', (event) => event.book.nonce === '101');
    expect(book).toEqual(before);
  });

  it('builds a book anew where its changes cross it', async () => {
    await watch({ kind: 'orderBook' }, depthStream);
    await latest('orderBook', (event) => event.book.nonce === '100');
    server.rest.set('/api/v3/depth', () => ({ lastUpdateId: 200, bids: [['99', '1']], asks: [['101', '1']] }));
    depth(101, 101, { b: [['102.00', '5']] });
    await latest('orderBook', (event) => event.book.nonce === '200');
    expect(told('gap')).toHaveLength(1);
    expect(told('orderBook').map(({ book }) => book.nonce)).not.toContain('101');
  });

  it.each([
    ['a negative price', ['-1.00', '1']],
    ['an amount that is no number', ['100.00', 'NaN']],
    ['a negative amount', ['100.00', '-3']],
  ])('never passes on %s', async (_what, level) => {
    await watch({ kind: 'orderBook' }, depthStream);
    await latest('orderBook', (event) => event.book.nonce === '100');
    server.rest.set('/api/v3/depth', () => ({ lastUpdateId: 200, bids: [['99', '1']], asks: [['101', '1']] }));
    depth(101, 101, { b: [level] });
    await latest('orderBook', (event) => event.book.nonce === '200');
    expect(told('orderBook').map(({ book }) => book.nonce)).not.toContain('101');
    expect((await metrics.badMarketData.get()).values[0]).toMatchObject({ value: 1 });
  });

  it('fetches the trades that a lost connection has swallowed, each once and in order', async () => {
    server.rest.set('/api/v3/trades', () => [restTrade(1), restTrade(2)]);
    await watch({ kind: 'trades' }, tradeStream);
    await eventually(() => told('trades').length === 1);
    trade(3);
    await latest('trades', ({ trades }) => trades.some(({ id }) => id === '3'));
    server.rest.set('/api/v3/trades', () => [2, 3, 4, 5].map(restTrade));
    server.drop();
    await eventually(() => told('reconnected').length === 1);
    await latest('trades', ({ trades }) => trades.some(({ id }) => id === '5'));
    expect(told('trades').flatMap(({ trades }) => trades.map(({ id }) => id))).toEqual(['1', '2', '3', '4', '5']);
    expect(told('trades').every(({ isComplete }) => isComplete)).toBe(true);
  });

  it('fetches the trades of a lost frame, and says where they are gone', async () => {
    server.rest.set('/api/v3/trades', () => [restTrade(1)]);
    await watch({ kind: 'trades' }, tradeStream);
    await eventually(() => told('trades').length === 1);
    server.rest.set('/api/v3/trades', () => [1, 2, 3].map(restTrade));
    trade(4);
    await latest('trades', ({ trades }) => trades.some(({ id }) => id === '4'));
    server.rest.set('/api/v3/trades', () => [8, 9].map(restTrade));
    trade(10);
    const afterHole = await latest('trades', ({ trades }) => trades.some(({ id }) => id === '10'));
    expect(told('trades').flatMap(({ trades }) => trades.map(({ id }) => id))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '8',
      '9',
      '10',
    ]);
    expect(afterHole.isComplete).toBe(false);
  });

  it('does not ask again while the exchange wants a pause, and says how long that is', async () => {
    await exchange.loadMarkets();
    server.rest.set('/api/v3/trades', () => ({
      status: 429,
      headers: { 'Retry-After': '30' },
      text: '{"code":-1003,"msg":"Too many requests."}',
    }));
    const ask = () => exchange.fetchTrades('BTC/USDT', 10).catch((error: unknown) => error as AppError);
    expect(await ask()).toMatchObject({ code: 'EXCHANGE_RATE_LIMITED' });
    const calls = server.restCalls.length;
    const again = (await ask()) as AppError;
    expect(again.code).toBe('EXCHANGE_RATE_LIMITED');
    expect(again.extensions.retryAfterMs).toBeGreaterThan(25_000);
    expect(server.restCalls).toHaveLength(calls);
  });

  it('translates failures into codes of ours', async () => {
    await exchange.loadMarkets();
    server.rest.set('/api/v3/trades', () => ({ status: 502, headers: {}, text: 'bad gateway' }));
    await expect(exchange.fetchTrades('BTC/USDT', 10)).rejects.toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
    await expect(exchange.fetchTrades('NOPE/USDT', 10)).rejects.toMatchObject({ code: 'MARKET_NOT_FOUND' });
  });

  it('loads the markets again after a first failure', async () => {
    const answer = server.rest.get('/api/v3/exchangeInfo')!;
    server.rest.set('/api/v3/exchangeInfo', () => ({ status: 502, headers: {}, text: 'bad gateway' }));
    await expect(exchange.loadMarkets()).rejects.toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
    server.rest.set('/api/v3/exchangeInfo', answer);
    expect([...(await exchange.loadMarkets()).keys()]).toEqual(['BTC/USDT']);
  });

  it('survives a connection that is lost before the subscription was sent', async () => {
    // The first request waits for ccxt's rate limit; the connection is cut in the meantime.
    for (let round = 0; round < 3; round += 1) {
      const upstreams = (['trades', 'orderBook', 'ticker'] as const).map((kind) =>
        exchange.watch({ symbol: 'BTC/USDT', channel: { kind }, listener: (event) => events.push(event) }),
      );
      await eventually(() => server.connections > 0);
      server.drop();
      await eventually(() => server.isSubscribed(tradeStream) && server.isSubscribed(depthStream));
      await Promise.all(upstreams.map((upstream) => upstream.close()));
      await eventually(() => server.connections === 0);
    }
  });

  it('refuses a market that the exchange does not have', async () => {
    exchange.watch({ symbol: 'NOPE/USDT', channel: { kind: 'trades' }, listener: (event) => events.push(event) });
    await eventually(() => told('refused').length === 1);
    expect(told('refused')[0]?.error.code).toBe('MARKET_NOT_FOUND');
  });
});
