import { connectMarketPath, type MarketPath } from '../kit/marketPath';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { StreamReader } from '../kit/streamReader';

describe('the ticker stream on a simulated exchange', () => {
  let simulator: RunningSimulator;
  let path: MarketPath;

  beforeAll(async () => {
    simulator = await startSimulator();
    path = connectMarketPath(simulator);
  });

  afterAll(async () => {
    await path.stop();
    await simulator.stop();
  });

  it('opens with a SNAPSHOT of every market and goes on with live bids and asks', async () => {
    const marketIds = ['simulator:BTC/USDT', 'simulator:ETH/USDT'];
    const reader = new StreamReader(await path.streams.tickers({ marketIds, intervalMs: 0, after: null }));
    const snapshot = await reader.first(() => true);
    expect(snapshot.meta).toMatchObject({ kind: 'SNAPSHOT', seq: '1', reason: null });
    expect(snapshot.tickers.map((ticker) => ticker.marketId)).toEqual(marketIds);
    for (const ticker of snapshot.tickers) {
      expect(ticker.last).not.toBeNull();
      expect(ticker.bid).not.toBeNull();
      expect(ticker.ask).not.toBeNull();
    }
    // A second quote that differs from the snapshot's can only have come from the live best bid and ask.
    const [opening] = snapshot.tickers;
    await reader.first(
      ({ meta, tickers }) =>
        meta.kind === 'UPDATE' &&
        tickers.some((ticker) => ticker.marketId === opening?.marketId && ticker.bid !== opening.bid),
    );
    await reader.stop();
  });
});
