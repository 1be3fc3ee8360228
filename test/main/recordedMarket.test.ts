import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { print } from 'graphql';
import { toDecimalString } from '../../src/domain/decimal';
import {
  OrderBookDocument,
  PublicTradesDocument,
  type OrderBookSubscription,
  type PublicTradesSubscription,
} from '../../src/graphql/operations.generated';
import { describeWith, sharedDataDir } from '../kit/needs';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';

const recording = path.join(sharedDataDir, 'hftbacktest/binance-spot-btcusdt_20240808.log.gz');
const truthFile = path.join(sharedDataDir, 'hftbacktest/binance-spot-btcusdt_20240808.expected.json');
const market = 'binance:BTC/USDT';
const comparedLevels = 10;

type Levels = readonly (readonly [string, string])[];
interface Truth {
  readonly bookCheckpoints: readonly { readonly u: number; readonly bids: Levels; readonly asks: Levels }[];
  readonly tradeCount: number;
}
interface RecordedTrade {
  readonly t: number;
  readonly p: string;
  readonly q: string;
}
type BookEvent = OrderBookSubscription['orderBook'];

/** A book kept the way a frontend would: SNAPSHOT replaces it, UPDATE changes levels, "0" removes one. */
class ClientBook {
  readonly bids = new Map<string, string>();
  readonly asks = new Map<string, string>();

  apply(event: BookEvent): void {
    if (event.meta.kind === 'SNAPSHOT') {
      this.bids.clear();
      this.asks.clear();
    }
    for (const { price, amount } of event.bids) change(this.bids, price, amount);
    for (const { price, amount } of event.asks) change(this.asks, price, amount);
  }

  best(): { readonly bids: Levels; readonly asks: Levels } {
    const byPrice = (a: readonly [string, string], b: readonly [string, string]): number => Number(a[0]) - Number(b[0]);
    return {
      bids: [...this.bids].sort(byPrice).reverse().slice(0, comparedLevels),
      asks: [...this.asks].sort(byPrice).slice(0, comparedLevels),
    };
  }
}

function change(side: Map<string, string>, price: string, amount: string): void {
  if (amount === '0') side.delete(price);
  else side.set(price, amount);
}

/** A line of the recording is the local time and what the socket said. */
function readTrades(): readonly RecordedTrade[] {
  const lines = gunzipSync(readFileSync(recording)).toString().split('\n');
  return lines
    .filter((line) => line.includes('"btcusdt@trade"'))
    .map((line) => (JSON.parse(line.slice(line.indexOf('{'))) as { readonly data: RecordedTrade }).data);
}

function canonical(levels: Levels): Levels {
  return levels.map(([price, amount]) => [toDecimalString(price), toDecimalString(amount)] as const);
}

describeWith('shared-data', 'six recorded minutes of Binance, through ccxt and GraphQL to a subscriber', () => {
  let truth: Truth;
  let recordedTrades: readonly RecordedTrade[];
  let simulator: RunningSimulator;
  let server: RunningTickgate;

  beforeAll(async () => {
    truth = JSON.parse(readFileSync(truthFile, 'utf8')) as Truth;
    recordedTrades = readTrades();
    simulator = await startSimulator({
      args: ['--replay', recording, '--speed', '12', '--replay-wait', 'btcusdt@trade,btcusdt@depth@100ms'],
    });
    server = await RunningTickgate.start('binance', simulator);
  });

  afterAll(async () => {
    await server.stop();
    await simulator.stop();
  });

  it('shows the true book at every common update id, and every trade once and in order', async () => {
    const client = await server.client('TRADER');
    const wrong: string[] = [];
    let compared = 0;
    const checkpoints = new Map(truth.bookCheckpoints.map((checkpoint) => [String(checkpoint.u), checkpoint]));

    const books = client.iterate<OrderBookSubscription>({
      query: print(OrderBookDocument),
      variables: { market, depth: 50, intervalMs: 0 },
    });
    const watchBook = async (): Promise<void> => {
      const book = new ClientBook();
      for await (const { data } of books) {
        if (data == null) throw new Error('no book');
        book.apply(data.orderBook);
        const checkpoint = checkpoints.get(data.orderBook.nonce ?? '');
        if (checkpoint !== undefined) {
          compared += 1;
          const expected = { bids: canonical(checkpoint.bids), asks: canonical(checkpoint.asks) };
          if (JSON.stringify(book.best()) !== JSON.stringify(expected)) wrong.push(String(checkpoint.u));
        }
      }
    };

    const seen: { readonly id: string; readonly price: string; readonly amount: string }[] = [];
    const watchTrades = async (): Promise<void> => {
      const request = { query: print(PublicTradesDocument), variables: { markets: [market] } };
      for await (const { data } of client.iterate<PublicTradesSubscription>(request)) {
        if (data == null) throw new Error('no trades');
        seen.push(...data.trades.trades);
        if (seen.at(-1)?.id === String(recordedTrades.at(-1)?.t)) return;
      }
    };

    const watchTradesToTheEnd = async (): Promise<void> => {
      await watchTrades();
      // After the last trade the recording is quiet: the book will not change any more.
      await books.return?.();
    };
    await Promise.all([watchBook(), watchTradesToTheEnd()]);
    await client.dispose();

    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThanOrEqual(25);
    expect(seen.map(({ id, price, amount }) => [id, price, amount])).toEqual(
      recordedTrades.map(({ t, p, q }) => [String(t), toDecimalString(p), toDecimalString(q)]),
    );
    expect(seen).toHaveLength(truth.tradeCount);
  }, 180_000);
});
