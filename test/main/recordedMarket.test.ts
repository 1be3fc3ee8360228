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
interface RecordedDepth {
  readonly u: number;
  readonly b: Levels;
  readonly a: Levels;
}
interface RecordedSnapshot {
  readonly lastUpdateId: number;
  readonly bids: Levels;
  readonly asks: Levels;
}
type EventLevels = OrderBookSubscription['orderBook']['bids'];

/** A book kept the way a frontend would: SNAPSHOT replaces it, UPDATE changes levels, "0" removes one. */
class LevelBook {
  readonly #bids = new Map<string, string>();
  readonly #asks = new Map<string, string>();

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
  }

  change(bids: Levels, asks: Levels): void {
    for (const [price, amount] of bids) change(this.#bids, price, amount);
    for (const [price, amount] of asks) change(this.#asks, price, amount);
  }

  best(): { readonly bids: Levels; readonly asks: Levels } {
    const byPrice = (a: readonly [string, string], b: readonly [string, string]): number => Number(a[0]) - Number(b[0]);
    return {
      bids: [...this.#bids].sort(byPrice).reverse().slice(0, comparedLevels),
      asks: [...this.#asks].sort(byPrice).slice(0, comparedLevels),
    };
  }
}

/**
 * The recording's own book at any of its update ids, by the exchange's rule: its snapshot, then each change after it.
 * Which ids a subscriber is shown depends on how busy the machine is (books are conflated), so a truth for each is needed.
 */
class RecordedBook {
  readonly #book = new LevelBook();
  readonly #changes: readonly RecordedDepth[];
  #applied = 0;
  #updateId: number;

  constructor(lines: readonly string[]) {
    const snapshotLine = lines.find((line) => line.includes('"lastUpdateId"'));
    if (snapshotLine === undefined) throw new Error('the recording has no snapshot');
    const snapshot = JSON.parse(snapshotLine.slice(snapshotLine.indexOf('{'))) as RecordedSnapshot;
    this.#book.change(canonical(snapshot.bids), canonical(snapshot.asks));
    this.#updateId = snapshot.lastUpdateId;
    const changes = recordedIn(lines, '"btcusdt@depth@100ms"') as readonly RecordedDepth[];
    this.#changes = changes.filter(({ u }) => u > snapshot.lastUpdateId);
  }

  /** Ids are asked for in rising order. @throws where the recording has no book of that id. */
  at(updateId: number): { readonly bids: Levels; readonly asks: Levels } {
    for (
      let next = this.#changes[this.#applied];
      next !== undefined && next.u <= updateId;
      next = this.#changes[this.#applied]
    ) {
      this.#book.change(canonical(next.b), canonical(next.a));
      this.#updateId = next.u;
      this.#applied += 1;
    }
    if (this.#updateId !== updateId) throw new Error(`the recording has no book ${updateId}, only ${this.#updateId}`);
    return this.#book.best();
  }
}

function change(side: Map<string, string>, price: string, amount: string): void {
  if (amount === '0') side.delete(price);
  else side.set(price, amount);
}

/** A line of the recording is the local time and what the socket said. */
function readRecording(): readonly string[] {
  return gunzipSync(readFileSync(recording)).toString().split('\n');
}

function recordedIn(lines: readonly string[], stream: string): readonly unknown[] {
  return lines
    .filter((line) => line.includes(stream))
    .map((line) => (JSON.parse(line.slice(line.indexOf('{'))) as { readonly data: unknown }).data);
}

function truthOf(trades: readonly RecordedTrade[]): readonly (readonly [id: string, price: string, amount: string])[] {
  return trades.map(({ t, p, q }) => [String(t), toDecimalString(p), toDecimalString(q)] as const);
}

/** How many trades an event says were dropped before it. Any other reason for a hole is a failure. */
function readDropped(reason: string | null): number {
  if (reason === null) return 0;
  const dropped = /^TRADES_DROPPED: (\d+)$/.exec(reason)?.[1];
  if (dropped === undefined) throw new Error(`trades are missing: ${reason}`);
  return Number(dropped);
}

function pairs(levels: EventLevels): Levels {
  return levels.map(({ price, amount }) => [price, amount] as const);
}

function canonical(levels: Levels): Levels {
  return levels.map(([price, amount]) => [toDecimalString(price), toDecimalString(amount)] as const);
}

describeWith('shared-data', 'six recorded minutes of Binance, through ccxt and GraphQL to a subscriber', () => {
  let truth: Truth;
  let lines: readonly string[];
  let recordedTrades: readonly RecordedTrade[];
  let simulator: RunningSimulator;
  let server: RunningTickgate;

  beforeAll(async () => {
    truth = JSON.parse(readFileSync(truthFile, 'utf8')) as Truth;
    lines = readRecording();
    recordedTrades = recordedIn(lines, '"btcusdt@trade"') as readonly RecordedTrade[];
    simulator = await startSimulator({
      args: ['--replay', recording, '--speed', '6', '--replay-wait', 'btcusdt@trade,btcusdt@depth@100ms'],
    });
    server = await RunningTickgate.start('binance', simulator);
  });

  afterAll(async () => {
    await server.stop();
    await simulator.stop();
  });

  it('has the book that an independent replay of it found', () => {
    const recorded = new RecordedBook(lines);
    for (const { u, bids, asks } of truth.bookCheckpoints) {
      expect(recorded.at(u)).toEqual({ bids: canonical(bids), asks: canonical(asks) });
    }
  });

  it('shows the true book at every update id, and every trade once and in order', async () => {
    const client = await server.client('TRADER');
    const recorded = new RecordedBook(lines);
    const wrong: string[] = [];
    let compared = 0;

    const books = client.iterate<OrderBookSubscription>({
      query: print(OrderBookDocument),
      variables: { market, depth: 50, intervalMs: 0 },
    });
    const watchBook = async (): Promise<void> => {
      const book = new LevelBook();
      for await (const { data } of books) {
        if (data == null) throw new Error('no book');
        const { meta, nonce, bids, asks } = data.orderBook;
        if (meta.kind === 'SNAPSHOT') book.clear();
        book.change(pairs(bids), pairs(asks));
        compared += 1;
        if (JSON.stringify(book.best()) !== JSON.stringify(recorded.at(Number(nonce)))) wrong.push(String(nonce));
      }
    };

    const seen: (readonly [id: string, price: string, amount: string])[] = [];
    /** What a reader who keeps up is given: all of it. A machine too busy to read in time is told how many it missed, and where. */
    const expected: (readonly [id: string, price: string, amount: string])[] = [];
    let position = 0;
    const watchTrades = async (): Promise<void> => {
      const request = { query: print(PublicTradesDocument), variables: { markets: [market] } };
      for await (const { data } of client.iterate<PublicTradesSubscription>(request)) {
        if (data == null) throw new Error('no trades');
        const { trades, meta } = data.trades;
        position += readDropped(meta.reason);
        seen.push(...trades.map(({ id, price, amount }) => [id, price, amount] as const));
        expected.push(...truthOf(recordedTrades.slice(position, position + trades.length)));
        position += trades.length;
        if (seen.at(-1)?.[0] === String(recordedTrades.at(-1)?.t)) return;
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
    expect(compared).toBeGreaterThanOrEqual(truth.bookCheckpoints.length);
    expect(seen).toEqual(expected);
    expect(position).toBe(truth.tradeCount);
  }, 180_000);
});
