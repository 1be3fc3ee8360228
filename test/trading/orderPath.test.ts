import { randomUUID } from 'node:crypto';
import { pendingOrder } from '../../src/domain/orderState';
import type { OrderRecord } from '../../src/storage/trading/records';
import { eventually } from '../kit/eventually';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { decimal, demoCredentials, openAccount } from '../kit/tradingAccount';
import { TradingHouse } from '../kit/tradingHouse';

let simulator: RunningSimulator;
let house: TradingHouse;

beforeAll(async () => {
  simulator = await startSimulator();
  house = await TradingHouse.open(simulator);
}, 60_000);

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

it('buys at the market, and books the order, its trades, the balances and the position', async () => {
  const { order, refusal } = await house.create({});
  expect(refusal).toBeNull();
  expect(order).toMatchObject({ phase: 'CLOSED', filled: '0.001', reserved: '0', overfilled: '0' });
  const booked = await house.storage.trading.transaction({ accountId: house.account.id, epoch: null }, async (tx) => ({
    balances: await tx.balances(),
    positions: await tx.positions(),
  }));
  const [position] = booked!.positions;
  expect(position).toMatchObject({ marketId: 'simulator:BTC/USDT', side: 'LONG' });
  // What was paid left the balance, and the fee, taken in coins, left the position.
  const port = openAccount(simulator, await demoCredentials(simulator, 'trader'));
  const there = await port.balances();
  await port.close();
  const total = (currency: string) => there.find((balance) => balance.currency === currency)?.total;
  expect(booked!.balances.map(({ currency, total: own }) => [currency, own])).toEqual(
    booked!.balances.map(({ currency }) => [currency, total(currency)]),
  );
});

it('takes orders that come at once in fewer transactions than each would take alone', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => house.create({})));
  expect(answers.map(({ order }) => order?.phase)).toEqual(answers.map(() => 'CLOSED'));
  const steps = await house.query<{ readonly xmin: string }>(
    'SELECT xmin FROM order_transitions WHERE order_id = ANY($1)',
    [answers.map(({ order }) => order?.id)],
  );
  // Alone it is stored in one, claimed in one, and booked in one.
  expect(steps.length).toBeGreaterThanOrEqual(3 * answers.length);
  expect(new Set(steps.map(({ xmin }) => xmin)).size).toBeLessThan(3 * answers.length);
});

it('does not send what was judged a minute ago', async () => {
  const { trading } = house.storage;
  const { order: last } = await house.create({ market: 'simulator:ETH/USDT', amount: '0.01' });
  const createdAt = Date.now() - 61_000;
  const late: OrderRecord = {
    ...last!,
    ...pendingOrder(decimal('0.01')),
    id: randomUUID(),
    clientOrderId: null,
    exchangeOrderId: null,
    signedAt: null,
    createdAt,
  };
  await trading.transaction({ accountId: house.account.id, epoch: null }, (tx) =>
    tx.insertOrder(late, { orderId: late.id, at: createdAt, from: null, to: 'PENDING', cause: 'created' }),
  );
  const ended = await eventually(async () => {
    const order = await trading.order(house.account.id, late.id);
    return order?.phase === 'PENDING' ? null : order;
  });
  expect(ended).toMatchObject({ phase: 'CANCELED', rejectCode: 'INTENT_EXPIRED', signedAt: null });
});

it('does not send what was taken in before its account began to wait for a second person', async () => {
  const { trading } = house.storage;
  const { id: accountId } = house.account;
  const { order: last } = await house.create({ market: 'simulator:ETH/USDT', amount: '0.01' });
  const waiting: OrderRecord = {
    ...last!,
    ...pendingOrder(decimal('0.01')),
    id: randomUUID(),
    clientOrderId: null,
    exchangeOrderId: null,
    signedAt: null,
    createdAt: Date.now(),
  };
  await house.query(`UPDATE accounts SET approval = 'AWAITED' WHERE id = $1`, [accountId]);
  await trading.transaction({ accountId, epoch: null }, (tx) =>
    tx.insertOrder(waiting, { orderId: waiting.id, at: Date.now(), from: null, to: 'PENDING', cause: 'created' }),
  );
  const ended = await eventually(async () => {
    const order = await trading.order(accountId, waiting.id);
    return order?.phase === 'PENDING' ? null : order;
  });
  expect(ended).toMatchObject({ phase: 'CANCELED', signedAt: null });
  await house.query(`UPDATE accounts SET approval = 'GIVEN' WHERE id = $1`, [accountId]);
});

it('rests a limit and cancels it', async () => {
  const { order, refusal } = await house.create({ type: 'LIMIT', price: '60000', amount: '0.01' });
  expect(refusal).toBeNull();
  expect(order).toMatchObject({ phase: 'OPEN' });
  const canceled = await house.trading.cancelOrder(house.asker, order!.id);
  expect(canceled.order).toMatchObject({ phase: 'CANCELED' });
});

it('answers a repeated close with its order, though the position is closed by then', async () => {
  await house.create({ market: 'simulator:ETH/USDT', amount: '0.01' });
  const { trading } = house.storage;
  const held = { accountId: house.account.id, epoch: null };
  const positions = await trading.transaction(held, (tx) => tx.positions());
  const position = positions!.find(({ marketId }) => marketId === 'simulator:ETH/USDT')!;
  const close = (idempotencyKey: string) =>
    house.trading.closePosition(house.asker, { positionId: position.id, idempotencyKey, fraction: '1' });
  const first = await close('close once');
  expect(first).toMatchObject({ refusal: null, order: { side: 'SELL' } });
  // What the fee has left of it is gone as well.
  await trading.transaction(held, (tx) => {
    tx.savePosition({ ...position, amount: decimal('0'), closedAt: Date.now() });
  });
  expect(await close('close once')).toMatchObject({ refusal: null, replayed: true, order: { id: first.order!.id } });
  expect(await close('another')).toMatchObject({ order: null, refusal: { code: 'POSITION_NOT_FOUND' } });
});
