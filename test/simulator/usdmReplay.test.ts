import path from 'node:path';
import { connectUsdm, type CcxtUsdm } from '../kit/ccxtUsdm';
import { openExchangeSocket, until } from '../kit/exchangeSocket';
import { describeWith, sharedDataDir } from '../kit/needs';
import { startSimulator, type RunningSimulator, type SimulatorState } from '../kit/simulator';

interface ReplayState extends SimulatorState {
  readonly replay: {
    readonly status: string;
    readonly gaps: number;
    readonly linesPlayed: number;
    readonly linesTotal: number;
  };
}

interface Frame {
  readonly stream: string;
  readonly data: { readonly t?: number; readonly u?: number; readonly pu?: number };
}

const recording = path.join(sharedDataDir, 'hftbacktest/binance-usdm-btcusdt_20240808.log.gz');
const symbol = 'BTC/USDT:USDT';

describeWith('shared-data', 'replaying recorded sockets of Binance USD-M', () => {
  let simulator: RunningSimulator;
  let exchange: CcxtUsdm | null = null;

  afterEach(async () => {
    await exchange?.close();
    exchange = null;
    await simulator.stop();
  });

  async function start(...args: string[]): Promise<void> {
    simulator = await startSimulator({ args: ['--replay', recording, ...args] });
  }

  const state = async () => ((await simulator.state()) as ReplayState).replay;

  it('passes on every recorded trade and update, in order, without a gap', async () => {
    await start('--speed', 'max', '--replay-wait', 'btcusdt@trade,btcusdt@depth@0ms');
    const socket = await openExchangeSocket(
      `${simulator.wsUrl}/fstream/stream?streams=btcusdt@trade/btcusdt@depth@0ms`,
    );
    let [trades, updates, lastTrade, lastUpdate] = [0, 0, 0, 0];
    while (trades < 21_313 || updates < 6551) {
      const { data } = JSON.parse(await socket.next()) as Frame;
      if (data.t !== undefined) {
        expect(data.t).toBeGreaterThan(lastTrade);
        lastTrade = data.t;
        trades += 1;
      } else {
        if (lastUpdate > 0) expect(data.pu).toBe(lastUpdate);
        lastUpdate = data.u ?? 0;
        updates += 1;
      }
    }
    await until(async () => (await state()).status === 'ended', 'the end');
    expect(await state()).toMatchObject({ gaps: 0 });
    const { linesPlayed, linesTotal } = await state();
    expect(linesPlayed).toBe(linesTotal);
    socket.socket.terminate();
  });

  it('is read by ccxt as live swaps are: book, quotes and trades', async () => {
    await start('--speed', '5');
    exchange = await connectUsdm(simulator, { options: { watchOrderBookRate: '0' } });
    expect(Object.keys(exchange.markets)).toEqual([symbol]);
    const [book, quotes, trades] = await Promise.all([
      exchange.watchOrderBook(symbol),
      exchange.watchBidsAsks([symbol]),
      exchange.watchTrades(symbol),
    ]);
    expect(book.bids[0]![0]).toBeLessThan(book.asks[0]![0]);
    expect(Number(quotes[symbol]!.bid)).toBeGreaterThan(50_000);
    expect(trades.length).toBeGreaterThan(0);
  });
});
