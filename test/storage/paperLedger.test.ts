import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { migrations } from '../../migrations/migrations';
import { Decimal, type DecimalString } from '../../src/domain/decimal';
import type { Fill } from '../../src/domain/orders';
import type { PaperChange, PaperOrder } from '../../src/domain/paperLedger';
import { flatPosition } from '../../src/domain/position';
import { createDataSource } from '../../src/storage/dataSource';
import { migrate } from '../../src/storage/migrate';
import { PaperLedgerRepository } from '../../src/storage/paper/paperLedger.repository';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';

const decimal = (text: string): DecimalString => text as DecimalString;

let database: TestDatabase;
let dataSource: DataSource;
let store: PaperLedgerRepository;

beforeAll(async () => {
  database = await startTestDatabase();
  dataSource = await createDataSource({ url: database.url, migrations }).initialize();
  await migrate({ dataSource, onProgress: () => undefined });
  store = new PaperLedgerRepository({ dataSource });
});

afterAll(async () => {
  await dataSource.destroy();
  await database.stop();
});

async function createAccount(exchange = 'fake'): Promise<string> {
  const accountId = randomUUID();
  const balances = new Map([['USDT', { free: new Decimal('1000.000000000000000001'), used: new Decimal(0) }]]);
  await store.create({ accountId, exchange, positionMode: 'HEDGE', balances });
  return accountId;
}

function makeOrder(number: number, changed: Partial<PaperOrder> = {}): PaperOrder {
  return {
    number,
    clientOrderId: `c${number}`,
    terms: {
      symbol: 'BTC/USDT',
      type: 'STOP_LIMIT',
      side: 'BUY',
      amount: decimal('1.5'),
      quoteAmount: null,
      price: decimal('0.00000001'),
      triggerPrice: decimal('2'),
      trailingDelta: null,
      timeInForce: 'GTC',
      positionSide: 'LONG',
      reduceOnly: false,
    },
    status: 'OPEN',
    placedAt: 1_763_000_000_123,
    updatedAt: 1_763_000_000_123 + number,
    filled: new Decimal('0.5'),
    cost: new Decimal('0.000000005'),
    reservePrice: new Decimal('0.00000001'),
    reservedCurrency: 'USDT',
    reserved: new Decimal('0.00000001'),
    triggeredAt: 1_763_000_000_200,
    queueAhead: new Decimal('123456789012345.000000000000000001'),
    bestPrice: null,
    ...changed,
  };
}

const fill: Fill = {
  tradeId: '1',
  exchangeOrderId: '1',
  clientOrderId: 'c1',
  symbol: 'BTC/USDT',
  side: 'BUY',
  positionSide: 'LONG',
  price: decimal('0.00000001'),
  amount: decimal('0.5'),
  cost: decimal('0.000000005'),
  takerOrMaker: 'maker',
  fees: [{ currency: 'BTC', cost: decimal('0.000000000000000001') }],
  exchangeTime: 1_763_000_000_300,
};

function changeOf(accountId: string, changed: Partial<PaperChange> = {}): PaperChange {
  return {
    accountId,
    expectedVersion: 0,
    lastOrderNumber: 1,
    lastTradeNumber: 1,
    balances: [],
    orders: [],
    fills: [],
    positions: [],
    transfers: [],
    ...changed,
  };
}

it('gives back every change to the last digit', async () => {
  const accountId = await createAccount();
  const position = {
    symbol: 'BTC/USDT:USDT',
    slot: 'LONG' as const,
    state: { ...flatPosition(), amount: decimal('2'), cost: decimal('7.1') },
    margin: new Decimal('0.71'),
    settleCurrency: 'USDT',
    openedAt: 1_763_000_000_000,
  };
  const transfer = {
    id: 'funding 1',
    kind: 'FUNDING' as const,
    symbol: 'BTC/USDT:USDT',
    currency: 'USDT',
    amount: new Decimal('-0.25'),
    at: 1_763_000_000_400,
  };
  const balance = { currency: 'BTC', free: new Decimal('0.4'), used: new Decimal('0.1') };
  const change = changeOf(accountId, {
    balances: [balance],
    orders: [makeOrder(1)],
    fills: [fill],
    positions: [position],
    transfers: [transfer],
  });
  expect(await store.commit(change)).toBe('done');
  expect(await store.load(accountId)).toEqual({
    accountId,
    version: 1,
    positionMode: 'HEDGE',
    lastOrderNumber: 1,
    lastTradeNumber: 1,
    balances: new Map([
      ['BTC', { free: balance.free, used: balance.used }],
      ['USDT', { free: new Decimal('1000.000000000000000001'), used: new Decimal(0) }],
    ]),
    openOrders: new Map([[1, makeOrder(1)]]),
    positions: new Map([['BTC/USDT:USDT LONG', position]]),
  });
  expect(await store.findOrder(accountId, 'c1')).toEqual(makeOrder(1));
  expect(await store.fillsOf(accountId, 1)).toEqual([fill]);
  expect(await store.fillsSince(accountId, 'BTC/USDT', fill.exchangeTime)).toEqual([fill]);
  expect(await store.fillsSince(accountId, 'BTC/USDT', fill.exchangeTime + 1)).toEqual([]);
  expect(await store.transfersSince(accountId, transfer.at)).toEqual([transfer]);
});

it('keeps an order that ended, and takes a closed position away', async () => {
  const accountId = await createAccount();
  const held = {
    symbol: 'BTC/USDT:USDT',
    slot: 'NET' as const,
    state: { ...flatPosition(), amount: decimal('2'), cost: decimal('7') },
    margin: new Decimal('0.7'),
    settleCurrency: 'USDT',
    openedAt: 1,
  };
  await store.commit(changeOf(accountId, { orders: [makeOrder(1)], positions: [held] }));
  const ended = makeOrder(1, { status: 'CANCELED', reserved: new Decimal(0), updatedAt: 1_763_000_009_000 });
  const closed = { ...held, state: flatPosition(), margin: new Decimal(0) };
  await store.commit(changeOf(accountId, { expectedVersion: 1, orders: [ended], positions: [closed] }));
  const ledger = await store.load(accountId);
  expect([ledger?.openOrders.size, ledger?.positions.size]).toEqual([0, 0]);
  expect(await store.ordersSince(accountId, 'BTC/USDT', 1_763_000_009_000)).toEqual([ended]);
});

it('refuses a change that was decided on an older state, and one that uses an id again, and keeps nothing of them', async () => {
  const accountId = await createAccount();
  await store.commit(changeOf(accountId, { orders: [makeOrder(1)] }));
  const balances = [{ currency: 'USDT', free: new Decimal(1), used: new Decimal(0) }];
  expect(await store.commit(changeOf(accountId, { balances }))).toBe('conflict');
  const again = changeOf(accountId, { expectedVersion: 1, balances, orders: [makeOrder(2, { clientOrderId: 'c1' })] });
  expect(await store.commit(again)).toBe('duplicate');
  const ledger = await store.load(accountId);
  expect([ledger?.version, ledger?.balances.get('USDT')?.free.toString()]).toEqual([1, '1000.000000000000000001']);
});

it('lets one of many simultaneous changes of a state through', async () => {
  const accountId = await createAccount();
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      store.commit(changeOf(accountId, { orders: [makeOrder(1, { clientOrderId: `p${index}` })] })),
    ),
  );
  expect(outcomes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'conflict'), 'done']);
});

it('never stores a negative balance', async () => {
  const accountId = await createAccount();
  const balances = [{ currency: 'USDT', free: new Decimal('-0.000000000000000001'), used: new Decimal(0) }];
  await expect(store.commit(changeOf(accountId, { balances }))).rejects.toMatchObject({ code: '23514' });
});

it('opens an account once, and names those of an exchange that have something open', async () => {
  const accountId = await createAccount('elsewhere');
  await store.commit(changeOf(accountId, { orders: [makeOrder(1)] }));
  await store.create({ accountId, exchange: 'elsewhere', positionMode: 'ONE_WAY', balances: new Map() });
  expect((await store.load(accountId))?.positionMode).toBe('HEDGE');
  await createAccount('elsewhere');
  expect(await store.activeAccounts('elsewhere')).toEqual([accountId]);
  expect(await store.load(randomUUID())).toBeNull();
});
