import { openLiveStream } from '../../src/simulator/binance/streams/marketStreams';
import { StreamHub, type Subscriber } from '../../src/simulator/binance/streams/streamHub';
import { parseStreamName } from '../../src/simulator/binance/streams/streamName';
import { emptyHistory } from '../../src/simulator/engine/candleBook';
import { SimulatedMarket } from '../../src/simulator/engine/simulatedMarket';
import type { VenueMarket } from '../../src/simulator/engine/venue';

const spec = {
  id: 'BTCUSDT',
  base: 'BTC',
  quote: 'USDT',
  priceDecimals: 2,
  amountDecimals: 5,
  minNotional: '5',
  maxAmount: '9000',
};

interface KlineFrame {
  readonly k: { readonly t: number; readonly x: boolean; readonly n: number; readonly c: string };
}

describe('a market’s streams', () => {
  const start = Date.UTC(2026, 0, 5, 12, 0, 30);
  let market: SimulatedMarket;
  let frames: string[];

  beforeEach(() => {
    jest.useFakeTimers({ now: start });
    market = new SimulatedMarket({ spec, history: emptyHistory, firstTradeId: 1, now: Date.now });
    frames = [];
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function open(name: string) {
    const venue = { markets: new Map<string, VenueMarket>([[spec.id, market]]), now: Date.now };
    return openLiveStream(venue, name, { emit: (data) => frames.push(data), drained: () => null })!;
  }

  const rest = (side: 'BUY' | 'SELL', priceTicks: number, lots = 10) =>
    market.place({ id: market.nextOrderId(), side, priceTicks, lots, timeInForce: 'GTC' }, Date.now());

  function trade(priceTicks: number): void {
    rest('SELL', priceTicks, 1);
    rest('BUY', priceTicks, 1);
  }

  const read = <T>() => frames.splice(0).map((frame) => JSON.parse(frame) as T);

  it('close each candle exactly once, those without a trade too, and go on with the next', () => {
    trade(10_000);
    open('btcusdt@kline_1m');
    jest.advanceTimersByTime(1000);
    expect(read<KlineFrame>().map(({ k }) => [k.x, k.n])).toEqual([[false, 1]]);
    jest.advanceTimersByTime(10_000);
    expect(read()).toEqual([]);
    trade(10_100);
    jest.advanceTimersByTime(19_500);
    const [update, closing, opening, ...more] = read<KlineFrame>();
    expect([update!.k.x, update!.k.n]).toEqual([false, 2]);
    expect(closing!.k).toMatchObject({ t: start - 30_000, x: true, n: 2, c: '101.00000000' });
    expect(opening!.k).toMatchObject({ t: start + 30_000, x: false, n: 0, c: '101.00000000' });
    expect(more).toEqual([]);
    jest.advanceTimersByTime(120_000);
    const closed = read<KlineFrame>().filter(({ k }) => k.x);
    expect(closed.map(({ k }) => k.t)).toEqual([start + 30_000, start + 90_000]);
  });

  it('tell a ticker at once a second, and only when something has changed', () => {
    trade(10_000);
    open('btcusdt@ticker');
    jest.advanceTimersByTime(5000);
    expect(read()).toHaveLength(1);
    trade(10_100);
    rest('BUY', 9_900);
    jest.advanceTimersByTime(5000);
    expect(read<{ c: string; b: string }>()).toMatchObject([{ c: '101.00000000', b: '99.00000000' }]);
  });

  it('gather a window’s changes to one depth update, the last word on each level', () => {
    rest('BUY', 9_000);
    const before = market.updateId;
    open('btcusdt@depth@100ms');
    rest('BUY', 9_900, 10);
    rest('BUY', 9_900, 5);
    rest('SELL', 10_100, 7);
    jest.advanceTimersByTime(250);
    rest('SELL', 9_900, 15);
    jest.advanceTimersByTime(1000);
    expect(read<{ U: number; u: number; b: string[][]; a: string[][] }>()).toMatchObject([
      { U: before + 1, u: before + 3, b: [['99.00000000', '0.00015000']], a: [['101.00000000', '0.00007000']] },
      { U: before + 4, u: before + 4, b: [['99.00000000', '0.00000000']], a: [] },
    ]);
  });

  it('tell the best quotes whenever they change and not otherwise', () => {
    rest('BUY', 9_900);
    open('btcusdt@bookTicker');
    rest('BUY', 9_800);
    rest('BUY', 9_900, 5);
    rest('SELL', 10_100);
    expect(read<{ B: string; a: string }>().map(({ B, a }) => [B, a])).toEqual([
      ['0.00015000', '0.00000000'],
      ['0.00015000', '101.00000000'],
    ]);
  });

  it('say nothing more once they are closed', () => {
    const names = ['trade', 'aggTrade', 'bookTicker', 'ticker', 'miniTicker', 'depth', 'depth5', 'kline_1m'];
    for (const close of [...names.map((name) => open(`btcusdt@${name}`)), open('!miniTicker@arr')]) close();
    trade(10_000);
    rest('BUY', 9_900);
    jest.advanceTimersByTime(70_000);
    expect(frames).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the stream hub', () => {
  const subscriber = (isCombined: boolean): Subscriber & { readonly heard: string[] } => {
    const heard: string[] = [];
    return { heard, isCombined, sendFrame: (_stream, frame) => heard.push(frame), drained: () => null };
  };

  it('opens a stream once for all who hear it and closes it with the last', () => {
    const log: string[] = [];
    let emit: (data: string) => void = () => undefined;
    const hub = new StreamHub((name, sink) => {
      log.push(`open ${name}`);
      emit = sink.emit;
      return () => log.push(`close ${name}`);
    });
    const [combined, bare] = [subscriber(true), subscriber(false)];
    hub.subscribe('a@trade', combined);
    hub.subscribe('a@trade', bare);
    emit('{"t":1}');
    hub.unsubscribe('a@trade', combined);
    emit('{"t":2}');
    hub.unsubscribe('a@trade', combined);
    expect(log).toEqual(['open a@trade']);
    hub.unsubscribe('a@trade', bare);
    expect(log).toEqual(['open a@trade', 'close a@trade']);
    expect([combined.heard, bare.heard]).toEqual([['{"stream":"a@trade","data":{"t":1}}'], ['{"t":1}', '{"t":2}']]);
  });
});

describe('the name of a stream', () => {
  it.each([
    ['btcusdt@trade', { channel: 'trade', symbol: 'BTCUSDT' }],
    ['btcusdt@depth', { channel: 'depth', symbol: 'BTCUSDT', speedMs: 1000 }],
    ['btcusdt@depth@100ms', { channel: 'depth', symbol: 'BTCUSDT', speedMs: 100 }],
    ['btcusdt@depth20@100ms', { channel: 'partialDepth', symbol: 'BTCUSDT', levels: 20, speedMs: 100 }],
    ['btcusdt@kline_1h', { channel: 'kline', symbol: 'BTCUSDT', interval: '1h', intervalMs: 3_600_000 }],
    ['!miniTicker@arr', { channel: 'allMiniTickers' }],
  ])('%s is understood', (name, request) => {
    expect(parseStreamName(name)).toEqual(request);
  });

  it.each([
    'btcusdt',
    'BTCUSDT@trade',
    'btcusdt@trade@100ms',
    'btcusdt@trade5',
    'btcusdt@depth7',
    'btcusdt@depth@50ms',
    'btcusdt@depth_1m',
    'btcusdt@kline',
    'btcusdt@kline_7m',
    'btcusdt@ticker_1h',
    '@trade',
    `${'a'.repeat(21)}@trade`,
    '',
  ])('%p is none', (name) => {
    expect(parseStreamName(name)).toBeNull();
  });
});
