import { Decimal } from '../../src/domain/decimal';
import type { OrderRecord } from '../../src/storage/trading/records';
import { eventually } from '../kit/eventually';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { TradingHouse } from '../kit/tradingHouse';

const longestWaitMs = 2_000;
const foundWithin = { timeoutMs: 30_000 };

let simulator: RunningSimulator;
let house: TradingHouse;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'swap strangers', args: ['--weight-limit', '1000000'] });
  house = await TradingHouse.open(simulator, { longestWaitMs });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

/** By hand, beside us, and not heard of but as an execution. */
async function sellOutside(quantity: string, newClientOrderId: string): Promise<void> {
  await simulator.control('POST', 'accounts/trader/calls', {
    method: 'POST',
    path: '/fapi/v1/order',
    parameters: { symbol: 'BTCUSDT', side: 'SELL', type: 'MARKET', quantity, newClientOrderId },
  });
}

/** Of strangers, which were closed. */
async function closedOrders(): Promise<readonly OrderRecord[]> {
  const { items } = await house.storage.orders.page(
    { userId: house.account.ownerId, readsGranted: false, readsAll: false },
    {
      filter: {
        accounts: [house.account.id],
        markets: null,
        side: null,
        types: null,
        statuses: ['CLOSED'],
        since: null,
        until: null,
      },
      sort: { field: 'CREATED_AT', isDescending: false },
      page: { size: 10, isFromEnd: false, after: null, before: null },
    },
  );
  return items.filter(({ origin }) => origin === 'EXTERNAL');
}

async function comparedAfter(moment: number): Promise<void> {
  await eventually(
    async () => ((await house.storage.trading.reconciledAt(house.account.id)) ?? 0) > moment,
    foundWithin,
  );
}

it('answers with what a swap has executed, which the exchange tells apart from its answer', async () => {
  const input = { market: 'simulator:BTC/USDT:USDT', amount: '0.02' };
  const { order } = await house.create(input);
  expect(order).toMatchObject({ phase: 'CLOSED', filled: '0.02' });
  const { order: closing } = await house.create({ ...input, side: 'SELL' });
  expect(closing).toMatchObject({ phase: 'CLOSED', filled: '0.02' });
});

it('adopts a swap that was traded by hand, and its liquidation, and goes on comparing', async () => {
  await sellOutside('2', 'by-hand');
  await eventually(async () => (await closedOrders()).length === 1, foundWithin);
  expect(await closedOrders()).toMatchObject([
    { origin: 'EXTERNAL', marketId: 'simulator:BTC/USDT:USDT', clientOrderId: 'by-hand', filled: '2' },
  ]);

  const response = await fetch(`${simulator.restUrl}/fapi/v1/premiumIndex?symbol=BTCUSDT`);
  const { markPrice } = (await response.json()) as { readonly markPrice: string };
  const price = new Decimal(markPrice).times('1.2').toFixed(1);
  const liquidatedAt = Date.now();
  await simulator.control('POST', 'markets/BTCUSDT/mark-price', { price });
  await eventually(async () => (await closedOrders()).length === 2, foundWithin);
  expect((await closedOrders()).map(({ origin, side, filled }) => [origin, side, filled])).toEqual(
    expect.arrayContaining([
      ['EXTERNAL', 'SELL', '2'],
      ['EXTERNAL', 'BUY', '2'],
    ]),
  );
  await comparedAfter(liquidatedAt);
}, 100_000);
