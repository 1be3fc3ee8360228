import { randomUUID } from 'node:crypto';
import type { AccountReader } from '../../src/storage/trading/accountReader';
import type { AccountRecord, OrderRecord } from '../../src/storage/trading/records';
import { openTestStorage } from '../kit/postgres';
import { makeFill, makeOrder, makeOwner, makePosition, writeOrders } from '../kit/tradingRecords';

// The first net taken out: no statement asks whose the account is.
jest.mock('../../src/storage/trading/accountReader', () => ({
  ...jest.requireActual<object>('../../src/storage/trading/accountReader'),
  mayRead: (_alias: string, first: number) =>
    `num_nulls($${first}::uuid, $${first + 1}::boolean, $${first + 2}::boolean) = 0`,
}));

let database: Awaited<ReturnType<typeof openTestStorage>>;
let own: Held;
let foreign: Held;

interface Held {
  readonly account: AccountRecord;
  readonly order: OrderRecord;
  readonly fillId: string;
  readonly positionId: string;
}

beforeAll(async () => {
  database = await openTestStorage();
  own = await makeHolder();
  foreign = await makeHolder();
});

afterAll(() => database.stop());

async function makeHolder(): Promise<Held> {
  const { storage } = database;
  const account = await makeOwner(storage);
  const order = makeOrder(account);
  const fill = makeFill(order);
  const position = makePosition(account);
  await writeOrders(storage, account, [{ order, fills: [fill] }]);
  await storage.trading.transaction({ accountId: account.id, epoch: null }, (tx) => {
    tx.savePosition(position);
    tx.appendEvent('order', order.createdAt, order);
  });
  return { account, order, fillId: fill.id, positionId: position.id };
}

/** Whatever a reader may ask of somebody's account, and what comes of it: null or nothing where it is not found. */
const questions: Readonly<Record<string, (reader: AccountReader, of: Held) => Promise<unknown>>> = {
  order: (reader, { order }) => database.storage.orders.find(reader, order.id),
  orders: async (reader, { account }) => (await database.storage.orders.page(reader, orders(account))).items,
  'number of orders': (reader, { account }) => database.storage.orders.count(reader, orders(account).filter),
  'sums of orders': (reader, { account }) =>
    database.storage.orders.sums(reader, { filter: orders(account).filter, by: ['ACCOUNT'], most: 10 }),
  'steps of orders': (reader, { order }) =>
    database.storage.orders.transitions(reader, { orderIds: [order.id], first: 10 }),
  trade: (reader, { fillId }) => database.storage.trades.find(reader, fillId),
  trades: async (reader, { account }) => (await database.storage.trades.page(reader, trades(account))).items,
  'trades of orders': (reader, { order }) =>
    database.storage.trades.ofOrders(reader, { orderIds: [order.id], first: 10 }),
  'number of trades': (reader, { account }) => database.storage.trades.count(reader, trades(account).filter),
  'sums of trades': (reader, { account }) =>
    database.storage.trades.sums(reader, { filter: trades(account).filter, by: ['ACCOUNT'], most: 10 }),
  position: (reader, { positionId }) => database.storage.positions.find(reader, positionId),
  positions: (reader, { account }) =>
    database.storage.positions.open(reader, { account: account.id, market: null, first: 10 }),
  'positions then': (reader, { account }) =>
    database.storage.positions.openAt(reader, Date.now(), { account: account.id, market: null, first: 10 }),
  account: (reader, { account }) => database.storage.accounts.findReadable(reader, account.id),
  books: async (reader, { account }) => (await database.storage.accounts.books(reader, account.id)).positions,
  'state of its stream': (reader, { account }) =>
    database.storage.accountEvents.state(reader, { accountId: account.id, kind: 'order' }),
  'what its stream missed': (reader, { account }) =>
    database.storage.accountEvents.replay(reader, {
      ...{ accountId: account.id, kind: 'order', after: 0, upTo: 1_000, most: 10 },
    }),
  'profit and loss': (reader, { account }) =>
    database.storage.pnl.days(reader, account.id, { since: '', until: '9999-12-31' }),
};

function orders(account: AccountRecord) {
  const none = { markets: null, side: null, types: null, statuses: null, since: null, until: null };
  const sort = { field: 'CREATED_AT', isDescending: true } as const;
  return { filter: { accounts: [account.id], ...none }, sort, page: wholePage };
}

function trades(account: AccountRecord) {
  const filter = { accounts: [account.id], markets: null, side: null, since: null, until: null };
  return { filter, page: wholePage };
}

const wholePage = { size: 10, isFromEnd: false, after: null, before: null };

function isNothing(found: unknown): boolean {
  return found === null || found === 0 || (Array.isArray(found) && found.length === 0);
}

it.each(Object.keys(questions))(
  'finds the own %s and no other, though the statement does not ask whose',
  async (name) => {
    const ask = questions[name]!;
    const reader = { userId: own.account.ownerId, readsGranted: true, readsAll: false };
    expect([isNothing(await ask(reader, own)), isNothing(await ask(reader, foreign))]).toEqual([false, true]);
    const stranger = { userId: randomUUID(), readsGranted: true, readsAll: false };
    expect([isNothing(await ask(stranger, own)), isNothing(await ask(stranger, foreign))]).toEqual([true, true]);
  },
);

it('lists the own accounts alone', async () => {
  const reader = { userId: own.account.ownerId, readsGranted: true, readsAll: false };
  const accounts = await database.storage.accounts.readable(reader, 10);
  expect(accounts.map(({ id }) => id)).toEqual([own.account.id]);
});
