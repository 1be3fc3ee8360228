import { connectUsdm, type CcxtUsdm } from '../kit/ccxtUsdm';
import { openExchangeSocket, type ExchangeSocket } from '../kit/exchangeSocket';
import { startSimulator, type RunningSimulator } from '../kit/simulator';

interface DepthUpdate {
  readonly U: number;
  readonly u: number;
  readonly pu: number;
  readonly b: readonly (readonly [string, string])[];
}

const symbol = 'BTC/USDT:USDT';
const depth = 'btcusdt@depth@100ms';

describe('market data of USD-M futures', () => {
  let simulator: RunningSimulator;
  let exchange: CcxtUsdm;
  const sockets: ExchangeSocket[] = [];

  beforeAll(async () => {
    simulator = await startSimulator({ seed: 'perpetual', args: ['--rate', '40', '--weight-limit', '1000000'] });
    exchange = await connectUsdm(simulator);
  });

  afterEach(async () => {
    await simulator.control('DELETE', 'faults');
    for (const { socket } of sockets.splice(0)) socket.terminate();
  });

  afterAll(async () => {
    await exchange.close();
    await simulator.stop();
  });

  async function open(path: string): Promise<ExchangeSocket> {
    const socket = await openExchangeSocket(`${simulator.wsUrl}/fstream/${path}`);
    sockets.push(socket);
    return socket;
  }

  it('lists perpetual contracts with every rule that an order is held to', () => {
    expect(exchange.markets[symbol]).toMatchObject({
      swap: true,
      linear: true,
      settle: 'USDT',
      contractSize: '1',
      precision: { price: '0.1', amount: '0.001' },
      limits: { amount: { min: '0.001', max: '1000' }, cost: { min: '100' }, market: { max: '125' } },
    });
  });

  it('agrees with itself: quotes, trades and candles are of one market, near its index', async () => {
    const [ticker, quotes, book, candles, rate] = await Promise.all([
      exchange.fetchTicker(symbol),
      exchange.fetchBidsAsks([symbol]),
      exchange.fetchOrderBook(symbol, 100),
      exchange.fetchOHLCV(symbol, '1m', undefined, 5),
      exchange.fetchFundingRate(symbol),
    ]);
    expect(ticker.bid).toBeUndefined();
    const mid = (Number(quotes[symbol]!.bid) + Number(quotes[symbol]!.ask)) / 2;
    expect(Math.abs(Number(ticker.last) / mid - 1)).toBeLessThan(0.005);
    expect(Math.abs(Number(rate.markPrice) / mid - 1)).toBeLessThan(0.005);
    expect(book.bids[0]![0]).toBeLessThan(book.asks[0]![0]);
    expect(candles).toHaveLength(5);
    expect(rate.fundingTimestamp % (8 * 3_600_000)).toBe(0);
    expect((await exchange.fetchFundingIntervals([symbol]))[symbol]).toMatchObject({ interval: '8h' });
    expect((await exchange.fetchTrades(symbol, undefined, 5)).length).toBe(5);
  });

  it('follows the spot market of the same name', async () => {
    const index = async () => {
      const answer = await fetch(`${simulator.restUrl}/fapi/v1/premiumIndex?symbol=BTCUSDT`);
      return (await answer.json()) as { indexPrice: string; markPrice: string };
    };
    const { indexPrice, markPrice } = await index();
    expect(Math.abs(Number(markPrice) / Number(indexPrice) - 1)).toBeLessThan(0.003);
  });

  it('joins every depth update to the one before by pu, and to the snapshot', async () => {
    const socket = await open(`public/ws/${depth}`);
    const updates: DepthUpdate[] = [];
    while (updates.length < 3) updates.push(JSON.parse(await socket.next()) as DepthUpdate);
    const answer = await fetch(`${simulator.restUrl}/fapi/v1/depth?symbol=BTCUSDT&limit=1000`);
    const { lastUpdateId } = (await answer.json()) as { lastUpdateId: number };
    while (updates.at(-1)!.u < lastUpdateId) updates.push(JSON.parse(await socket.next()) as DepthUpdate);
    for (let i = 1; i < updates.length; i += 1) expect(updates[i]!.pu).toBe(updates[i - 1]!.u);
    expect(updates.some(({ U, u }) => U <= lastUpdateId && u >= lastUpdateId)).toBe(true);
  });

  it('is watched by ccxt: book, trades, candles, quotes, statistics and mark price', async () => {
    const [book, trades, candles, quotes, ticker, mark] = await Promise.all([
      exchange.watchOrderBook(symbol),
      exchange.watchTrades(symbol),
      exchange.watchOHLCV(symbol, '1m'),
      exchange.watchBidsAsks([symbol]),
      exchange.watchTicker(symbol),
      exchange.watchMarkPrice(symbol),
    ]);
    expect(book.bids.length).toBeGreaterThan(20);
    expect(trades.at(-1)).toMatchObject({ symbol });
    expect(candles.length).toBeGreaterThan(0);
    expect(Number(quotes[symbol]!.bid)).toBeLessThan(Number(quotes[symbol]!.ask));
    expect(Number(ticker.last)).toBeGreaterThan(0);
    expect(Number(mark.markPrice)).toBeGreaterThan(0);
  });

  it('makes ccxt see a gap of a stream that a fault takes frames from', async () => {
    await exchange.watchOrderBook(symbol);
    await simulator.control('POST', 'faults', { kind: 'gap', stream: `fstream/${depth}` });
    const watchForever = async (): Promise<void> => {
      for (;;) await exchange.watchOrderBook(symbol);
    };
    await expect(watchForever()).rejects.toMatchObject({ name: 'ChecksumError' });
  });

  it.each(['ws', 'stream', 'public/ws', 'market/stream'])('takes subscriptions at /fstream/%s', async (path) => {
    const socket = await open(path);
    socket.send({ method: 'SUBSCRIBE', params: ['ethusdt@bookTicker'], id: 1 });
    expect(JSON.parse(await socket.next())).toEqual({ result: null, id: 1 });
    socket.send({ method: 'LIST_SUBSCRIPTIONS', id: 2 });
    await socket.nextJson((frame: { id?: number; result?: string[] }) => {
      return frame.id === 2 && frame.result?.[0] === 'ethusdt@bookTicker';
    });
    expect((await simulator.state()).streams['fstream/ethusdt@bookTicker']).toBe(1);
  });

  it('closes a private socket whose key is not valid', async () => {
    const socket = await openExchangeSocket(`${simulator.wsUrl}/fstream/private/ws?listenKey=nobody`);
    const [code] = await new Promise<[number]>((resolve) => {
      socket.socket.once('close', (closed: number) => {
        resolve([closed]);
      });
    });
    expect(code).toBe(1008);
  });

  it.each(['btcusdt@depth@300ms', 'btcusdt@depth7', 'btcusdt@nothing', 'btcusdt@kline_9m', 'btcusdt@markPrice@2s'])(
    'has no stream %s',
    async (name) => {
      const socket = await open('ws');
      socket.send({ method: 'SUBSCRIBE', params: [name], id: 1 });
      expect(JSON.parse(await socket.next())).toMatchObject({ id: 1, error: { code: 2 } });
    },
  );
});
