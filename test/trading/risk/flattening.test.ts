import { compareDecimals } from '../../../src/domain/compareDecimals';
import { parseMarketId } from '../../../src/domain/market';
import type { AccountRecord, OrderRecord, PositionRecord } from '../../../src/storage/trading/records';
import { Flattening, type Flattener } from '../../../src/trading/risk/flattening';
import { TradingStates } from '../../../src/trading/risk/tradingStates';
import { refuse, type Refusal } from '../../../src/trading/refusal';
import { decimal, marketOf, noon, orderOf, RiskHouse } from './riskHouse';

let house: RiskHouse;
let path: OrderPath;
let epoch: number | null;
let fatal: jest.SpyInstance;

beforeAll(async () => {
  house = await RiskHouse.open();
});

afterAll(() => house.stop());

beforeEach(async () => {
  await house.removeAccounts();
  house.time.setTo(noon);
  epoch = await house.store.takeLead();
  path = new OrderPath();
  fatal = jest.spyOn(house.logger, 'fatal').mockReset();
});

afterEach(() => house.lock('NONE'));

afterEach(() =>
  states().setGlobalTradingState({ actor: 'admin' }, { state: 'ACTIVE', flatten: false, reason: 'next test' }),
);

/** Stores orders under their keys as the order path does, and executes them when the test says so. */
class OrderPath implements Flattener {
  readonly closed: { readonly position: PositionRecord; readonly key: string }[] = [];
  cancels = 0;
  isDeaf = false;
  /** An account of which nothing can be canceled. */
  broken: string | null = null;
  /** So much of a position one order may close, at most. */
  most = '1000';
  refusal: (position: PositionRecord) => Refusal | null = () => null;

  async cancelAll({ id: accountId }: AccountRecord): Promise<void> {
    if (accountId === this.broken) throw new Error('it does not answer');
    this.cancels += 1;
    for (const order of await house.store.openOrders(accountId)) {
      if (order.origin === 'FLATTEN') continue;
      const asked = { ...order, cancelRequestedAt: order.cancelRequestedAt ?? house.time.now() };
      await save(this.isDeaf ? { ...asked, phase: 'CANCELING' } : { ...asked, phase: 'CANCELED' });
    }
  }

  async close({ id: accountId }: AccountRecord, position: PositionRecord, key: string): Promise<Refusal | null> {
    this.closed.push({ position, key });
    const refusal = this.refusal(position);
    if (refusal !== null) return refusal;
    await house.store.transaction({ accountId, epoch: null }, async (tx) => {
      if ((await tx.findKey(key)) !== null) return;
      const { side, amount, marketId } = position;
      const order = orderOf(accountId, marketId, {
        origin: 'FLATTEN',
        type: 'MARKET',
        side: side === 'LONG' ? 'SELL' : 'BUY',
        amount: compareDecimals(amount, decimal(this.most)) > 0 ? decimal(this.most) : amount,
      });
      await tx.insertOrder(order, {
        orderId: order.id,
        at: noon,
        from: null,
        to: order.phase,
        cause: 'flatten',
      });
      await tx.takeKey({ key, bodyHash: Buffer.alloc(32), orderId: order.id, at: noon });
    });
    return null;
  }

  /** Executes what was stored to flatten, or ends it without. */
  async settle(accountId: string, end: 'CLOSED' | 'REJECTED' = 'CLOSED'): Promise<void> {
    for (const order of await house.store.openOrders(accountId)) {
      if (order.origin !== 'FLATTEN') continue;
      const { symbol } = parseMarketId(order.marketId)!;
      const { side } = order;
      if (end === 'CLOSED') await house.fill(accountId, symbol, { side, amount: order.amount!, price: '100' });
      await save({ ...order, phase: end });
    }
  }
}

async function save(order: OrderRecord): Promise<void> {
  await house.store.transaction({ accountId: order.accountId, epoch: null }, (tx) => {
    tx.saveOrder(order, null);
    return Promise.resolve();
  });
}

async function openOrder(accountId: string, symbol: string): Promise<OrderRecord> {
  const order = orderOf(accountId, marketOf(symbol).id);
  const transition = { orderId: order.id, at: noon, from: null, to: order.phase, cause: 'created' };
  await house.store.transaction({ accountId, epoch: null }, (tx) => tx.insertOrder(order, transition));
  return order;
}

function flattening(): Flattening {
  const { store, risk, runner, logger, time } = house;
  const { now: clock, schedule } = time;
  return new Flattening({ store, risk, flattener: path, clock, schedule, runner, logger, epoch: () => epoch });
}

function states(): TradingStates {
  const { store, risk, time } = house;
  return new TradingStates({ store, risk, clock: time.now, equity: () => null, onFlatten: () => undefined });
}

function halt(accountId: string): Promise<unknown> {
  const asker = { ownerId: house.ownerId, actor: 'owner' };
  return states().setTradingState(asker, accountId, { state: 'HALTED', flatten: true, reason: 'stop' });
}

/** An account that holds 2 BTC and is short of 3 in the swap. */
async function exposed(): Promise<string> {
  const { id } = await house.addAccount();
  await house.transfer(id, 'USDT', '1000');
  await house.fill(id, 'BTC/USDT', { side: 'BUY', amount: '2', price: '100' });
  await house.fill(id, 'BTC/USDT:USDT', { side: 'SELL', amount: '3', price: '100' });
  return id;
}

async function positionsOf(accountId: string): Promise<readonly PositionRecord[]> {
  return (await house.risk.snapshot(accountId, null))!.positions;
}

/** What somebody was woken for. */
function alarms(): readonly unknown[] {
  return fatal.mock.calls.map(([story]: readonly unknown[]) => (story as { readonly code: string }).code);
}

function ended(accountId: string): Promise<number> {
  return house.count('audit_entries', `action = 'risk.flattened' AND target = '${accountId}'`);
}

it('cancels what is open, closes each position once, however often it is asked for, and says when it is done', async () => {
  const id = await exposed();
  await openOrder(id, 'BTC/USDT');
  await Promise.all([halt(id), halt(id), halt(id)]);
  const leader = flattening();
  for (let round = 0; round < 4; round += 1) await leader.look();
  await halt(id);
  await leader.look();
  expect(path.cancels).toBe(1);
  expect(path.closed.map(({ position }) => `${position.side} ${position.amount}`).sort()).toEqual([
    'LONG 2',
    'SHORT 3',
  ]);
  expect((await house.read(id)).flattenedNumber).toBe(0);
  await path.settle(id);
  await leader.look();
  expect(await positionsOf(id)).toEqual([]);
  expect(await house.read(id)).toMatchObject({ flattenNumber: 1, flattenedNumber: 1, tradingState: 'HALTED' });
  expect(await ended(id)).toBe(1);
  await halt(id);
  await leader.look();
  expect(path.closed).toHaveLength(2);
});

it.each(['READONLY', 'FULL'] as const)(
  'leaves everything as it is under %s, stops that protect positions too, tells it once, and goes on under NO_TRADING',
  async (level) => {
    const id = await exposed();
    const stop = await openOrder(id, 'BTC/USDT');
    const { id: flat } = await house.addAccount();
    for (const account of [id, flat]) await halt(account);
    const leader = flattening();
    await house.lock(level);
    for (let round = 0; round < 3; round += 1) await leader.look();
    expect([path.cancels, path.closed]).toEqual([0, []]);
    expect((await house.store.openOrders(id)).map((order) => order.id)).toEqual([stop.id]);
    expect(alarms()).toEqual(['FLATTEN_HELD']);
    expect([await ended(flat), await ended(id)]).toEqual([1, 0]);
    expect(await house.count('audit_entries', `action = 'risk.flatten' AND target = '${id}'`)).toBe(1);
    await house.lock('NO_TRADING');
    for (let round = 0; round < 2; round += 1) await leader.look();
    await path.settle(id);
    expect(path.cancels).toBe(1);
    expect(await positionsOf(id)).toEqual([]);
  },
);

it('closes no position while an order of its market still stands, for ten seconds', async () => {
  const id = await exposed();
  await openOrder(id, 'BTC/USDT');
  path.isDeaf = true;
  await halt(id);
  const leader = flattening();
  await leader.look();
  house.time.setTo(noon + 9_999);
  await leader.look();
  expect(path.closed.map(({ position }) => position.side)).toEqual(['SHORT']);
  house.time.setTo(noon + 10_000);
  await leader.look();
  expect(path.closed.map(({ position }) => position.side)).toEqual(['SHORT', 'LONG']);
  expect(path.cancels).toBe(1);
});

it('closes no position again while its own order stands, though that was asked to end a while ago', async () => {
  const id = await exposed();
  await halt(id);
  const leader = flattening();
  await leader.look();
  for (const order of await house.store.openOrders(id))
    await save({ ...order, phase: 'CANCELING', cancelRequestedAt: noon });
  house.time.setTo(noon + 60_000);
  await leader.look();
  expect(path.closed).toHaveLength(2);
});

it('is not done while an order stands that was asked to end, though no position is held', async () => {
  const { id } = await house.addAccount();
  await openOrder(id, 'BTC/USDT');
  path.isDeaf = true;
  await halt(id);
  await flattening().look();
  await flattening().look();
  expect((await house.read(id)).flattenedNumber).toBe(0);
});

it('goes on after a crash where it stood, under the same keys', async () => {
  const id = await exposed();
  await halt(id);
  await flattening().look();
  const keys = path.closed.map(({ key }) => key);
  await flattening().look();
  expect(path.closed).toHaveLength(2);
  await path.settle(id);
  await flattening().look();
  expect((await house.read(id)).flattenedNumber).toBe(1);
  expect(new Set(keys).size).toBe(2);
  expect(await house.count('orders', `account_id = '${id}' AND origin = 'FLATTEN'`)).toBe(2);
});

it('stores one order for a position though two nodes take themselves for the leader', async () => {
  const id = await exposed();
  await halt(id);
  await Promise.all([flattening().look(), flattening().look(), flattening().look()]);
  expect(await house.count('orders', `account_id = '${id}' AND origin = 'FLATTEN'`)).toBe(2);
});

it('tries again where an order ended without closing, three times, then tells what is left', async () => {
  const id = await exposed();
  await halt(id);
  const leader = flattening();
  for (let round = 0; round < 6; round += 1) {
    await leader.look();
    await path.settle(id, 'REJECTED');
  }
  await leader.look();
  expect(path.closed).toHaveLength(6);
  expect((await house.read(id)).flattenedNumber).toBe(1);
  const left = `action = 'risk.flattened' AND target = '${id}' AND outcome LIKE 'left:%SHORT 3%'`;
  expect(await house.count('audit_entries', left)).toBe(1);
  expect(alarms()).toEqual(['FLATTEN_LEFT']);
});

it('closes a position by as many orders as it takes, a hundred at most', async () => {
  const id = await exposed();
  path.most = '0.5';
  await halt(id);
  const leader = flattening();
  for (let round = 0; round < 7; round += 1) {
    await leader.look();
    await path.settle(id);
  }
  expect(await positionsOf(id)).toEqual([]);
  expect(path.closed).toHaveLength(10);
  const { id: large } = await house.addAccount();
  await house.fill(large, 'BTC/USDT:USDT', { side: 'SELL', amount: '3', price: '100' });
  await halt(large);
  const [position] = await positionsOf(large);
  await addClosed(large, `flatten:1:${position!.id}:`, 99);
  path.most = '1';
  for (let round = 0; round < 3; round += 1) {
    await leader.look();
    await path.settle(large);
  }
  expect((await positionsOf(large)).map(({ amount }) => amount)).toEqual(['2']);
  expect((await house.read(large)).flattenedNumber).toBe(1);
});

/** Orders that flattened before, under keys that begin so. */
async function addClosed(accountId: string, keyPrefix: string, count: number): Promise<void> {
  await house.store.transaction({ accountId, epoch: null }, async (tx) => {
    for (let number = 0; number < count; number += 1) {
      const order = orderOf(accountId, marketOf('BTC/USDT:USDT').id, { origin: 'FLATTEN', phase: 'CLOSED' });
      await tx.insertOrder(order, { orderId: order.id, at: noon, from: null, to: order.phase, cause: 'flatten' });
      await tx.takeKey({ key: `${keyPrefix}${number}`, bodyHash: Buffer.alloc(32), orderId: order.id, at: noon });
    }
  });
}

it.each(['the account', 'all'])('tries anew what was left where %s is told to be flat once more', async (whom) => {
  const id = await exposed();
  const say = (state: 'HALTED' | 'ACTIVE') => {
    const change = { state, flatten: state === 'HALTED', reason: 'again' };
    return whom === 'all'
      ? states().setGlobalTradingState({ actor: 'admin' }, change)
      : states().setTradingState({ ownerId: house.ownerId, actor: 'owner' }, id, change);
  };
  const leader = flattening();
  for (const expected of [6, 8]) {
    await say('HALTED');
    for (let round = 0; round < (expected === 6 ? 4 : 1); round += 1) {
      await leader.look();
      await path.settle(id, 'REJECTED');
    }
    expect(path.closed).toHaveLength(expected);
    await say('ACTIVE');
  }
});

it('goes on with the others where one account cannot be flattened', async () => {
  const [broken, other] = [await exposed(), await exposed()];
  await openOrder(broken, 'BTC/USDT');
  path.broken = broken;
  for (const id of [broken, other]) await halt(id);
  await flattening().look();
  expect(path.closed.map(({ position }) => position.accountId)).toEqual([other, other]);
});

it('calls nothing done in the name of a leadership that has ended', async () => {
  const { id } = await house.addAccount();
  await halt(id);
  await house.store.takeLead();
  await flattening().look();
  expect(await house.read(id)).toMatchObject({ flattenNumber: 1, flattenedNumber: 0 });
  epoch = (await house.store.house()).epoch;
  await flattening().look();
  expect((await house.read(id)).flattenedNumber).toBe(1);
});

it('tells dust that the market does not take, and does not try for ever', async () => {
  const id = await exposed();
  path.refusal = ({ side }) => (side === 'LONG' ? refuse('AMOUNT_TOO_SMALL', 'too small') : null);
  await halt(id);
  const leader = flattening();
  await leader.look();
  await path.settle(id);
  for (let round = 0; round < 5; round += 1) await leader.look();
  expect(path.closed.filter(({ position }) => position.side === 'LONG').length).toBeLessThanOrEqual(2);
  expect((await house.read(id)).flattenedNumber).toBe(1);
  expect((await positionsOf(id)).map(({ side }) => side)).toEqual(['LONG']);
});

it('asks again, ever less often, where an order is refused for what may pass', async () => {
  const id = await exposed();
  let isAway = true;
  path.refusal = () => (isAway ? refuse('EXCHANGE_UNAVAILABLE', 'away') : null);
  await halt(id);
  const leader = flattening();
  for (let second = 0; second < 120; second += 1) {
    house.time.setTo(noon + second * 1_000);
    await leader.look();
  }
  expect(path.closed.length).toBeGreaterThan(4);
  expect(path.closed.length).toBeLessThan(30);
  expect(alarms()).toEqual(['EXCHANGE_UNAVAILABLE', 'EXCHANGE_UNAVAILABLE']);
  // A minute later at the latest, however long it has been away.
  for (const second of [600, 1_200, 1_260]) {
    const before = path.closed.length;
    house.time.setTo(noon + second * 1_000);
    await leader.look();
    expect([second, path.closed.length - before]).toEqual([second, 2]);
  }
  isAway = false;
  house.time.setTo(noon + 1_320_000);
  await leader.look();
  await path.settle(id);
  await leader.look();
  expect((await house.read(id)).flattenedNumber).toBe(1);
});

it('ends where trading is made active again before it is done', async () => {
  const id = await exposed();
  path.refusal = () => refuse('EXCHANGE_UNAVAILABLE', 'away');
  await halt(id);
  await flattening().look();
  const asker = { ownerId: house.ownerId, actor: 'owner' };
  await states().setTradingState(asker, id, { state: 'ACTIVE', flatten: false, reason: 'go on' });
  path.closed.length = 0;
  house.time.setTo(noon + 60_000);
  await flattening().look();
  expect(path.closed).toEqual([]);
});

it('flattens all accounts once on the order of the operator, after a crash too', async () => {
  const ids = [await exposed(), await exposed()];
  const flatten = { state: 'HALTED', flatten: true, reason: 'all stop' } as const;
  await states().setGlobalTradingState({ actor: 'admin' }, flatten);
  await flattening().look();
  await states().setGlobalTradingState({ actor: 'admin' }, flatten);
  const leader = flattening();
  await leader.look();
  const orders = `account_id IN ('${ids.join("', '")}') AND origin = 'FLATTEN'`;
  expect(await house.count('orders', orders)).toBe(4);
  for (const id of ids) await path.settle(id);
  await leader.look();
  await leader.look();
  for (const id of ids) {
    expect(await positionsOf(id)).toEqual([]);
    expect(await ended(id)).toBe(1);
  }
  expect(await house.count('orders', orders)).toBe(4);
});

it('does not close a position twice where the account and all were told to be flat', async () => {
  const id = await exposed();
  await halt(id);
  await states().setGlobalTradingState({ actor: 'admin' }, { state: 'HALTED', flatten: true, reason: 'all stop' });
  const leader = flattening();
  await leader.look();
  await leader.look();
  expect(await house.count('orders', `account_id = '${id}' AND origin = 'FLATTEN'`)).toBe(2);
  await path.settle(id);
  await leader.look();
  expect(await positionsOf(id)).toEqual([]);
  expect((await house.read(id)).flattenedNumber).toBe(1);
});

it('leaves it to the node that leads', async () => {
  const id = await exposed();
  await halt(id);
  epoch = null;
  await flattening().look();
  expect(path.closed).toEqual([]);
});

it('begins when it is woken, and looks by itself every half second', async () => {
  const id = await exposed();
  const leader = flattening();
  leader.start();
  await house.runner.idle();
  await halt(id);
  leader.wake();
  await house.runner.idle();
  expect(path.closed).toHaveLength(2);
  await path.settle(id);
  house.time.advance(500);
  await house.runner.idle();
  expect((await house.read(id)).flattenedNumber).toBe(1);
  await leader.stop();
});
