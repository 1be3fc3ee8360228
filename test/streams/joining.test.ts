import { toMarketId } from '../../src/domain/market';
import type { StreamEvent } from '../../src/streams/streamSource';
import { range, take, VirtualMarkets } from '../kit/virtualMarkets';

const btc = toMarketId('fake', 'BTC/USDT');
const eth = toMarketId('fake', 'ETH/USDT');

const headOf = ({ meta: { kind, reason } }: StreamEvent): readonly [string, string | null] => [kind, reason];

describe('one who joins a stream late, or comes back to it', () => {
  let markets: VirtualMarkets;

  beforeEach(() => {
    markets = new VirtualMarkets();
  });

  afterEach(() => markets.stop());

  const openTickers = async () =>
    (await markets.streams.tickers({ marketIds: [btc, eth], intervalMs: 0, after: null })).open();
  const openTrades = async () => (await markets.streams.trades({ marketIds: [btc, eth], after: null })).open();

  it('is told nothing before the first event, which is told to all', async () => {
    const stream = (await markets.streams.orderBook({ marketId: btc, depth: 2, intervalMs: 0, after: null })).open();
    markets.lose('orderBook');
    expect(stream.opening(null)).toEqual([]);
    const first = await take(stream);
    expect(stream.opening(null)).toEqual([first]);
  });

  it('is told of the silent markets behind those that are live, like those who were there', async () => {
    const stream = await openTickers();
    markets.tellTicker('1');
    markets.tellTicker('2', 'ETH/USDT');
    await take(stream);
    markets.lose('ticker');
    await take(stream);
    markets.lose('ticker', 'ETH/USDT');
    const { position } = stream;
    await take(stream);
    markets.tellTicker('3', 'ETH/USDT');
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
    markets.tellTrades([1]);
    markets.tellTrades([2], { symbol: 'ETH/USDT' });
    await take(stream);
    markets.lose('trades');
    await take(stream);
    const { position } = stream;
    markets.tellTrades([]);
    expect(await take(stream)).toMatchObject({ trades: [], meta: { kind: 'SNAPSHOT' } });
    markets.lose('trades', 'ETH/USDT');
    const stale = await take(stream);
    expect(stream.since(position).map(headOf)).toEqual([['SNAPSHOT', null], headOf(stale)]);
  });

  it('is told how many trades are lost, those among them that the stream itself had dropped', async () => {
    const stream = await openTrades();
    markets.tellTrades([1]);
    markets.tellTrades([2], { symbol: 'ETH/USDT' });
    await take(stream);
    const { position } = stream;
    markets.tellTrades(range(3, 1_302));
    expect((await take(stream)).meta.reason).toBe('TRADES_DROPPED: 300');
    markets.tellTrades(range(1_303, 1_312));
    await take(stream);
    const [missed] = stream.since(position);
    expect(missed?.meta).toMatchObject({ kind: 'UPDATE', reason: 'TRADES_DROPPED: 310' });
    expect([missed?.trades[0]?.id, missed?.trades.at(-1)?.id]).toEqual(['313', '1312']);
    expect(stream.since(stream.position)).toEqual([]);
  });

  it('is told the book that the next difference belongs to, not the newer one that waits for the interval', async () => {
    const source = await markets.streams.orderBook({ marketId: btc, depth: 2, intervalMs: 100, after: null });
    const stream = source.open();
    markets.tellBook('10', [['10', '1']]);
    await take(stream);
    const next = take(stream);
    markets.tellBook('11', [['11', '1']]);
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
    const stream = (await markets.streams.candles({ marketId: btc, timeframe: 'M1', after: null })).open();
    markets.tellCandle(60_000, '1');
    await take(stream);
    markets.tellCandle(0, '2');
    await take(stream);
    expect(stream.opening(null)).toMatchObject([{ candle: { openTime: 60_000 }, meta: { kind: 'SNAPSHOT' } }]);
    markets.lose('candles');
    expect(await take(stream)).toMatchObject({ candle: { openTime: 60_000 }, meta: { kind: 'STALE' } });
    expect(stream.opening(null)).toMatchObject([{ candle: { openTime: 60_000 }, meta: { kind: 'STALE' } }]);
  });
});
