import { connectCcxt, type CcxtBinance, type CcxtBook } from '../kit/ccxtBinance';
import { until } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

const symbol = 'BTC/USDT';

describe('Binance market data through unmodified ccxt.pro', () => {
  let simulator: RunningSimulator;
  let exchange: CcxtBinance;

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'ccxt', args: ['--rate', '40'] });
    exchange = await connectCcxt(simulator);
  });

  afterAll(async () => {
    await exchange.close();
    await simulator.stop();
  });

  it('lists active spot markets with their steps and limits', () => {
    expect(Object.keys(exchange.markets)).toEqual(expect.arrayContaining([symbol, 'ETH/USDT', 'ETH/BTC']));
    expect(exchange.markets[symbol]).toMatchObject({
      spot: true,
      active: true,
      precision: { price: '0.01000000', amount: '0.00001000' },
      limits: { cost: { min: '5.00000000' }, amount: { min: '0.00001000' } },
    });
  });

  it('tells tickers whose bid, ask and last agree with book and trades', async () => {
    const tickers = await exchange.fetchTickers();
    expect(Object.keys(tickers).sort()).toEqual(Object.keys(exchange.markets).sort());
    for (const ticker of Object.values(tickers)) {
      expect(Number(ticker.bid)).toBeLessThan(Number(ticker.ask));
      expect(Number(ticker.low)).toBeLessThanOrEqual(Number(ticker.vwap));
      expect(Number(ticker.vwap)).toBeLessThanOrEqual(Number(ticker.high));
      expect(Number(ticker.last)).toBeLessThanOrEqual(Number(ticker.high));
    }
    const quotes = await exchange.fetchBidsAsks([symbol]);
    expect(Number(quotes[symbol]!.bid)).toBeGreaterThan(0);
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
    const singles = await exchange.fetchTrades(symbol, undefined, 50, { fetchTradesMethod: 'publicGetTrades' });
    expect([aggregates.length, singles.length]).toEqual([50, 50]);
    expect(singles.map((trade) => Number(trade.id))).toEqual(singles.map((_, i) => Number(singles[0]!.id) + i));
  });

  it('keeps a live book that equals the REST snapshot at the same update id', async () => {
    let checked = 0;
    let live: CcxtBook = await exchange.watchOrderBook(symbol);
    await until(async () => {
      const snapshot = await exchange.fetchOrderBook(symbol, 100);
      while (live.nonce! < snapshot.nonce!) live = await exchange.watchOrderBook(symbol);
      if (live.nonce === snapshot.nonce) {
        expect(live.bids.slice(0, 100)).toEqual(snapshot.bids);
        expect(live.asks.slice(0, 100)).toEqual(snapshot.asks);
        checked += 1;
      }
      return checked === 5;
    }, 'five books compared');
  });

  it('streams best quotes, tickers, trades and candles', async () => {
    const quotes = await exchange.watchBidsAsks([symbol]);
    expect(Number(quotes[symbol]!.bid)).toBeLessThan(Number(quotes[symbol]!.ask));
    expect(Number((await exchange.watchTicker('ETH/USDT')).last)).toBeGreaterThan(0);
    const trades = await exchange.watchTrades(symbol);
    const [trade] = trades;
    const told = await exchange.fetchTrades(symbol, undefined, 1000, { fetchTradesMethod: 'publicGetTrades' });
    expect(told.find(({ id }) => id === trade!.id)).toMatchObject({ price: trade!.price, amount: trade!.amount });
    const [candle] = await exchange.watchOHLCV(symbol, '1m');
    expect(candle![0]! % 60_000).toBe(0);
  });

  it('closes an upstream stream when the client leaves it', async () => {
    await exchange.watchOrderBook('SOL/USDT');
    expect((await simulator.state()).streams['solusdt@depth@100ms']).toBe(1);
    await exchange.unWatchOrderBook('SOL/USDT');
    expect((await simulator.state()).streams['solusdt@depth@100ms']).toBeUndefined();
  });
});
