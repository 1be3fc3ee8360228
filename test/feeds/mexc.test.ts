import { BookReader } from '../kit/bookReader';
import { eventually } from '../kit/eventually';
import { connectMarketPath, type MarketPath } from '../kit/marketPath';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { StreamReader } from '../kit/streamReader';

const btc = 'simulator:BTC/USDT';
const tickerStream = 'spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT';
const tradeStream = 'spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDT';

interface RestTrade {
  readonly time: number;
  readonly price: string;
  readonly qty: string;
}

describe('market data of MEXC', () => {
  let simulator: RunningSimulator;
  let path: MarketPath;

  beforeAll(async () => {
    simulator = await startSimulator({ args: ['--rate', '50'] });
  });

  beforeEach(() => {
    path = connectMarketPath(simulator, { ccxtId: 'mexc' });
  });

  afterEach(async () => {
    await path.stop();
    await simulator.control('DELETE', 'faults');
  });

  afterAll(() => simulator.stop());

  const tickers = async () =>
    new StreamReader(await path.streams.tickers({ marketIds: [btc], intervalMs: 0, after: null }));
  const trades = async () => new StreamReader(await path.streams.trades({ marketIds: [btc], after: null }));

  it('tells live bid and ask beside the figures of the day', async () => {
    const reader = await tickers();
    const { tickers: opening } = await reader.first(({ meta }) => meta.kind === 'SNAPSHOT');
    for (const field of ['last', 'bid', 'ask', 'open', 'high', 'low', 'baseVolume'] as const)
      expect(opening[0]?.[field]).not.toBeNull();
    await reader.first(({ tickers: [ticker] }) => ticker !== undefined && ticker.bid !== opening[0]?.bid);
    // `last` does not stream here: it is asked for again and again.
    await reader.first(({ tickers: [ticker] }) => ticker !== undefined && ticker.last !== opening[0]?.last);
    await reader.stop();
  });

  it('tells every trade once and in order, over a lost connection too', async () => {
    const reader = await trades();
    await reader.first(({ meta }) => meta.kind === 'UPDATE');
    await simulator.control('POST', 'faults', { kind: 'drop' });
    const stale = await reader.first(({ meta }) => meta.kind === 'STALE');
    const back = await reader.firstFrom(reader.events.indexOf(stale), ({ meta }) => meta.kind === 'SNAPSHOT');
    const until = reader.events.indexOf(back);
    await reader.firstFrom(until + 1, ({ trades: told }) => told.length > 0);
    const told = reader.events.flatMap((event) => event.trades);
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);

    const response = await fetch(`${simulator.restUrl}/mexc/api/v3/trades?symbol=BTCUSDT&limit=1000`);
    const truth = ((await response.json()) as readonly RestTrade[]).toReversed();
    const from = Math.max(told[0]?.exchangeTime ?? 0, truth[0]?.time ?? 0) + 1;
    const to = told.at(-1)?.exchangeTime ?? 0;
    const expected = truth
      .filter(({ time }) => time >= from && time < to)
      .map(({ time, price, qty }) => `${time} ${Number(price)} ${Number(qty)}`);
    const got = told.filter(({ exchangeTime }) => exchangeTime >= from && exchangeTime < to);
    expect(expected.length).toBeGreaterThan(10);
    expect(
      got.map(({ exchangeTime, price, amount }) => `${exchangeTime} ${Number(price)} ${Number(amount)}`).toSorted(),
    ).toEqual(expected.toSorted());
    expect(reader.events.filter(({ meta }) => meta.reason?.startsWith('TRADES') === true)).toEqual([]);
    await reader.stop();
  });

  it('ends and opens one channel again and again while others go on over the same connection', async () => {
    const other = await trades();
    await other.first(() => true);
    for (let round = 0; round < 3; round += 1) {
      const reader = await tickers();
      await eventually(async () => tickerStream in (await simulator.state()).streams);
      await reader.first(({ meta }) => meta.kind === 'UPDATE');
      await reader.stop();
      await eventually(async () => !(tickerStream in (await simulator.state()).streams));
    }
    expect((await simulator.state()).streams).toEqual({ [tradeStream]: 1 });
    await other.stop();
    await eventually(async () => (await simulator.state()).connections.length === 0);
  });

  it('goes STALE within 2.5 s on a connection that answers no ping, and comes back', async () => {
    const reader = new StreamReader(
      await path.streams.orderBook({ marketId: btc, depth: 5, intervalMs: 0, after: null }),
    );
    await reader.first(({ meta }) => meta.kind === 'UPDATE');
    const frozenAt = Date.now();
    await simulator.control('POST', 'faults', { kind: 'half-open' });
    const stale = await reader.first(({ meta }) => meta.kind === 'STALE');
    expect((reader.arrivals[reader.events.indexOf(stale)] ?? Infinity) - frozenAt).toBeLessThan(2_500);
    await reader.firstFrom(reader.events.indexOf(stale), ({ meta }) => meta.kind === 'SNAPSHOT');
    const book = new BookReader();
    for (const event of reader.events) book.apply(event);
    expect(book.isCrossed).toBe(false);
    await reader.stop();
  });

  it('tells the forming candle', async () => {
    const reader = new StreamReader(await path.streams.candles({ marketId: btc, timeframe: 'M1', after: null }));
    const { candle } = await reader.first(({ meta }) => meta.kind === 'SNAPSHOT');
    expect(candle.openTime).toBe(Math.floor(Date.now() / 60_000) * 60_000);
    await reader.first(({ meta }) => meta.kind === 'UPDATE');
    await reader.stop();
  });
});
