import { tickerTopic } from '../../src/bus/marketTopics';
import { toMarketId } from '../../src/domain/market';
import { AppError } from '../../src/errors/appError';
import { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import { FakeExchange, makeBook, makeCandle, makeTicker, makeTrade } from '../kit/fakeExchange';
import { startMarketPath, type MarketPath } from '../kit/marketPath';

const btc = toMarketId('fake', 'BTC/USDT');
const eth = toMarketId('fake', 'ETH/USDT');

describe('market data for queries', () => {
  let exchange: FakeExchange;
  let other: FakeExchange;
  let path: MarketPath;

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    exchange = new FakeExchange();
    other = new FakeExchange('other', ['SOL/USDT']);
    path = startMarketPath(new ExchangeRegistry([exchange, other]));
  });

  afterEach(async () => {
    await path.stop();
    jest.useRealTimers();
  });

  const questions = (): string[] => exchange.calls.filter((call) => call !== 'loadMarkets');
  const openTicker = async () => (await path.streams.tickers({ marketIds: [btc], intervalMs: 0, after: null })).open();

  it('lists the markets of all exchanges by id, filtered', async () => {
    const ids = async (filter: object) => (await path.marketData.markets({ first: 10, ...filter })).map(({ id }) => id);
    expect(await ids({})).toEqual([btc, eth, 'other:SOL/USDT']);
    expect(await ids({ exchange: 'other' })).toEqual(['other:SOL/USDT']);
    expect(await ids({ search: 'eth' })).toEqual([eth]);
    expect(await ids({ type: 'SWAP' })).toEqual([]);
    expect(await ids({ first: 1 })).toEqual([btc]);
    expect(await ids({ exchange: 'nowhere' })).toEqual([]);
  });

  it('lists what it knows where one exchange is down, and fails where all that are asked are', async () => {
    other.isDown = true;
    expect(await path.marketData.markets({ first: 10 })).toHaveLength(2);
    await expect(path.marketData.markets({ first: 10, exchange: 'other' })).rejects.toMatchObject({
      code: 'EXCHANGE_UNAVAILABLE',
    });
  });

  it('finds a market, and says null where there is none', async () => {
    expect(await path.marketData.market(btc)).toMatchObject({ id: btc, base: 'BTC', quote: 'USDT' });
    for (const id of ['fake:NOPE/USDT', 'nowhere:BTC/USDT', 'no id'])
      expect(await path.marketData.market(id)).toBeNull();
  });

  it('asks once for all who ask at the same time or shortly after, then again', async () => {
    await Promise.all(Array.from({ length: 50 }, () => path.marketData.ticker(btc)));
    await path.marketData.ticker(btc);
    expect(questions()).toEqual(['fetchTickers BTC/USDT']);
    jest.setSystemTime(Date.now() + 1_000);
    await path.marketData.ticker(btc);
    expect(questions()).toHaveLength(2);
  });

  it('does not remember a failure', async () => {
    await path.marketData.markets({ first: 1 });
    exchange.isDown = true;
    await expect(path.marketData.trades(btc, 5)).rejects.toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
    exchange.isDown = false;
    expect(await path.marketData.trades(btc, 5)).toHaveLength(1);
  });

  it('asks nothing where an open feed knows the answer', async () => {
    const stream = await openTicker();
    exchange.upstream('ticker').tell({ type: 'ticker', ticker: makeTicker('fake', { last: '7' }) });
    expect((await path.marketData.ticker(btc)).last).toBe('7');
    expect(questions()).toEqual([]);
    expect((await path.marketData.tickers([eth, btc])).map(({ marketId, last }) => [marketId, last])).toEqual([
      [eth, '1'],
      [btc, '7'],
    ]);
    expect(questions()).toEqual(['fetchTickers ETH/USDT']);
    await stream.return?.();
  });

  it('does not answer from a feed that is stale or closed', async () => {
    const stream = await openTicker();
    exchange.upstream('ticker').tell({ type: 'ticker', ticker: makeTicker('fake', { last: '7' }) });
    exchange.upstream('ticker').tell({ type: 'disconnected' });
    expect((await path.marketData.ticker(btc)).last).toBe('1');
    exchange.upstream('ticker').tell({ type: 'ticker', ticker: makeTicker('fake', { last: '8' }) });
    await stream.return?.();
    await jest.advanceTimersByTimeAsync(1_500);
    expect((await path.marketData.ticker(btc)).last).toBe('1');
  });

  it('cuts books and trades to what was asked', async () => {
    const books = await path.streams.orderBook({ marketId: btc, depth: 5, intervalMs: 0, after: null });
    const stream = books.open();
    const book = makeBook('fake', {
      bids: [
        ['3', '1'],
        ['2', '1'],
      ],
      asks: [
        ['4', '1'],
        ['5', '1'],
      ],
      nonce: '9',
    });
    exchange.upstream('orderBook').tell({ type: 'orderBook', book });
    expect(await path.marketData.orderBook(btc, 1)).toMatchObject({
      bids: [{ price: '3' }],
      asks: [{ price: '4' }],
      nonce: '9',
    });
    const trades = (await path.streams.trades({ marketIds: [btc], after: null })).open();
    const told = [1, 2, 3].map((id) => makeTrade('fake', id));
    exchange.upstream('trades').tell({ type: 'trades', trades: told, isComplete: true });
    expect((await path.marketData.trades(btc, 2)).map(({ id }) => id)).toEqual(['2', '3']);
    expect(questions()).toEqual([]);
    // The feed has three trades; more than that only the exchange has.
    await path.marketData.trades(btc, 4);
    expect(questions()).toEqual(['fetchTrades BTC/USDT 4']);
    await stream.return?.();
    await trades.return?.();
  });

  describe('of candles', () => {
    const now = Date.UTC(2024, 0, 1);
    const genesis = Date.UTC(2009, 0, 3);
    const candles = (range: { since?: number; until?: number }, first = 10) =>
      path.marketData.candles(btc, 'M1', { ...range, first });

    beforeEach(() => {
      jest.setSystemTime(now);
    });

    it('gives those of a range, its end excluded', async () => {
      exchange.candles = [3, 2, 1].map((minutes) => makeCandle(now - minutes * 60_000, '1', true));
      const found = await candles({ since: now - 120_000, until: now - 60_000 });
      expect(found.map(({ openTime }) => openTime)).toEqual([now - 120_000]);
      await candles({ until: now }, 2);
      await candles({}, 2);
      expect(questions()).toEqual([
        `fetchCandles BTC/USDT M1 ${now - 120_000} 10`,
        `fetchCandles BTC/USDT M1 ${now - 120_000} 2`,
        'fetchCandles BTC/USDT M1 latest 2',
      ]);
    });

    it.each([
      ['long before 1970', { since: -8.64e15, until: -8.6e15 }],
      ['up to a time before 1970', { until: -1 }],
      ['before there was any market', { since: 0, until: genesis }],
      ['in the future', { since: now + 61_000 }],
      ['far in the future', { since: 8.6e15, until: 8.64e15 }],
    ])('knows without asking that there are none %s', async (_when, range) => {
      expect(await candles(range)).toEqual([]);
      expect(questions()).toEqual([]);
    });

    it('asks for the oldest where the range begins before all markets', async () => {
      exchange.candles = [makeCandle(genesis + 60_000, '1', true)];
      for (const range of [{ since: -8.64e15 }, { since: -1, until: now }, { until: genesis + 120_000 }])
        expect(await candles(range)).toHaveLength(1);
      expect(questions()).toEqual([`fetchCandles BTC/USDT M1 ${genesis} 10`]);
    });

    it('does not answer for a market that is not there', async () => {
      await expect(path.marketData.candles('fake:NOPE/USDT', 'M1', { until: -1, first: 1 })).rejects.toMatchObject({
        code: 'MARKET_NOT_FOUND',
      });
    });
  });

  it.each([
    ['a depth of 0', () => path.marketData.orderBook(btc, 0)],
    ['a depth of 501', () => path.marketData.orderBook(btc, 501)],
    ['0 trades', () => path.marketData.trades(btc, 0)],
    ['1,001 candles', () => path.marketData.candles(btc, 'M1', { first: 1_001 })],
    ['a range that ends before it begins', () => path.marketData.candles(btc, 'M1', { since: 2, until: 1, first: 1 })],
    ['a range that ends where it begins', () => path.marketData.candles(btc, 'M1', { since: 2, until: 2, first: 1 })],
  ])('refuses %s', async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(exchange.calls).toEqual([]);
  });

  it('knows no health of a market whose feeds are closed but what was counted', async () => {
    expect(path.marketData.health(btc)).toEqual({
      lastEventAt: null,
      aliveAt: null,
      stale: false,
      gaps: 0,
      resyncs: 0,
      reconnects: 0,
    });
    const stream = await openTicker();
    exchange.upstream('ticker').tell({ type: 'ticker', ticker: makeTicker('fake', { last: '7' }) });
    exchange.upstream('ticker').tell({ type: 'reconnected' });
    expect(path.marketData.health(btc)).toMatchObject({ lastEventAt: 1_000_000, aliveAt: 1_000_000, reconnects: 1 });
    await stream.return?.();
    await jest.advanceTimersByTimeAsync(1_500);
    expect(path.marketData.health(btc)).toMatchObject({
      lastEventAt: 1_000_000,
      aliveAt: null,
      stale: false,
      reconnects: 1,
    });
  });

  it('forgets what was counted for a market that turned out not to be there', async () => {
    const leave = path.bus.subscribe(tickerTopic(btc), () => undefined);
    exchange.upstream('ticker').tell({ type: 'reconnected' });
    exchange.upstream('ticker').tell({ type: 'refused', error: new AppError('MARKET_NOT_FOUND') });
    expect(path.marketData.health(btc)).toMatchObject({ reconnects: 1 });
    leave();
    await jest.advanceTimersByTimeAsync(1_500);
    expect(path.marketData.health(btc)).toMatchObject({ reconnects: 0 });
  });
});
