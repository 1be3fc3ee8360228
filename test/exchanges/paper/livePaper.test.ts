import { tradesTopic } from '../../../src/bus/marketTopics';
import { Decimal } from '../../../src/domain/decimal';
import { toMarketId } from '../../../src/domain/market';
import type { OrderBook } from '../../../src/domain/marketData';
import type { Fill } from '../../../src/domain/orders';
import { PaperExchange } from '../../../src/exchanges/paper/paperExchange';
import type { AccountEvent, TradingPort } from '../../../src/exchanges/tradingPort';
import { LivePaperMarkets } from '../../../src/feeds/paperMarketSource';
import { BackgroundRunner } from '../../../src/telemetry/backgroundRunner';
import { createLogger } from '../../../src/telemetry/logger';
import { eventually } from '../../kit/eventually';
import { connectMarketPath, type MarketPath } from '../../kit/marketPath';
import { startSimulator, type RunningSimulator } from '../../kit/simulator';
import { MemoryPaperStore } from './memoryPaperStore';
import { accountId, terms } from './scriptedPaper';

const market = toMarketId('simulator', 'BTC/USDT');

let simulator: RunningSimulator;
let path: MarketPath;
let paper: PaperExchange;
let port: TradingPort;
let runner: BackgroundRunner;
const events: AccountEvent[] = [];

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'paper', args: ['--rate', '40'] });
  path = connectMarketPath(simulator);
  runner = new BackgroundRunner({ logger: createLogger('silent'), metrics: path.metrics });
  const exchange = path.exchanges.find('simulator');
  if (exchange === null) throw new Error('no exchange');
  paper = new PaperExchange({
    exchange: 'simulator',
    store: new MemoryPaperStore(),
    source: new LivePaperMarkets({ ...path, exchange, clock: Date.now, runner }),
    clock: Date.now,
    runner,
  });
  await paper.createAccount({
    accountId,
    positionMode: 'ONE_WAY',
    balances: new Map([
      ['USDT', { free: new Decimal(1_000_000), used: new Decimal(0) }],
      ['BTC', { free: new Decimal(10), used: new Decimal(0) }],
    ]),
  });
  await paper.start();
  port = paper.port(accountId);
  port.watch((event) => events.push(event));
});

afterAll(async () => {
  paper.close();
  await path.stop();
  await runner.idle();
  await simulator.stop();
});

let count = 0;
async function place(given: Parameters<typeof terms>[0]) {
  count += 1;
  const signedAt = Date.now();
  const outcome = await port.placeOrder({ clientOrderId: `live${count}`, terms: terms(given), signedAt });
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  return outcome.report;
}

const book = (): Promise<OrderBook> => path.marketData.orderBook(market, 500);

it('fills a market order from the levels of a real book, the first one before any feed is open', async () => {
  const report = await place({ amount: '0.5' });
  expect(report).toMatchObject({ status: 'CLOSED', filled: '0.5' });
  const prices = report.fills.map(({ price }) => new Decimal(price));
  expect(prices).toEqual(prices.toSorted((a, b) => a.comparedTo(b)));
});

it('fills a resting order when the live market comes to it', async () => {
  const { asks } = await book();
  const best = asks[0]?.price ?? '0';
  const price = new Decimal(best).minus('0.01').toFixed(2);
  const report = await place({ type: 'LIMIT', amount: '0.001', price });
  // In parts, where what comes to it is smaller.
  const executed = () =>
    events.flatMap((event) =>
      event.type === 'fill' && event.fill.exchangeOrderId === report.exchangeOrderId ? [event.fill] : [],
    );
  const sum = (fills: readonly Fill[]) => Decimal.sum(0, ...fills.map(({ amount }) => amount)).toFixed();
  await eventually(() => sum(executed()) === '0.001');
  const found = await port.findOrder({
    symbol: 'BTC/USDT',
    clientOrderId: report.clientOrderId ?? '',
    exchangeOrderId: null,
  });
  expect(found).toMatchObject({ status: 'CLOSED', filled: '0.001' });
  expect(found?.fills.map(({ tradeId }) => tradeId)).toEqual(executed().map(({ tradeId }) => tradeId));
});

it('triggers a stop by live trades and fills it from the live book', async () => {
  // Refused where the market has moved past the trigger meanwhile; whichever way it goes then, one of the two is met.
  const placed = await eventually(async () => {
    const message = path.bus.last(tradesTopic(market));
    const last = message?.kind === 'data' ? message.data.trades.at(-1)?.price : undefined;
    if (last === undefined) return null;
    const distance = { BUY: '0.5', SELL: '-0.5' } as const;
    const stops = (['BUY', 'SELL'] as const).map((side) =>
      place({
        type: 'STOP',
        side,
        amount: '0.001',
        triggerPrice: new Decimal(last).plus(distance[side]).toFixed(2),
      }),
    );
    return Promise.all(stops).catch(() => null);
  });
  const numbers = placed.map(({ exchangeOrderId }) => exchangeOrderId);
  await eventually(
    () => events.some((event) => event.type === 'fill' && numbers.includes(event.fill.exchangeOrderId)),
    { timeoutMs: 50_000 },
  );
});

it('refuses what breaks the rules of the exchange', async () => {
  const asked = { clientOrderId: 'rule', terms: terms({ amount: '0.0000001' }), signedAt: Date.now() };
  expect(await port.placeOrder(asked)).toMatchObject({ kind: 'refused', code: 'MARKET_RULE_VIOLATED' });
});

it('executes nothing once the exchange is gone', async () => {
  await simulator.kill();
  // A book that was asked for is good for a second.
  await eventually(async () => {
    const asked = { clientOrderId: `gone${(count += 1)}`, terms: terms({ amount: '0.001' }), signedAt: Date.now() };
    const outcome = await port.placeOrder(asked);
    return outcome.kind === 'refused' && outcome.code === 'MARKET_CLOSED';
  });
});
