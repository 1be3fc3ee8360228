import { toMarketId } from '../../src/domain/market';
import { ExchangeRegistry } from '../../src/exchanges/exchangeRegistry';
import type { OpenStream, StreamEvent } from '../../src/streams/streamSource';
import { FakeExchange, makeBook, makeCandle, makeTicker, makeTrade } from '../kit/fakeExchange';
import { startMarketPath, type MarketPath } from '../kit/marketPath';

const btc = toMarketId('fake', 'BTC/USDT');
const eth = toMarketId('fake', 'ETH/USDT');

async function take<Event extends StreamEvent>(stream: OpenStream<Event>): Promise<Event> {
  const { value } = await stream.next();
  if (value === undefined) throw new Error('the stream has ended');
  return value;
}

const headOf = ({ meta: { kind, reason } }: StreamEvent): readonly [string, string | null] => [kind, reason];

describe('one who joins a stream late, or comes back to it', () => {
  let exchange: FakeExchange;
  let path: MarketPath;

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    exchange = new FakeExchange();
    path = startMarketPath(new ExchangeRegistry([exchange]));
  });

  afterEach(async () => {
    await path.stop();
    jest.useRealTimers();
  });

  const lose = (kind: 'ticker' | 'trades', symbol: string): void => {
    exchange.upstream(kind, symbol).tell({ type: 'disconnected' });
  };

  const tellTicker = (symbol: string, last: string): void => {
    exchange.upstream('ticker', symbol).tell({ type: 'ticker', ticker: makeTicker('fake', { symbol, last }) });
  };

  const tellTrades = (symbol: string, from: number, to: number): void => {
    const trades = Array.from({ length: to - from + 1 }, (_, index) => makeTrade('fake', from + index, symbol));
    exchange.upstream('trades', symbol).tell({ type: 'trades', trades, isComplete: true });
  };

  const openTickers = async () =>
    (await path.streams.tickers({ marketIds: [btc, eth], intervalMs: 0, after: null })).open();
  const openTrades = async () => (await path.streams.trades({ marketIds: [btc, eth], after: null })).open();

  it('is told nothing before the first event, which is told to all', async () => {
    const stream = (await path.streams.orderBook({ marketId: btc, depth: 2, intervalMs: 0, after: null })).open();
    exchange.upstream('orderBook').tell({ type: 'disconnected' });
    expect(stream.opening(null)).toEqual([]);
    const first = await take(stream);
    expect(stream.opening(null)).toEqual([first]);
  });

  it('is told of the silent markets behind those that are live, like those who were there', async () => {
    const stream = await openTickers();
    tellTicker('BTC/USDT', '1');
    tellTicker('ETH/USDT', '2');
    await take(stream);
    lose('ticker', 'BTC/USDT');
    await take(stream);
    lose('ticker', 'ETH/USDT');
    const { position } = stream;
    await take(stream);
    tellTicker('ETH/USDT', '3');
    const present = [await take(stream), await take(stream)];
    expect(present.map(headOf)).toEqual([
      ['SNAPSHOT', null],
      ['STALE', `SOURCE_DISCONNECTED: ${btc}`],
    ]);
    expect(present.map(({ tickers }) => tickers.map(({ last }) => last))).toEqual([['3'], ['1']]);
    for (const told of [stream.opening(null), stream.since(position)]) {
      expect(told.map(headOf)).toEqual(present.map(headOf));
      expect(told.map(({ tickers }) => tickers)).toEqual(present.map(({ tickers }) => tickers));
    }
  });

  it('is not left believing a market silent that came back while another fell silent', async () => {
    const stream = await openTrades();
    tellTrades('BTC/USDT', 1, 1);
    tellTrades('ETH/USDT', 2, 2);
    await take(stream);
    lose('trades', 'BTC/USDT');
    await take(stream);
    const { position } = stream;
    tellTrades('BTC/USDT', 3, 2);
    expect(await take(stream)).toMatchObject({ trades: [], meta: { kind: 'SNAPSHOT' } });
    lose('trades', 'ETH/USDT');
    const stale = await take(stream);
    expect(stream.since(position).map(headOf)).toEqual([['SNAPSHOT', null], headOf(stale)]);
  });

  it('is told how many trades are lost, those among them that the stream itself had dropped', async () => {
    const stream = await openTrades();
    tellTrades('BTC/USDT', 1, 1);
    tellTrades('ETH/USDT', 2, 2);
    await take(stream);
    const { position } = stream;
    tellTrades('BTC/USDT', 3, 1_302);
    expect((await take(stream)).meta.reason).toBe('TRADES_DROPPED: 300');
    tellTrades('BTC/USDT', 1_303, 1_312);
    await take(stream);
    const [missed] = stream.since(position);
    expect(missed?.meta).toMatchObject({ kind: 'UPDATE', reason: 'TRADES_DROPPED: 310' });
    expect([missed?.trades[0]?.id, missed?.trades.at(-1)?.id]).toEqual(['313', '1312']);
    expect(stream.since(stream.position)).toEqual([]);
  });

  it('is told the book that the next difference belongs to, not the newer one that waits for the interval', async () => {
    const source = await path.streams.orderBook({ marketId: btc, depth: 2, intervalMs: 100, after: null });
    const stream = source.open();
    const tellBook = (price: string): void => {
      const book = makeBook('fake', { bids: [[price, '1']], asks: [['20', '1']], nonce: price });
      exchange.upstream('orderBook').tell({ type: 'orderBook', book });
    };
    tellBook('10');
    await take(stream);
    const next = take(stream);
    tellBook('11');
    const [opening] = stream.opening('RESUME_NOT_AVAILABLE');
    expect(opening).toMatchObject({ meta: { kind: 'SNAPSHOT', reason: 'RESUME_NOT_AVAILABLE' }, nonce: '10' });
    expect(opening?.bids).toEqual([{ price: '10', amount: '1' }]);
    await jest.advanceTimersByTimeAsync(100);
    expect((await next).bids).toEqual([
      { price: '11', amount: '1' },
      { price: '10', amount: '0' },
    ]);
  });

  it('is told the newest candle, though one before it was corrected later', async () => {
    const stream = (await path.streams.candles({ marketId: btc, timeframe: 'M1', after: null })).open();
    const tellCandle = (openTime: number, close: string): void => {
      const update = { marketId: btc, timeframe: 'M1', candle: makeCandle(openTime, close) } as const;
      const event = { type: 'candle', update: { ...update, exchangeTime: null, receivedTime: 1 } } as const;
      exchange.upstream('candles').tell(event);
    };
    tellCandle(60_000, '1');
    await take(stream);
    tellCandle(0, '2');
    await take(stream);
    expect(stream.opening(null)).toMatchObject([{ candle: { openTime: 60_000 }, meta: { kind: 'SNAPSHOT' } }]);
    exchange.upstream('candles').tell({ type: 'disconnected' });
    expect(await take(stream)).toMatchObject({ candle: { openTime: 60_000 }, meta: { kind: 'STALE' } });
    expect(stream.opening(null)).toMatchObject([{ candle: { openTime: 60_000 }, meta: { kind: 'STALE' } }]);
  });
});
