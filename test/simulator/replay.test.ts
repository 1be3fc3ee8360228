import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { connectCcxt, type CcxtBinance, type CcxtBook } from '../kit/ccxtBinance';
import { openExchangeSocket, until } from '../kit/exchangeSocket';
import { describeWith, sharedDataDir } from '../kit/needs';
import { startSimulator, type RunningSimulator, type SimulatorState } from '../kit/simulator';

type Level = readonly [string, string];

interface Expected {
  readonly bookCheckpoints: readonly {
    readonly u: number;
    readonly bids: readonly Level[];
    readonly asks: readonly Level[];
  }[];
  readonly candles1mFromTrades: readonly {
    readonly t: number;
    readonly o: string;
    readonly h: string;
    readonly l: string;
    readonly c: string;
    readonly v: string;
    readonly n: number;
    readonly complete: boolean;
  }[];
  readonly tradeCount: number;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

const folder = path.join(sharedDataDir, 'hftbacktest');
const btc = path.join(folder, 'binance-spot-btcusdt_20240808');
const eth = path.join(folder, 'binance-spot-ethusdt_20240808');
const streams = ['btcusdt@trade', 'btcusdt@depth@100ms', 'btcusdt@bookTicker'];

interface ReplayState extends SimulatorState {
  readonly replay: {
    readonly status: string;
    readonly linesPlayed: number;
    readonly linesTotal: number;
    readonly gaps: number;
  };
}

describeWith('shared-data', 'replaying recorded sockets of Binance', () => {
  let simulator: RunningSimulator | null = null;
  let exchange: CcxtBinance | null = null;

  afterEach(async () => {
    await exchange?.close();
    await simulator?.stop();
    exchange = null;
    simulator = null;
  });

  async function start(speed: string, ...args: string[]): Promise<RunningSimulator> {
    simulator = await startSimulator({ args: ['--replay', `${btc}.log.gz`, '--speed', speed, ...args] });
    return simulator;
  }

  const replayState = async (running: RunningSimulator) => ((await running.state()) as ReplayState).replay;
  const ended = async (running: RunningSimulator) => (await replayState(running)).status === 'ended';

  it('gives ccxt.pro every trade once, in order, and the true book at every common update id', async () => {
    const truth = expected(btc);
    const running = await start('25', '--replay-wait', 'btcusdt@trade,btcusdt@depth@100ms');
    const connected = (exchange = await connectCcxt(running));

    const tradeIds: number[] = [];
    const readTrades = async (): Promise<void> => {
      while (tradeIds.length < truth.tradeCount) {
        for (const trade of await connected.watchTrades('BTC/USDT')) tradeIds.push(Number(trade.id));
      }
    };
    const seen = new Map<number, CcxtBook>();
    let states = 0;
    const checkpoints = new Set(truth.bookCheckpoints.map(({ u }) => u));
    const lastUpdateId = truth.bookCheckpoints.at(-1)!.u;
    const readBooks = async (): Promise<void> => {
      for (let nonce = 0; nonce < lastUpdateId;) {
        // Room for every level: with its default of 1,000 ccxt forgets deep ones, which are missing once the price has come to them.
        const book = await connected.watchOrderBook('BTC/USDT', 5000);
        nonce = book.nonce!;
        states += 1;
        if (states % 8 === 0 || checkpoints.has(nonce)) {
          seen.set(nonce, { bids: firstTen(book.bids), asks: firstTen(book.asks) });
        }
      }
    };
    await Promise.all([readTrades(), readBooks()]);

    expect(tradeIds).toEqual(Array.from({ length: truth.tradeCount }, (_, i) => truth.firstTradeId + i));
    expect(tradeIds.at(-1)).toBe(truth.lastTradeId);
    // Updates that reach a busy reader together are one state to it; every state that it saw must be true.
    const checked = [...trueBooks(btc, seen.keys())];
    expect(checked.length).toBeGreaterThan(10);
    expect(checked.filter(([nonce, top]) => JSON.stringify(seen.get(nonce)) !== JSON.stringify(top))).toEqual([]);
  }, 120_000);

  it('is judged by a book that agrees with the truth at every checkpoint', () => {
    const { bookCheckpoints } = expected(btc);
    const books = new Map(
      trueBooks(
        btc,
        bookCheckpoints.map(({ u }) => u),
      ),
    );
    expect(bookCheckpoints.map(({ u }) => books.get(u))).toEqual(
      bookCheckpoints.map(({ bids, asks }) => ({ bids: pairs(bids), asks: pairs(asks) })),
    );
  });

  it('passes frames on byte for byte in recorded order, as fast as they are read', async () => {
    const running = await start('max', '--replay-wait', streams.join());
    const recorded = recordedLines(btc).filter((line) => line.startsWith('{"stream"'));
    const socket = await openExchangeSocket(`${running.wsUrl}/stream`);
    socket.send({ method: 'SUBSCRIBE', params: streams, id: 1 });
    expect(await socket.next()).toBe('{"result":null,"id":1}');
    const heard: string[] = [];
    while (heard.length < recorded.length) heard.push(await socket.next());
    expect(heard.findIndex((frame, i) => frame !== recorded[i])).toBe(-1);
    await until(() => ended(running), 'the replay has ended');
    await socket.close();
  });

  it('serves a snapshot at any moment that joins the updates after it', async () => {
    const truth = expected(btc);
    const running = await start('40');
    const socket = await openExchangeSocket(`${running.wsUrl}/stream?streams=btcusdt@depth@100ms`);
    for (let round = 0; round < 4; round += 1) {
      const response = await fetch(`${running.restUrl}/api/v3/depth?symbol=BTCUSDT&limit=1000`);
      const book = new LocalBook((await response.json()) as Snapshot);
      const next = truth.bookCheckpoints.find(({ u }) => u > book.lastUpdateId + 500)!;
      while (book.lastUpdateId < next.u) book.apply((JSON.parse(await socket.next()) as { data: Diff }).data);
      expect([book.gaps, book.lastUpdateId]).toEqual([0, next.u]);
      expect(book.top(10)).toEqual({ bids: next.bids, asks: next.asks });
    }
    await socket.close();
  });

  it('waits for its readers at full speed', async () => {
    const running = await start('max');
    const socket = await openExchangeSocket(`${running.wsUrl}/stream?streams=${streams.join('/')}`);
    socket.socket.pause();
    let before = -1;
    await until(async () => {
      const { linesPlayed } = await replayState(running);
      const isStill = linesPlayed === before;
      before = linesPlayed;
      return isStill && linesPlayed > 0;
    }, 'the replay stands still');
    const { linesPlayed, linesTotal, status } = await replayState(running);
    expect([status, linesPlayed < linesTotal]).toEqual(['playing', true]);
    socket.socket.resume();
    await until(() => ended(running), 'the replay has ended');
    await socket.close();
  });

  it('does not begin before the streams that it waits for, and stays open and quiet after its end', async () => {
    const running = await start('max', '--replay-wait', 'btcusdt@trade');
    const other = await openExchangeSocket(`${running.wsUrl}/stream?streams=btcusdt@bookTicker`);
    expect(await replayState(running)).toMatchObject({ status: 'waiting', linesPlayed: 0 });
    const socket = await openExchangeSocket(`${running.wsUrl}/ws/btcusdt@trade`);
    expect(JSON.parse(await socket.next())).toMatchObject({ t: expected(btc).firstTradeId });
    await until(() => ended(running), 'the replay has ended');
    socket.send({ method: 'LIST_SUBSCRIPTIONS', id: 5 });
    expect(await socket.nextJson((message: { id?: number }) => message.id === 5)).toMatchObject({
      result: ['btcusdt@trade'],
    });
    await Promise.all([socket.close(), other.close()]);
  });

  it('sums candles and the day from the recorded trades', async () => {
    const truth = expected(btc);
    const running = await start('max', '--replay-wait', 'btcusdt@trade');
    const socket = await openExchangeSocket(`${running.wsUrl}/stream?streams=btcusdt@trade`);
    await until(() => ended(running), 'the replay has ended');
    const connected = (exchange = await connectCcxt(running));
    const candles = await connected.fetchOHLCV('BTC/USDT', '1m');
    expect(candles.map((candle) => candle.map(Number))).toEqual(
      truth.candles1mFromTrades.map(({ t, o, h, l, c, v }) => [t, ...[o, h, l, c, v].map(Number)]),
    );
    expect((await connected.fetchTicker('BTC/USDT')).info).toMatchObject({
      count: truth.tradeCount,
      lastId: truth.lastTradeId,
    });
    await socket.close();
  });

  it('plays two recordings side by side', async () => {
    const running = await start('max', '--replay', `${eth}.log.gz`, '--replay-wait', 'btcusdt@trade,ethusdt@trade');
    const socket = await openExchangeSocket(`${running.wsUrl}/stream?streams=btcusdt@trade/ethusdt@trade`);
    const counts = { BTCUSDT: 0, ETHUSDT: 0 };
    const times: number[] = [];
    for (let i = 0; i < expected(btc).tradeCount + expected(eth).tradeCount; i += 1) {
      const { data } = JSON.parse(await socket.next()) as { data: { s: 'BTCUSDT' | 'ETHUSDT'; T: number } };
      counts[data.s] += 1;
      times.push(data.T);
    }
    expect(counts).toEqual({ BTCUSDT: expected(btc).tradeCount, ETHUSDT: expected(eth).tradeCount });
    // Mixed by time of arrival, which differs a little from the time of the trade.
    expect(times.slice(1).filter((time, i) => time < times[i]! - 2000)).toEqual([]);
    expect((await replayState(running)).gaps).toBe(0);
    await socket.close();
  });
});

interface Snapshot {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

interface Diff {
  readonly U: number;
  readonly u: number;
  readonly b: readonly Level[];
  readonly a: readonly Level[];
}

/** The exchange's rule for a local book, written once more and apart from the simulator's. */
class LocalBook {
  lastUpdateId: number;
  gaps = 0;
  private readonly bids: Map<string, string>;
  private readonly asks: Map<string, string>;

  constructor(snapshot: Snapshot) {
    this.lastUpdateId = snapshot.lastUpdateId;
    this.bids = new Map(snapshot.bids);
    this.asks = new Map(snapshot.asks);
  }

  apply(diff: Diff): void {
    if (diff.u <= this.lastUpdateId) return;
    if (diff.U > this.lastUpdateId + 1) this.gaps += 1;
    for (const [side, levels] of [[this.bids, diff.b] as const, [this.asks, diff.a] as const]) {
      for (const [price, amount] of levels) {
        if (Number(amount) === 0) side.delete(price);
        else side.set(price, amount);
      }
    }
    this.lastUpdateId = diff.u;
  }

  top(depth: number) {
    const sorted = (side: Map<string, string>, sign: number) =>
      [...side].sort(([a], [b]) => sign * (Number(a) - Number(b))).slice(0, depth);
    return { bids: sorted(this.bids, -1), asks: sorted(this.asks, 1) };
  }
}

/** The ten best levels at each of these update ids, by the exchange's rule, straight from the recording. */
function* trueBooks(recording: string, updateIds: Iterable<number>): Generator<[number, CcxtBook]> {
  const wanted = new Set(updateIds);
  const lines = recordedLines(recording);
  const book = new LocalBook(JSON.parse(lines.find((line) => line.startsWith('{"lastUpdateId"'))!) as Snapshot);
  for (const line of lines.filter((candidate) => candidate.includes('@depth'))) {
    book.apply((JSON.parse(line) as { data: Diff }).data);
    if (!wanted.delete(book.lastUpdateId)) continue;
    const { bids, asks } = book.top(10);
    yield [book.lastUpdateId, { bids: pairs(bids), asks: pairs(asks) }];
  }
}

function recordedLines(recording: string): string[] {
  const text = gunzipSync(readFileSync(`${recording}.log.gz`)).toString('utf8');
  return text.split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
}

function expected(recording: string): Expected {
  return JSON.parse(readFileSync(`${recording}.expected.json`, 'utf8')) as Expected;
}

function firstTen(levels: CcxtBook['bids']): CcxtBook['bids'] {
  return levels.slice(0, 10).map(([price, amount]) => [price, amount]);
}

function pairs(levels: readonly Level[]): CcxtBook['bids'] {
  return levels.map(([price, amount]) => [Number(price), Number(amount)]);
}
