import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { toDecimalString } from '../../src/domain/decimal';
import { BookReader } from '../kit/bookReader';
import { eventually } from '../kit/eventually';
import { connectMarketPath, type MarketPath } from '../kit/marketPath';
import { describeWith, sharedDataDir } from '../kit/needs';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { StreamReader } from '../kit/streamReader';

const recording = resolve(sharedDataDir, 'hftbacktest/binance-spot-btcusdt_20240808');
const btc = 'simulator:BTC/USDT';

type Levels = readonly (readonly [string, string])[];

interface Truth {
  readonly bookCheckpoints: readonly { readonly u: number; readonly bids: Levels; readonly asks: Levels }[];
  readonly tradeCount: number;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

const exact = (levels: Levels): Levels =>
  levels.map(([price, amount]) => [toDecimalString(price), toDecimalString(amount)]);

describeWith('shared-data', 'six recorded minutes of Binance, as a subscriber sees them', () => {
  let simulator: RunningSimulator;
  let path: MarketPath;

  beforeAll(async () => {
    const wait = 'btcusdt@trade,btcusdt@depth@100ms';
    simulator = await startSimulator({
      args: ['--replay', `${recording}.log.gz`, '--speed', '10', '--replay-wait', wait],
    });
    path = connectMarketPath(simulator);
  });

  afterAll(async () => {
    await path.stop();
    await simulator.stop();
  });

  it('tells every trade once and in order, and a book that is true at every update id that both know', async () => {
    const truth = JSON.parse(readFileSync(`${recording}.expected.json`, 'utf8')) as Truth;
    const checkpoints = new Map(truth.bookCheckpoints.map((checkpoint) => [String(checkpoint.u), checkpoint]));
    const trades = new StreamReader(await path.streams.trades({ marketIds: [btc], after: null }));
    const books = new StreamReader(
      await path.streams.orderBook({ marketId: btc, depth: 500, intervalMs: 0, after: null }),
    );

    const lastId = String(truth.lastTradeId);
    await trades.first((event) => event.trades.some((trade) => trade.id === lastId), 55_000);
    const lastCheckpoint = truth.bookCheckpoints.at(-1)?.u ?? 0;
    await eventually(() => BigInt(books.events.at(-1)?.nonce ?? 0) >= BigInt(lastCheckpoint));

    const ids = trades.events.flatMap((event) => event.trades.map((trade) => Number(trade.id)));
    expect(ids).toEqual(Array.from({ length: truth.tradeCount }, (_, index) => truth.firstTradeId + index));
    expect(trades.events.filter((event) => event.meta.reason !== null)).toEqual([]);

    const book = new BookReader();
    let compared = 0;
    for (const event of books.events) {
      book.apply(event);
      if (book.isCrossed) throw new Error(`crossed at ${String(book.nonce)}`);
      const checkpoint = checkpoints.get(book.nonce ?? '');
      if (checkpoint === undefined) continue;
      expect(book.bids(10)).toEqual(exact(checkpoint.bids));
      expect(book.asks(10)).toEqual(exact(checkpoint.asks));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(truth.bookCheckpoints.length / 2);
    await Promise.all([trades.stop(), books.stop()]);
  });
});
