import { randomUUID } from 'node:crypto';
import type { LockdownLevel } from '../../src/domain/lockdown';
import { pendingOrder } from '../../src/domain/orderState';
import type { Storage } from '../../src/storage/storage';
import type { AccountRecord, OrderOrigin, OrderRecord } from '../../src/storage/trading/records';
import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { decimal } from '../kit/tradingAccount';
import { TradingHouse } from '../kit/tradingHouse';
import { makeOrder } from '../kit/tradingRecords';

const levels = ['NO_TRADING', 'READONLY', 'FULL'] as const;
/** Far from the market: it rests. */
const resting = { type: 'LIMIT', price: '60000', amount: '0.01' } as const;

type Held = 'placeOrder' | 'cancelOrder';

let simulator: RunningSimulator;
let house: TradingHouse;
/** An order that waited before the node started. */
let found: string;
/** Where the next sending, or the next cancel, waits before it leaves for the exchange. */
let hold: { readonly what: Held; readonly reached: Gate; readonly goOn: Gate } | null = null;

beforeAll(async () => {
  simulator = await startSimulator();
  house = await TradingHouse.open(simulator, {
    follow: (open) => async (account) => {
      const port = await open(account);
      const [place, cancel] = [port.placeOrder.bind(port), port.cancelOrder.bind(port)];
      port.placeOrder = (order) => passOn('placeOrder').then(() => place(order));
      port.cancelOrder = (reference) => passOn('cancelOrder').then(() => cancel(reference));
      return port;
    },
    before: async (storage, account) => {
      found = await insertPending(storage, account, 'API');
      await storage.lockdown.set({
        level: 'NO_TRADING',
        reason: 'before the start',
        actor: 'operator:test',
        at: Date.now(),
      });
    },
  });
}, 60_000);

afterEach(() => lock('NONE'));

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

async function passOn(what: Held): Promise<void> {
  const held = hold?.what === what ? hold : null;
  held?.reached.open();
  await held?.goOn.passed;
}

/** Begins something that is held on its way to the exchange, and gives what lets it go on. */
async function heldAt<T>(what: Held, begin: () => Promise<T>): Promise<{ readonly goOn: () => Promise<T> }> {
  const held = { what, reached: new Gate(), goOn: new Gate() };
  hold = held;
  const begun = begin();
  await held.reached.passed;
  hold = null;
  return {
    goOn: () => {
      held.goOn.open();
      return begun;
    },
  };
}

function lock(level: LockdownLevel, reason = 'a drill'): Promise<unknown> {
  return house.storage.lockdown.set({ level, reason, actor: 'operator:test', at: Date.now() });
}

/** How many orders the exchange was ever sent. */
async function sent(): Promise<number> {
  return (await simulator.state()).rest['POST /api/v3/order']?.calls ?? 0;
}

/** Taken in by a node that has died since: nobody has it in hand. */
async function insertPending({ trading }: Storage, account: AccountRecord, origin: OrderOrigin): Promise<string> {
  const now = Date.now();
  const order = makeOrder(account, {
    ...pendingOrder(decimal('0.001')),
    ...{ origin, side: 'SELL', cost: decimal('0'), fees: [], createdAt: now, updatedAt: now },
  });
  await trading.transaction({ accountId: account.id, epoch: null }, (tx) =>
    tx.insertOrder(order, { orderId: order.id, at: now, from: null, to: 'PENDING', cause: 'created' }),
  );
  return order.id;
}

function orderOf(id: string): Promise<OrderRecord | null> {
  return house.storage.trading.order(house.account.id, id);
}

async function ended(id: string): Promise<OrderRecord> {
  return eventually(async () => {
    const order = await orderOf(id);
    return order?.phase === 'CANCELED' || order?.phase === 'CLOSED' ? order : null;
  });
}

it('a node that starts in a lockdown sends nothing of what it finds waiting', async () => {
  expect(await ended(found)).toMatchObject({ phase: 'CANCELED', signedAt: null });
  expect((await house.create({})).refusal?.code).toBe('GLOBAL_HALTED');
  expect(await sent()).toBe(0);
  await lock('NONE');
  // What a flatten sells.
  expect((await house.create({ amount: '0.02' })).order?.phase).toBe('CLOSED');
});

it.each([
  ['API', 'NO_TRADING', 'CANCELED'],
  ['API', 'READONLY', 'CANCELED'],
  ['API', 'FULL', 'CANCELED'],
  ['FLATTEN', 'NO_TRADING', 'CLOSED'],
  ['FLATTEN', 'READONLY', 'CANCELED'],
  ['FLATTEN', 'FULL', 'CANCELED'],
] as const)('an order of origin %s that nobody has sent yet is, in %s, %s', async (origin, level, phase) => {
  await lock(level);
  const before = await sent();
  const order = await ended(await insertPending(house.storage, house.account, origin));
  expect(order.phase).toBe(phase);
  expect((order.signedAt === null ? 0 : 1) + before).toBe(await sent());
  expect(order.signedAt === null).toBe(phase === 'CANCELED');
});

/** Asks for an order and sets the lockdown behind it, while both wait for the account. */
async function lockBehindAnOrder(): ReturnType<TradingHouse['create']> {
  const operator = await house.operator();
  const waiting = (count: number) =>
    eventually(async () => {
      const { rowCount } = await operator.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return rowCount === count;
    });
  await operator.query('BEGIN');
  await operator.query('SELECT FROM accounts WHERE id = $1 FOR UPDATE', [house.account.id]);
  const asked = house.create(resting);
  await waiting(1);
  const locked = lock('NO_TRADING');
  await waiting(2);
  await operator.query('COMMIT');
  await operator.end();
  await locked;
  return asked;
}

it('an order that is being taken in while the lockdown is set is canceled before it is sent, and stays so when it is lifted', async () => {
  const before = await sent();
  let taken = await lockBehindAnOrder();
  // What waited was something else of the account, such as its comparison with the exchange: the order came behind the lockdown.
  while (taken.refusal !== null) {
    expect(taken.refusal.code).toBe('GLOBAL_HALTED');
    await lock('NONE');
    taken = await lockBehindAnOrder();
  }
  expect(taken.order).toMatchObject({ phase: 'CANCELED', signedAt: null });
  await lock('NONE');
  expect((await house.create({})).order?.phase).toBe('CLOSED');
  expect((await orderOf(taken.order!.id))?.phase).toBe('CANCELED');
  expect(await sent()).toBe(before + 1);
});

it('an order that was on its way to the exchange when the lockdown was set is booked as what the exchange made of it', async () => {
  const { goOn } = await heldAt('placeOrder', () => house.create(resting));
  await lock('FULL');
  const { order } = await goOn();
  expect(order).toMatchObject({ phase: 'OPEN' });
  expect((await house.trading.cancelOrder(house.asker, order!.id)).order?.phase).toBe('CANCELED');
});

it.each(levels)('%s refuses an edit and leaves its order as it stands; a cancel passes', async (level) => {
  const { order } = await house.create(resting);
  await lock(level);
  const edit = { orderId: order!.id, price: '61000', amount: null, expectedVersion: null };
  expect(await house.trading.editOrder(house.asker, { ...edit, idempotencyKey: randomUUID() })).toMatchObject({
    refusal: { code: 'GLOBAL_HALTED' },
    order: { phase: 'OPEN', price: '60000', version: order!.version },
  });
  const canceled = await house.trading.cancelOrder(house.asker, order!.id);
  expect([canceled.refusal, canceled.order]).toMatchObject([null, { phase: 'CANCELED' }]);
});

it.each(levels)(
  'an edit that was under way when %s was set ends as a cancel: nothing is sent in its place',
  async (level) => {
    const { order } = await house.create(resting);
    const before = await sent();
    const { goOn } = await heldAt('cancelOrder', () =>
      house.trading.editOrder(house.asker, {
        ...{ orderId: order!.id, idempotencyKey: randomUUID(), price: '61000', amount: null, expectedVersion: null },
      }),
    );
    expect((await orderOf(order!.id))?.phase).toBe('EDITING');
    await lock(level);
    expect((await goOn()).order).toMatchObject({ phase: 'CANCELED', attempt: 1 });
    await lock('NONE');
    expect((await house.create({})).order?.phase).toBe('CLOSED');
    expect(await sent()).toBe(before + 1);
  },
);

it('a lockdown that is set again holds at its last level and reason, since its first; lifted twice it is lifted once', async () => {
  await lock('READONLY', 'odd orders');
  const { since } = await house.storage.lockdown.read();
  await lock('NO_TRADING', 'one bot alone');
  expect(await house.storage.lockdown.read()).toEqual({ level: 'NO_TRADING', reason: 'one bot alone', since });
  expect((await house.create({})).refusal?.code).toBe('GLOBAL_HALTED');
  for (const reason of ['it is over', 'it is over, again']) await lock('NONE', reason);
  expect(await house.storage.lockdown.read()).toEqual({ level: 'NONE', reason: null, since: null });
  expect((await house.create({})).order?.phase).toBe('CLOSED');
});
