import { connectCcxtMexc, type CcxtBook, type CcxtMexc } from '../kit/ccxtMexc';
import { until } from '../kit/exchangeSocket';
import { MexcSocket } from '../kit/mexcSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

const symbol = 'BTC/USDT';
const channel = (name: string, market = 'BTCUSDT') => `spot@public.aggre.${name}.v3.api.pb@100ms@${market}`;

describe('MEXC market data through unmodified ccxt.pro', () => {
  let simulator: RunningSimulator;
  let exchange: CcxtMexc;

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'mexc', args: ['--rate', '40'] });
    exchange = await connectCcxtMexc(simulator);
  });

  afterAll(async () => {
    await exchange.close();
    await simulator.stop();
  });

  it('lists active spot markets with their steps and limits', async () => {
    expect(Object.keys(exchange.markets)).toEqual(expect.arrayContaining([symbol, 'ETH/USDT', 'ETH/BTC']));
    expect(exchange.markets[symbol]).toMatchObject({
      spot: true,
      active: true,
      precision: { price: '0.01', amount: '0.00001' },
      limits: { cost: { min: '5' }, amount: { min: '0.00001' } },
    });
    expect((await exchange.spotPublicGetDefaultSymbols()).data).toContain('ETHBTC');
    expect(Math.abs((await exchange.fetchTime()) - Date.now())).toBeLessThan(10_000);
  });

  it('tells tickers whose bid, ask and last agree with each other', async () => {
    const tickers = await exchange.fetchTickers();
    expect(Object.keys(tickers).sort()).toEqual(Object.keys(exchange.markets).sort());
    for (const ticker of [...Object.values(tickers), await exchange.fetchTicker(symbol)]) {
      expect(Number(ticker.bid)).toBeLessThan(Number(ticker.ask));
      expect(Number(ticker.low)).toBeLessThanOrEqual(Number(ticker.last));
      expect(Number(ticker.last)).toBeLessThanOrEqual(Number(ticker.high));
      expect(Math.abs(Number(ticker.percentage))).toBeLessThan(50);
    }
    const quotes = await exchange.fetchBidsAsks([symbol, 'ETH/USDT']);
    expect(Number(quotes[symbol]!.bid)).toBeLessThan(Number(quotes[symbol]!.ask));
  });

  it('gives candle history in pages and by time', async () => {
    const newest = await exchange.fetchOHLCV(symbol, '1m', undefined, 1000);
    expect(newest).toHaveLength(1000);
    const since = newest[500]![0];
    expect(await exchange.fetchOHLCV(symbol, '1m', since, 10)).toEqual(newest.slice(500, 510));
    for (const timeframe of ['5m', '15m', '30m', '1h', '4h', '1d', '1w']) {
      expect((await exchange.fetchOHLCV(symbol, timeframe, undefined, 100)).length).toBe(100);
    }
  });

  it('gives aggregated trades by default and single trades on request', async () => {
    const aggregates = await exchange.fetchTrades(symbol, undefined, 50);
    const singles = await exchange.fetchTrades(symbol, undefined, 50, { method: 'spotPublicGetTrades' });
    expect([aggregates.length, singles.length]).toEqual([50, 50]);
    const times = singles.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('streams best quotes, trades that REST tells too, and candles', async () => {
    const ticker = await exchange.watchTicker('ETH/USDT');
    expect(Number(ticker.bid)).toBeLessThan(Number(ticker.ask));
    const streamed = await exchange.watchTrades(symbol);
    const told = await exchange.fetchTrades(symbol, undefined, 1000, { method: 'spotPublicGetTrades' });
    const rows = told.map(({ timestamp, side, price, amount }) => ({ timestamp, side, price, amount }));
    for (const { timestamp, side, price, amount } of streamed)
      expect(rows).toContainEqual({ timestamp, side, price, amount });
    for (const timeframe of ['1m', '1h', '1w']) {
      const [candle] = await exchange.watchOHLCV(symbol, timeframe);
      const [same] = await exchange.fetchOHLCV(symbol, timeframe, undefined, 1);
      expect(candle!.slice(0, 2)).toEqual(same!.slice(0, 2));
    }
  });

  it('lets ccxt wait for 25 changes of a book before it asks for the snapshot', async () => {
    const counter = await MexcSocket.open(`${simulator.wsUrl}/mexc/ws`);
    await counter.subscribe(channel('depth', 'SOLUSDT'));
    const before = counter.frames.length;
    await exchange.watchOrderBook('SOL/USDT');
    expect(counter.frames.length - before).toBeGreaterThanOrEqual(25);
    counter.close();
  });

  it('closes an upstream channel when the client leaves it', async () => {
    await exchange.watchTicker('XRP/USDT');
    const name = channel('bookTicker', 'XRPUSDT');
    expect((await simulator.state()).streams[name]).toBe(1);
    await exchange.unWatchTicker('XRP/USDT');
    await until(async () => (await simulator.state()).streams[name] === undefined, 'the channel is closed');
  });

  it('refuses in words that ccxt understands', async () => {
    const fault = { kind: 'rate-limit', path: '/mexc/api/v3/ticker/24hr', count: 1 };
    await simulator.control('POST', 'faults', fault);
    await expect(exchange.fetchTicker(symbol)).rejects.toMatchObject({ name: 'RateLimitExceeded' });
    await simulator.control('POST', 'faults', { ...fault, kind: 'bad-gateway' });
    await expect(exchange.fetchTicker(symbol)).rejects.toMatchObject({ name: 'ExchangeNotAvailable' });
    expect((await exchange.fetchTicker(symbol)).symbol).toBe(symbol);
  });
});

describe('the live book of unmodified ccxt.pro', () => {
  it('equals the REST book at the version that its last change ends with', async () => {
    // Calm enough that no snapshot falls between two changes of one window, of which ccxt would lose the second.
    const simulator = await startSimulator({ seed: 'calm', args: ['--rate', '3'] });
    const exchange = await connectCcxtMexc(simulator, { watchOrderBook: { snapshotDelay: 0 } });
    const frames = await MexcSocket.open(`${simulator.wsUrl}/mexc/ws`);
    await frames.subscribe(channel('depth'));
    // ccxt names a book after the beginning of its last change, REST after the end.
    const endOf = (nonce: number | undefined): number => {
      const depths = frames.frames.map(({ publicAggreDepths }) => publicAggreDepths!);
      return Number(depths.find(({ fromVersion }) => Number(fromVersion) === nonce)?.toVersion);
    };
    const numbers = (levels: CcxtBook['bids']) => levels.slice(0, 50).map((level) => level.map(Number));
    let live = await exchange.watchOrderBook(symbol);
    let checked = 0;
    await until(async () => {
      const snapshot = await exchange.fetchOrderBook(symbol, 50);
      while (!(endOf(live.nonce) >= snapshot.nonce!)) live = await exchange.watchOrderBook(symbol);
      if (endOf(live.nonce) !== snapshot.nonce) return false;
      expect([numbers(live.bids), numbers(live.asks)]).toEqual([numbers(snapshot.bids), numbers(snapshot.asks)]);
      checked += 1;
      return checked === 3;
    }, 'three books compared');
    frames.close();
    await exchange.close();
    await simulator.stop();
  });
});
