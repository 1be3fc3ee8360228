import { createExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import type { Channel, ExchangePort, Upstream, UpstreamEvent } from '../../src/exchanges/exchangePort';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { ScriptedMexc } from '../kit/scriptedMexc';

type EventOf<Type extends UpstreamEvent['type']> = Extract<UpstreamEvent, { readonly type: Type }>;

const channelOf = (name: string) => `spot@public.aggre.${name}.v3.api.pb@100ms@BTCUSDT`;
const depthChannel = channelOf('depth');
const dealsChannel = channelOf('deals');
const tickerChannel = channelOf('bookTicker');
const klineChannel = 'spot@public.kline.v3.api.pb@BTCUSDT@Min1';

const price = '12345678901234567.123456789012345678';
const neighbour = '12345678901234567.123456789012345679';
const dust = '0.00000001';

describe('MEXC through ccxt', () => {
  let server: ScriptedMexc;
  let exchange: ExchangePort;
  let events: UpstreamEvent[];

  beforeEach(async () => {
    server = new ScriptedMexc();
    events = [];
    const settings = { id: 'scripted', ccxtId: 'mexc', sandbox: false, ...(await server.listen()) };
    const around = { clock: Date.now, random: Math.random, logger: createLogger('silent'), metrics: createMetrics() };
    exchange = createExchangeRegistry({ settings: [settings], ...around }).find('scripted')!;
  });

  afterEach(async () => {
    await exchange.close();
    await server.close();
  });

  const watch = (channel: Channel): Upstream =>
    exchange.watch({ symbol: 'BTC/USDT', channel, listener: (event) => events.push(event) });

  async function open(channel: Channel, name: string): Promise<Upstream> {
    const upstream = watch(channel);
    await eventually(() => server.isSubscribed(name));
    return upstream;
  }

  const told = <Type extends UpstreamEvent['type']>(type: Type): EventOf<Type>[] =>
    events.filter((event): event is EventOf<Type> => event.type === type);

  const book = async (nonce: string) =>
    (await eventually(() => told('orderBook').find((event) => event.book.nonce === nonce))).book;

  type Levels = readonly (readonly [string, string])[];
  const depth = (from: number, to: number, sides: { readonly bids?: Levels; readonly asks?: Levels } = {}): void => {
    const items = (levels: Levels = []) => levels.map(([levelPrice, quantity]) => ({ price: levelPrice, quantity }));
    const versions = { fromVersion: String(from), toVersion: String(to), eventType: 'spot@public.aggre.depth' };
    server.push(depthChannel, { publicAggreDepths: { asks: items(sides.asks), bids: items(sides.bids), ...versions } });
  };

  const deals = (...rows: readonly (readonly [time: number, dealPrice: string])[]): void => {
    const items = rows.map(([time, dealPrice]) => ({ price: dealPrice, quantity: '0.1', tradeType: 1 as const, time }));
    server.push(dealsChannel, { publicAggreDeals: { deals: items, eventType: 'spot@public.aggre.deals' } });
  };

  const restTrade = (time: number, tradePrice: string) => ({
    id: null,
    price: tradePrice,
    qty: '0.1',
    quoteQty: '10',
    time,
    isBuyerMaker: false,
    isBestMatch: true,
    tradeType: 'BID',
  });

  describe('keeps every digit', () => {
    it('of an order book, from the snapshot and from changes, where a float would mix up prices', async () => {
      server.rest.set('/api/v3/depth', () => ({
        lastUpdateId: 100,
        bids: [['9.5', dust]],
        asks: [[price, '1.00000000000000000001']],
      }));
      await open({ kind: 'orderBook' }, depthChannel);
      await book('100');
      depth(101, 102, { asks: [[neighbour, dust]], bids: [['9.500000000000000000000001', '2']] });
      const { asks, bids } = await book('102');
      expect(asks).toEqual([
        { price, amount: '1.00000000000000000001' },
        { price: neighbour, amount: dust },
      ]);
      expect(bids).toEqual([
        { price: '9.500000000000000000000001', amount: '2' },
        { price: '9.5', amount: dust },
      ]);
    });

    it('of a ticker, a trade and a candle', async () => {
      await open({ kind: 'ticker' }, tickerChannel);
      const quotes = { bidPrice: price, bidQuantity: dust, askPrice: neighbour, askQuantity: '2' };
      server.push(tickerChannel, { publicAggreBookTicker: quotes });
      const { ticker } = await eventually(() => told('ticker').find((event) => event.ticker.bid === price));
      expect(ticker).toMatchObject({ bidVolume: dust, ask: neighbour, askVolume: '2', last: '100.5' });

      await open({ kind: 'trades' }, dealsChannel);
      deals([1_700_000_000_001, price]);
      const [trade] = await eventually(() => told('trades').find(({ trades }) => trades.length > 0)?.trades);
      expect(trade).toMatchObject({ price, amount: '0.1', side: 'BUY', exchangeTime: 1_700_000_000_001 });

      await open({ kind: 'candles', timeframe: 'M1' }, klineChannel);
      const prices = { openingPrice: price, highestPrice: neighbour, lowestPrice: '1', closingPrice: dust };
      const window = { interval: 'Min1', windowStart: 1_700_000_040, windowEnd: 1_700_000_100 };
      server.push(klineChannel, { publicSpotKline: { ...window, ...prices, volume: dust, amount: '1' } });
      const { update } = await eventually(() => told('candle')[0]);
      const exact = { open: price, high: neighbour, low: '1', close: dust, volume: dust };
      expect(update.candle).toEqual({ openTime: 1_700_000_040_000, ...exact, closed: false });
    });
  });

  it('tells the book of a market in which nothing changes, and asks for it deeper than ccxt would', async () => {
    const limits: (string | null)[] = [];
    const answer = server.rest.get('/api/v3/depth')!;
    server.rest.set('/api/v3/depth', (query) => {
      limits.push(query.get('limit'));
      return answer(query);
    });
    await open({ kind: 'orderBook' }, depthChannel);
    await book('100');
    expect(limits).toEqual(['1000']);
  });

  it('uses the second half of a window into which the snapshot falls', async () => {
    await open({ kind: 'orderBook' }, depthChannel);
    await book('100');
    depth(95, 102, { bids: [['99.00', '7']] });
    expect((await book('102')).bids).toEqual([
      { price: '100', amount: '1' },
      { price: '99', amount: '7' },
    ]);
  });

  it('begins anew with a snapshot after a missing change, over the same connection', async () => {
    await open({ kind: 'orderBook' }, depthChannel);
    await book('100');
    server.rest.set('/api/v3/depth', () => ({ lastUpdateId: 300, bids: [['90', '1']], asks: [['91', '1']] }));
    depth(201, 202, { bids: [['99.00', '7']] });
    expect((await book('300')).bids).toEqual([{ price: '90', amount: '1' }]);
    expect([told('gap').length, told('disconnected').length, server.connections]).toEqual([1, 0, 1]);
  });

  it('asks for a snapshot again until it is not behind the changes', async () => {
    const ids = [90, 95, 104];
    server.rest.set('/api/v3/depth', () => {
      // The changes 101 to 105 come before each answer.
      if (ids.length === 3) depth(101, 105, { bids: [['99.00', '7']] });
      return { lastUpdateId: ids.shift() ?? 104, bids: [['100', '1']], asks: [['101', '1']] };
    });
    await open({ kind: 'orderBook' }, depthChannel);
    expect((await book('105')).bids).toEqual([
      { price: '100', amount: '1' },
      { price: '99', amount: '7' },
    ]);
  });

  it('keeps the other channels of the connection where a snapshot fails', async () => {
    await open({ kind: 'trades' }, dealsChannel);
    const answer = server.rest.get('/api/v3/depth')!;
    let failures = 0;
    server.rest.set('/api/v3/depth', (query) => {
      failures += 1;
      return failures < 3 ? { status: 502, text: 'bad gateway' } : answer(query);
    });
    watch({ kind: 'orderBook' });
    await book('100');
    expect([failures, told('disconnected').length, server.connections]).toEqual([3, 0, 1]);
  });

  it('tells trades of one millisecond in the order in which they happened, from REST too', async () => {
    const prices = ['3', '1', '2'];
    server.rest.set('/api/v3/trades', () => prices.map((each) => restTrade(1_700_000_000_000, each)).toReversed());
    expect((await exchange.fetchTrades('BTC/USDT', 10)).map((trade) => trade.price)).toEqual(prices);
  });

  it('tells a trade once that both the stream and REST tell', async () => {
    server.rest.set('/api/v3/trades', () => [restTrade(1_700_000_000_002, '6'), restTrade(1_700_000_000_001, '5')]);
    await open({ kind: 'trades' }, dealsChannel);
    await eventually(() => told('trades').length > 0);
    deals([1_700_000_000_002, '6'], [1_700_000_000_003, '7']);
    await eventually(() => told('trades').some(({ trades }) => trades.some((trade) => trade.price === '7')));
    expect(told('trades').flatMap(({ trades }) => trades.map((trade) => trade.price))).toEqual(['5', '6', '7']);
  });

  it.each([
    ['ticker', { kind: 'ticker' }, tickerChannel],
    ['trades', { kind: 'trades' }, dealsChannel],
    ['book', { kind: 'orderBook' }, depthChannel],
    ['candles', { kind: 'candles', timeframe: 'M1' }, klineChannel],
  ] as const)(
    'says that the exchange refuses the channel of a %s, instead of waiting for it',
    async (_what, channel, name) => {
      server.refused.add(name);
      watch(channel);
      await eventually(() => told('refused').length === 1);
    },
  );

  it('sends the end of a channel before its new beginning', async () => {
    await open({ kind: 'trades' }, dealsChannel);
    for (const [kind, name] of [
      ['orderBook', depthChannel],
      ['ticker', tickerChannel],
    ] as const) {
      const upstream = await open({ kind }, name);
      void upstream.close();
      watch({ kind });
      await eventually(() => server.requests.filter((request) => request.endsWith(name)).length === 3);
      expect(
        server.requests.filter((request) => request.endsWith(name)).map((request) => request.split(' ')[0]),
      ).toEqual(['SUBSCRIPTION', 'UNSUBSCRIPTION', 'SUBSCRIPTION']);
      expect(server.isSubscribed(name)).toBe(true);
    }
  });

  it('asks for the tickers of many markets without holding up a snapshot', async () => {
    await exchange.loadMarkets();
    const startedAt = Date.now();
    // At what ccxt charges for all tickers of the exchange, these would take fifteen seconds.
    const tickers = Array.from({ length: 12 }, () => exchange.fetchTickers(['BTC/USDT']));
    await Promise.all([...tickers, exchange.fetchOrderBook('BTC/USDT', 5)]);
    expect(Date.now() - startedAt).toBeLessThan(7_000);
  });

  it('never asks for contracts, which live at another address', async () => {
    await exchange.loadMarkets();
    expect(server.restCalls.filter((path) => path.includes('contract'))).toEqual([]);
  });
});
