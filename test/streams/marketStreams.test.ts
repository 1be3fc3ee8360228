import { toMarketId } from '../../src/domain/market';
import { AppError } from '../../src/errors/appError';
import { maxWaitingTrades } from '../../src/streams/tradeInbox';
import { range, take, VirtualMarkets } from '../kit/virtualMarkets';

const btc = toMarketId('fake', 'BTC/USDT');
const eth = toMarketId('fake', 'ETH/USDT');
const everyEvent = { intervalMs: 0, after: null };

describe('the streams of market data', () => {
  let markets: VirtualMarkets;

  beforeEach(() => {
    markets = new VirtualMarkets();
  });

  afterEach(() => markets.stop());

  /** Opens it for one reader. */
  async function begin<Event>(
    source: Promise<AsyncIterable<Event, undefined>>,
  ): Promise<AsyncIterator<Event, undefined>> {
    return (await source)[Symbol.asyncIterator]();
  }

  const dropped = async (channel: string): Promise<number> => {
    const { values } = await markets.path.metrics.mailboxDropped.get();
    return values.find(({ labels }) => labels.channel === channel)?.value ?? 0;
  };

  describe('tickers', () => {
    it('open when every market has said something, in the order of the subscription', async () => {
      const stream = await begin(markets.streams.tickers({ marketIds: [eth, btc, eth], ...everyEvent }));
      const opening = take(stream);
      markets.tellTicker('1');
      markets.tellTicker('2', 'ETH/USDT');
      const { meta, tickers } = await opening;
      expect(meta).toMatchObject({ kind: 'SNAPSHOT', seq: '1' });
      expect(tickers.map(({ marketId, last }) => [marketId, last])).toEqual([
        [eth, '2'],
        [btc, '1'],
      ]);
    });

    it('keep the newest of each market when the reader is slow, and count what was left out', async () => {
      const stream = await begin(markets.streams.tickers({ marketIds: [btc, eth], ...everyEvent }));
      markets.tellTicker('1');
      markets.tellTicker('1', 'ETH/USDT');
      await take(stream);
      for (let last = 2; last <= 10_001; last += 1) markets.tellTicker(String(last));
      const { meta, tickers } = await take(stream);
      expect(meta).toMatchObject({ kind: 'UPDATE', seq: '2' });
      expect(tickers.map(({ last }) => last)).toEqual(['10001']);
      expect(await dropped('ticker')).toBe(9_999);
    });

    it('go STALE for one market while the other goes on, and return with a SNAPSHOT of both', async () => {
      const stream = await begin(markets.streams.tickers({ marketIds: [btc, eth], ...everyEvent }));
      markets.tellTicker('1');
      markets.tellTicker('2', 'ETH/USDT');
      await take(stream);
      markets.lose('ticker');
      const stale = await take(stream);
      expect(stale.meta).toMatchObject({ kind: 'STALE', reason: `SOURCE_DISCONNECTED: ${btc}` });
      expect(stale.tickers.map(({ last }) => last)).toEqual(['1']);
      markets.tellTicker('3', 'ETH/USDT');
      expect((await take(stream)).meta.kind).toBe('UPDATE');
      markets.tellTicker('4');
      const back = await take(stream);
      expect(back.meta.kind).toBe('SNAPSHOT');
      expect(back.tickers.map(({ last }) => last)).toEqual(['4', '3']);
    });

    it('do not tell a slow reader of a silence that is already over', async () => {
      const stream = await begin(markets.streams.tickers({ marketIds: [btc], ...everyEvent }));
      markets.tellTicker('1');
      await take(stream);
      markets.lose('ticker');
      markets.tellTicker('2');
      expect((await take(stream)).meta.kind).toBe('SNAPSHOT');
    });

    it('say why they do not resume, and refuse what is no cursor', async () => {
      const stream = await begin(markets.streams.tickers({ marketIds: [btc], ...everyEvent }));
      markets.tellTicker('1');
      const { meta } = await take(stream);
      const resumed = await begin(markets.streams.tickers({ marketIds: [btc], intervalMs: 0, after: meta.cursor }));
      expect((await take(resumed)).meta).toMatchObject({ kind: 'SNAPSHOT', seq: '1', reason: 'RESUME_NOT_AVAILABLE' });
      const refused = markets.streams.tickers({ marketIds: [btc], intervalMs: 0, after: 'nonsense' });
      await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    });

    it.each([-1, 60_001, 1.5, NaN])('refuse an interval of %d ms', async (intervalMs) => {
      const refused = markets.streams.tickers({ marketIds: [btc], intervalMs, after: null });
      await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(markets.exchange.upstreams).toHaveLength(0);
    });

    it.each([[[]], [['nowhere:BTC/USDT']], [['fake:NOPE/USDT']], [['no id']]])(
      'refuse the markets %j',
      async (marketIds) => {
        const refused = markets.streams.tickers({ marketIds, ...everyEvent });
        const code = marketIds.length === 0 ? 'BAD_USER_INPUT' : 'MARKET_NOT_FOUND';
        await expect(refused).rejects.toMatchObject({ code });
        expect(markets.exchange.upstreams).toHaveLength(0);
      },
    );

    it('open while the exchange is down, and end where it turns out that there is no such market', async () => {
      markets.exchange.isDown = true;
      const stream = await begin(markets.streams.tickers({ marketIds: ['fake:NOPE/USDT'], ...everyEvent }));
      const opening = take(stream);
      const upstream = markets.exchange.upstream('ticker', 'NOPE/USDT');
      upstream.tell({ type: 'refused', error: new AppError('MARKET_NOT_FOUND') });
      await expect(opening).rejects.toMatchObject({ code: 'MARKET_NOT_FOUND' });
    });
  });

  describe('order books', () => {
    const open = (depth = 2) => begin(markets.streams.orderBook({ marketId: btc, depth, ...everyEvent }));
    const bidsOf = (event: { readonly bids: readonly { readonly price: string; readonly amount: string }[] }) =>
      event.bids.map(({ price, amount }) => [price, amount]);

    it('open with the whole top and go on with what has changed in it', async () => {
      const stream = await open();
      markets.tellBook('1', [
        ['10', '1'],
        ['9', '1'],
        ['8', '1'],
      ]);
      const snapshot = await take(stream);
      expect(snapshot).toMatchObject({ nonce: '1', meta: { kind: 'SNAPSHOT' } });
      expect(bidsOf(snapshot)).toEqual([
        ['10', '1'],
        ['9', '1'],
      ]);
      markets.tellBook('2', [
        ['10', '5'],
        ['8', '1'],
      ]);
      const update = await take(stream);
      expect(update).toMatchObject({ nonce: '2', asks: [], meta: { kind: 'UPDATE' } });
      // A level that rises into the asked depth is told, though it has not changed.
      expect(bidsOf(update)).toEqual([
        ['10', '5'],
        ['9', '0'],
        ['8', '1'],
      ]);
    });

    it('conflate to one difference from what this reader knows', async () => {
      const stream = await open();
      markets.tellBook('1', [['10', '1']]);
      await take(stream);
      for (let nonce = 2; nonce <= 5_000; nonce += 1)
        markets.tellBook(String(nonce), [
          ['10', String(nonce)],
          ['9', '1'],
        ]);
      markets.tellBook('5001', [
        ['10', '1'],
        ['9', '2'],
      ]);
      const update = await take(stream);
      expect(update.nonce).toBe('5001');
      expect(bidsOf(update)).toEqual([['9', '2']]);
      expect(await dropped('orderBook')).toBe(4_999);
    });

    it('are silent about changes below the asked depth', async () => {
      const stream = await open(1);
      markets.tellBook('1', [
        ['10', '1'],
        ['9', '1'],
      ]);
      await take(stream);
      const next = take(stream);
      markets.tellBook('2', [
        ['10', '1'],
        ['9', '7'],
      ]);
      markets.tellBook('3', [
        ['10', '2'],
        ['9', '7'],
      ]);
      expect((await next).nonce).toBe('3');
    });

    it('begin again with a SNAPSHOT after STALE', async () => {
      const stream = await open();
      markets.tellBook('1', [['10', '1']]);
      await take(stream);
      markets.lose('orderBook');
      expect(await take(stream)).toMatchObject({
        bids: [],
        asks: [],
        meta: { kind: 'STALE', reason: 'SOURCE_DISCONNECTED' },
      });
      markets.tellBook('7', [['10', '1']]);
      const back = await take(stream);
      expect(back.meta.kind).toBe('SNAPSHOT');
      expect(bidsOf(back)).toEqual([['10', '1']]);
    });

    it('do not tell after STALE what the interval held back before it', async () => {
      const intervalMs = 100;
      const stream = await begin(markets.streams.orderBook({ marketId: btc, depth: 2, intervalMs, after: null }));
      markets.tellBook('1', [['10', '1']]);
      await take(stream);
      markets.tellBook('2', [['10', '2']]);
      markets.lose('orderBook');
      expect((await take(stream)).meta.kind).toBe('STALE');
      const next = take(stream);
      await jest.advanceTimersByTimeAsync(2 * intervalMs);
      markets.tellBook('7', [['10', '2']]);
      const back = await next;
      expect([back.meta.kind, bidsOf(back)]).toEqual(['SNAPSHOT', [['10', '2']]]);
    });

    it('bridge a short loss of sequence, and go STALE where it lasts', async () => {
      const stream = await open();
      markets.tellBook('1', [['10', '1']]);
      await take(stream);
      markets.exchange.upstream('orderBook').tell({ type: 'gap' });
      await jest.advanceTimersByTimeAsync(1_000);
      markets.exchange.upstream('orderBook').alive = Date.now();
      markets.tellBook('5', [['11', '1']]);
      expect(bidsOf(await take(stream))).toEqual([
        ['11', '1'],
        ['10', '0'],
      ]);

      markets.exchange.upstream('orderBook').tell({ type: 'gap' });
      const next = take(stream);
      for (let passed = 0; passed < 2_500; passed += 250) {
        markets.exchange.upstream('orderBook').alive = Date.now();
        await jest.advanceTimersByTimeAsync(250);
      }
      expect((await next).meta).toMatchObject({ kind: 'STALE', reason: 'OUT_OF_SYNC' });
      expect(markets.path.feeds.health(btc)).toMatchObject({ gaps: 2, resyncs: 1, stale: true });
    });

    it.each([0, 501, 2.5])('refuse a depth of %d', async (depth) => {
      await expect(open(depth)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    });
  });

  describe('trades', () => {
    const open = () => begin(markets.streams.trades({ marketIds: [btc], after: null }));

    it('open with the latest 100 and go on with every one', async () => {
      const stream = await open();
      markets.tellTrades(range(1, 300));
      const snapshot = await take(stream);
      expect(snapshot.trades.map(({ id }) => id)).toEqual(range(201, 300).map(String));
      markets.tellTrades([301]);
      markets.tellTrades([302, 303]);
      const update = await take(stream);
      expect(update.meta).toMatchObject({ kind: 'UPDATE', reason: null });
      expect(update.trades.map(({ id }) => id)).toEqual(['301', '302', '303']);
    });

    it('let a later reader begin with what has happened, and miss nothing after it', async () => {
      const first = await open();
      markets.tellTrades([1, 2]);
      await take(first);
      const second = await open();
      markets.tellTrades([3]);
      const seen = [...(await take(second)).trades];
      expect(seen.map(({ id }) => id)).toEqual(['1', '2', '3']);
    });

    it('keep the newest 1,000 for a slow reader and say how many are lost', async () => {
      const stream = await open();
      markets.tellTrades([1]);
      await take(stream);
      for (const id of range(2, 3_001)) markets.tellTrades([id]);
      const update = await take(stream);
      expect(update.trades).toHaveLength(maxWaitingTrades);
      expect(update.trades.at(-1)?.id).toBe('3001');
      expect(update.meta.reason).toBe('TRADES_DROPPED: 2000');
      expect(await dropped('trades')).toBe(2_000);
      markets.tellTrades([3_002]);
      expect((await take(stream)).meta.reason).toBeNull();
    });

    it('say where the exchange no longer had what was missed', async () => {
      const stream = await open();
      markets.tellTrades([1]);
      await take(stream);
      markets.tellTrades([5], { isComplete: false });
      expect((await take(stream)).meta.reason).toBe('TRADES_MISSED');
    });

    it('go on after a silence of the connection alone, repeating nothing', async () => {
      const stream = await open();
      markets.tellTrades([1]);
      await take(stream);
      const next = take(stream);
      await jest.advanceTimersByTimeAsync(2_300);
      expect((await next).meta).toMatchObject({ kind: 'STALE', reason: 'SOURCE_SILENT' });
      const back = take(stream);
      markets.exchange.upstream('trades').alive = Date.now();
      await jest.advanceTimersByTimeAsync(250);
      expect(await back).toMatchObject({ trades: [], meta: { kind: 'SNAPSHOT' } });
    });

    it('tell what came before the silence before the word of it', async () => {
      const stream = await open();
      markets.tellTrades([1]);
      await take(stream);
      markets.tellTrades([2]);
      markets.lose('trades');
      expect((await take(stream)).trades.map(({ id }) => id)).toEqual(['2']);
      expect((await take(stream)).meta.kind).toBe('STALE');
      markets.tellTrades([3, 4]);
      const back = await take(stream);
      expect(back.meta.kind).toBe('SNAPSHOT');
      expect(back.trades.map(({ id }) => id)).toEqual(['3', '4']);
    });
  });

  describe('candles', () => {
    const open = () => begin(markets.streams.candles({ marketId: btc, timeframe: 'M1', after: null }));

    it('keep the newest state of each candle, the final one of a closed candle too', async () => {
      const stream = await open();
      markets.tellCandle(0, '1');
      expect((await take(stream)).candle.close).toBe('1');
      markets.tellCandle(0, '2');
      markets.tellCandle(0, '3', true);
      markets.tellCandle(60_000, '4');
      markets.tellCandle(60_000, '5');
      expect((await take(stream)).candle).toMatchObject({ openTime: 0, close: '3', closed: true });
      expect((await take(stream)).candle).toMatchObject({ openTime: 60_000, close: '5', closed: false });
    });

    it('end with a failure where the exchange was never there: a STALE event would have no candle to carry', async () => {
      const stream = await open();
      const next = take(stream);
      markets.lose('candles');
      await expect(next).rejects.toMatchObject({ code: 'EXCHANGE_UNAVAILABLE' });
    });

    it('carry the last candle in a STALE event', async () => {
      const stream = await open();
      markets.tellCandle(0, '1');
      await take(stream);
      markets.lose('candles');
      expect(await take(stream)).toMatchObject({ candle: { close: '1' }, meta: { kind: 'STALE' } });
    });

    it('keep a bounded number for a reader that has stopped', async () => {
      const stream = await open();
      markets.tellCandle(0, '1');
      await take(stream);
      for (let index = 1; index <= 1_000; index += 1) markets.tellCandle(index * 60_000, '1', true);
      expect((await take(stream)).candle.openTime).toBe(901 * 60_000);
    });
  });

  it('hold nothing open until somebody reads, and are another one each time they are opened', async () => {
    const source = await markets.streams.tickers({ marketIds: [btc], ...everyEvent });
    expect(markets.path.bus.interests()).toEqual([]);
    expect(markets.exchange.upstreams).toHaveLength(0);
    const [one, other] = [source.open(), source.open()];
    markets.tellTicker('1');
    const [first, second] = [await take(one), await take(other)];
    expect(first.tickers).toEqual(second.tickers);
    expect(one.seqOf(first.meta.cursor)).toBe(1);
    expect(one.seqOf(second.meta.cursor)).toBeNull();
    expect(markets.exchange.upstreams).toHaveLength(1);
    await one.return?.();
    markets.tellTicker('2');
    expect((await take(other)).meta.kind).toBe('UPDATE');
  });

  it('are opened for a group without a word of what one reader asked to resume', async () => {
    const stream = await begin(markets.streams.tickers({ marketIds: [btc], ...everyEvent }));
    markets.tellTicker('1');
    const { meta } = await take(stream);
    const source = await markets.streams.tickers({ marketIds: [btc], intervalMs: 0, after: meta.cursor });
    expect(source.after).toBe(meta.cursor);
    expect((await take(source.open())).meta.reason).toBeNull();
  });

  it('leave nothing behind: after the last reader and the grace, no listener, upstream or timer', async () => {
    const streams = [
      await begin(markets.streams.tickers({ marketIds: [btc, eth], intervalMs: 1_000, after: null })),
      await begin(markets.streams.orderBook({ marketId: btc, depth: 5, intervalMs: 100, after: null })),
      await begin(markets.streams.trades({ marketIds: [btc], after: null })),
      await begin(markets.streams.candles({ marketId: btc, timeframe: 'H1', after: null })),
    ];
    expect(markets.exchange.upstreams).toHaveLength(5);
    const reads = streams.map((stream) => stream.next());
    for (const stream of streams) await stream.return?.();
    await Promise.all(reads);
    expect(markets.path.bus.interests()).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(markets.exchange.upstreams.every(({ isClosed }) => isClosed)).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });
});
