import { eventually } from '../kit/eventually';
import { connectMarketPath, type MarketPath } from '../kit/marketPath';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { StreamReader } from '../kit/streamReader';

const btc = 'simulator:BTC/USDT';
const readersCount = 1_000;

describe('one upstream for all', () => {
  let simulator: RunningSimulator;
  let path: MarketPath;

  beforeEach(async () => {
    simulator = await startSimulator();
    path = connectMarketPath(simulator);
  });

  afterEach(async () => {
    await path.stop();
    await simulator.stop();
  });

  it('serves 1,000 readers from one subscription a stream, and ends it within 2 s of the last one leaving', async () => {
    const open = () => path.streams.tickers({ marketIds: [btc], intervalMs: 0, after: null });
    const readers = await Promise.all(Array.from({ length: readersCount }, async () => new StreamReader(await open())));
    await Promise.all(readers.map((reader) => reader.first(({ meta }) => meta.kind === 'UPDATE')));
    const { streams } = await simulator.state();
    expect(streams).toEqual({ 'btcusdt@ticker': 1, 'btcusdt@bookTicker': 1 });

    await Promise.all(readers.map((reader) => reader.stop()));
    const leftAt = Date.now();
    expect(path.bus.interests()).toEqual([]);
    await eventually(async () => (await simulator.state()).connections.length === 0);
    expect(Date.now() - leftAt).toBeLessThan(2_000);
    expect(path.bus.last({ name: `ticker:${btc}` })).toBeNull();
    expect(readers.every((reader) => reader.isDone)).toBe(true);
  });

  it('ends one subscription at the exchange while others go on', async () => {
    const trades = new StreamReader(await path.streams.trades({ marketIds: [btc], after: null }));
    const book = new StreamReader(
      await path.streams.orderBook({ marketId: btc, depth: 5, intervalMs: 0, after: null }),
    );
    await trades.first(() => true);
    await book.first(() => true);
    await book.stop();
    const leftAt = Date.now();
    await eventually(async () => !('btcusdt@depth@100ms' in (await simulator.state()).streams));
    expect(Date.now() - leftAt).toBeLessThan(2_000);
    expect((await simulator.state()).streams).toEqual({ 'btcusdt@trade': 1 });
    await trades.stop();
  });

  it('keeps the upstream where a reader comes back within the grace', async () => {
    const open = () => path.streams.trades({ marketIds: [btc], after: null });
    const first = new StreamReader(await open());
    await first.first(() => true);
    const { connectionsOpened } = await simulator.state();
    await first.stop();
    const second = new StreamReader(await open());
    await second.first(({ meta }) => meta.kind === 'UPDATE');
    expect((await simulator.state()).connectionsOpened).toBe(connectionsOpened);
    await second.stop();
  });

  it('opens the same channel again after it was ended, several times', async () => {
    const other = new StreamReader(await path.streams.trades({ marketIds: [btc], after: null }));
    await other.first(() => true);
    for (let round = 0; round < 2; round += 1) {
      const reader = new StreamReader(
        await path.streams.orderBook({ marketId: btc, depth: 5, intervalMs: 0, after: null }),
      );
      await reader.first(({ meta }) => meta.kind === 'UPDATE');
      await reader.stop();
      await eventually(async () => !('btcusdt@depth@100ms' in (await simulator.state()).streams));
    }
    await other.stop();
  });
});
