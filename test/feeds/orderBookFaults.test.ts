import { toDecimalString } from '../../src/domain/decimal';
import type { OrderBookEvent } from '../../src/streams/streamEvents';
import { BookReader } from '../kit/bookReader';
import { eventually } from '../kit/eventually';
import { connectMarketPath, type MarketPath } from '../kit/marketPath';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { StreamReader } from '../kit/streamReader';

const btc = 'simulator:BTC/USDT';
const depth = 20;

const venues = [
  { ccxtId: 'binance', stream: 'btcusdt@depth@100ms', depthPath: '/api/v3/depth' },
  { ccxtId: 'mexc', stream: 'spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT', depthPath: '/mexc/api/v3/depth' },
] as const;

type Levels = readonly (readonly [string, string])[];

interface RestBook {
  readonly lastUpdateId: number;
  readonly bids: Levels;
  readonly asks: Levels;
}

const exact = (levels: Levels): Levels =>
  levels.map(([price, amount]) => [toDecimalString(price), toDecimalString(amount)]);

let simulator: RunningSimulator;

beforeAll(async () => {
  simulator = await startSimulator({ args: ['--rate', '100'] });
});

afterAll(() => simulator.stop());

describe.each(venues)('the order book of $ccxtId under faults', ({ ccxtId, stream, depthPath }) => {
  let path: MarketPath;
  let reader: StreamReader<OrderBookEvent>;

  beforeEach(async () => {
    path = connectMarketPath(simulator, { ccxtId });
    reader = new StreamReader(await path.streams.orderBook({ marketId: btc, depth, intervalMs: 0, after: null }));
    await reader.first(({ meta }) => meta.kind === 'UPDATE');
  });

  afterEach(async () => {
    await reader.stop();
    await path.stop();
    await simulator.control('DELETE', 'faults');
  });

  const health = () => path.feeds.health(btc);

  /** What the reader knew at each update id that it was told. Fails where it ever knew a crossed book. */
  function knownBooks(): Map<string, { readonly bids: Levels; readonly asks: Levels }> {
    const book = new BookReader();
    const known = new Map<string, { readonly bids: Levels; readonly asks: Levels }>();
    for (const event of reader.events) {
      book.apply(event);
      if (book.isCrossed) throw new Error(`the reader was told a crossed book at ${String(book.nonce)}`);
      known.set(book.nonce ?? '', { bids: book.bids(depth), asks: book.asks(depth) });
    }
    return known;
  }

  /** Asks the exchange for its own book until the reader has known three of these states; each must be the same. */
  async function expectTruth(): Promise<void> {
    const truths = new Map<string, RestBook>();
    const common = await eventually(async () => {
      const response = await fetch(`${simulator.restUrl}${depthPath}?symbol=BTCUSDT&limit=${depth}`);
      const truth = (await response.json()) as RestBook;
      truths.set(String(truth.lastUpdateId), truth);
      const known = knownBooks();
      const shared = [...truths.keys()].filter((nonce) => known.has(nonce));
      return shared.length >= 3 ? shared : null;
    });
    const known = knownBooks();
    for (const nonce of common) {
      const truth = truths.get(nonce)!;
      expect(known.get(nonce)).toEqual({ bids: exact(truth.bids), asks: exact(truth.asks) });
    }
  }

  it('equals the exchange at every update id that both tell', async () => {
    await expectTruth();
    expect(health()).toMatchObject({ gaps: 0, resyncs: 0 });
  });

  it('is built anew after a gap, and counts it', async () => {
    await simulator.control('POST', 'faults', { kind: 'gap', stream });
    await eventually(() => health().resyncs === 1);
    await expectTruth();
    expect(health()).toMatchObject({ gaps: 1, resyncs: 1, reconnects: 0, stale: false });
  });

  it('does not mind a change that comes twice', async () => {
    await simulator.control('POST', 'faults', { kind: 'duplicate', stream, count: 5 });
    await eventually(async () => (await simulator.state()).faults.length === 0);
    await expectTruth();
    expect(health()).toMatchObject({ gaps: 0, resyncs: 0 });
  });

  it.each(['corrupt', 'truncate'])('survives a frame that is %s, and finds the hole that it leaves', async (kind) => {
    await simulator.control('POST', 'faults', { kind, stream });
    await eventually(() => health().resyncs === 1);
    await expectTruth();
    expect(health()).toMatchObject({ gaps: 1, stale: false });
    const { values } = await path.metrics.badMarketData.get();
    expect(values).toEqual([
      expect.objectContaining({ value: 1, labels: { exchange: 'simulator', channel: 'orderBook' } }),
    ]);
  });

  it('tells STALE where the snapshot after a gap does not come in time, and a SNAPSHOT when it does', async () => {
    await simulator.control('POST', 'faults', { kind: 'slow', path: depthPath, delayMs: 4_000, count: 1 });
    await simulator.control('POST', 'faults', { kind: 'gap', stream });
    const stale = await reader.first(({ meta }) => meta.kind === 'STALE');
    expect(stale.meta.reason).toBe('OUT_OF_SYNC');
    await reader.firstFrom(reader.events.indexOf(stale), ({ meta }) => meta.kind === 'SNAPSHOT');
    await expectTruth();
  });

  it('asks again where the snapshot is refused', async () => {
    await simulator.control('POST', 'faults', { kind: 'bad-gateway', path: depthPath, count: 2 });
    await simulator.control('POST', 'faults', { kind: 'gap', stream });
    await eventually(() => health().resyncs === 1);
    await expectTruth();
  });
});
