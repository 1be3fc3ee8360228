import { Pool } from 'pg';
import type { OrderReport } from '../../src/domain/orders';
import type { OrderRecord } from '../../src/storage/trading/records';
import { OrderSettler } from '../../src/trading/orderSettler';
import { endPool } from '../kit/endPool';
import { openTestStorage } from '../kit/postgres';
import { money } from '../kit/tradingRecords';
import { ScriptedAccount } from './scriptedAccount';

let house: Awaited<ReturnType<typeof openTestStorage>>;
let pool: Pool;
let there: ScriptedAccount;
let settler: OrderSettler;
let asked: string[];

beforeAll(async () => {
  house = await openTestStorage();
  pool = new Pool({ connectionString: house.url, max: 1 });
}, 60_000);

afterAll(async () => {
  await endPool(pool);
  await house.stop();
});

beforeEach(async () => {
  there = await ScriptedAccount.open(house.storage, pool);
  settler = new OrderSettler(there.desk, {
    isUnderWay: () => false,
    onCritical: () => undefined,
    onFailure: (error) => {
      throw error;
    },
  });
  asked = [];
  for (const question of ['openOrders', 'ordersSince', 'fillsSince'] as const) {
    const answer = there.port[question]! as (...args: unknown[]) => Promise<never[]>;
    there.port[question] = (...args: unknown[]) => {
      asked.push(question);
      return answer(...args);
    };
  }
});

function doubted(): Promise<OrderRecord> {
  const { now } = there;
  return there.addOrder({ phase: 'UNKNOWN', signedAt: now, unknownSince: now });
}

/** One look at what is due, and all that comes of it. */
async function settled(): Promise<void> {
  await settler.look();
  await settler.idle();
}

/** As long as it takes until a signature is too old, in rounds as the session makes them. */
async function settleFor(seconds: number): Promise<void> {
  for (let half = 0; half < seconds * 2; half += 1) {
    there.pass(500);
    await settled();
  }
}

function reportOf(order: OrderRecord): OrderReport {
  const figures = { filled: money('0'), cost: null, average: null, exchangeTime: there.now, fills: [] };
  const terms = { ...order, symbol: 'BTC/USDT' };
  return {
    exchangeOrderId: '77',
    clientOrderId: order.clientOrderId,
    symbol: 'BTC/USDT',
    status: 'OPEN',
    terms,
    ...figures,
  };
}

it('ends together what was never placed, within a round of the moment from which no signature is taken', async () => {
  const orders = [await doubted(), await doubted(), await doubted()];
  await settleFor(20);
  expect(await Promise.all(orders.map((order) => there.phaseOf(order)))).toEqual(['UNKNOWN', 'UNKNOWN', 'UNKNOWN']);
  expect(asked).toEqual([]);
  await settleFor(0.5);
  expect(await Promise.all(orders.map((order) => there.phaseOf(order)))).toEqual(Array(3).fill('NOT_PLACED'));
  expect(asked.sort()).toEqual(['fillsSince', 'openOrders', 'ordersSince']);
});

it.each(['openOrders', 'ordersSince'] as const)('ends nothing that stands in %s', async (list) => {
  const [placed, absent] = [await doubted(), await doubted()];
  there.port[list] = () => Promise.resolve([reportOf(placed)]);
  await settleFor(30);
  expect([await there.phaseOf(placed), await there.phaseOf(absent)]).toEqual(['UNKNOWN', 'NOT_PLACED']);
});

it('ends nothing while a trade may be of it: the exchange names no client with a trade, so its order is asked for', async () => {
  const [placed, absent] = [await doubted(), await doubted()];
  const { exchangeOrderId } = there.buy('0.1');
  await settleFor(30);
  // Nobody knows whose it is.
  expect([await there.phaseOf(placed), await there.phaseOf(absent)]).toEqual(['UNKNOWN', 'UNKNOWN']);
  there.port.findOrder = ({ clientOrderId, exchangeOrderId: id }) =>
    Promise.resolve(clientOrderId === null && id === exchangeOrderId ? reportOf(placed) : null);
  await settleFor(5);
  expect([await there.phaseOf(placed), await there.phaseOf(absent)]).toEqual(['UNKNOWN', 'NOT_PLACED']);
});

it('is not held up by a trade of another order that is known here', async () => {
  const absent = await doubted();
  const { exchangeOrderId } = there.buy('0.1');
  await there.addOrder({ exchangeOrderId });
  await settleFor(30);
  expect(await there.phaseOf(absent)).toBe('NOT_PLACED');
});

it('writes no more once an order was denied three times, however long it is asked about', async () => {
  await there.addOrder({ phase: 'CANCELING', exchangeOrderId: '7', type: 'LIMIT', price: money('90') });
  await settleFor(8);
  const before = await there.eventSeq();
  await settleFor(30);
  expect(await there.eventSeq()).toBe(before);
});
