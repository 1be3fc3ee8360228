import { toMarketId } from '../../src/domain/market';
import type { Role } from '../../src/identity/principal';
import type { AccountRecord, FillRecord, OrderRecord, PositionRecord } from '../../src/storage/trading/records';
import { ReadingHouse } from '../kit/readingHouse';
import { makeFill, makeOrder, makeOwner, makePosition, money, writeOrders } from '../kit/tradingRecords';

const noon = Date.UTC(2026, 0, 31, 12);
const hourMs = 3_600_000;
const eth = toMarketId('simulator', 'ETH/USDT');

let house: ReadingHouse;
/** The reader's own, and one that was granted to them. */
let own: AccountRecord;
let granted: AccountRecord;

beforeAll(async () => {
  house = await ReadingHouse.open();
  own = await makeOwner(house.storage);
  granted = await makeOwner(house.storage);
  await house.grant(granted, own.ownerId);
}, 60_000);

afterAll(() => house.stop());

async function read(query: string): Promise<unknown> {
  const answer = await house.ask(own.ownerId, `{ found: ${query} }`, ['TRADER', 'ANALYST'] satisfies Role[]);
  expect(answer.body.errors).toBeUndefined();
  return answer.body.data?.['found'];
}

it.each([
  'orders(where: { range: $ }) { totalCount }',
  'myTrades(where: { range: $ }) { totalCount }',
  'pnl(account: "a", range: $) { date }',
])(
  '%s is refused where no moment lies in the range: nothing found would look as if nothing had happened',
  async (query) => {
    const [since, until] = ['2026-01-31T15:00:00Z', '2026-01-31T13:00:00Z'];
    for (const end of [until, since]) {
      const range = `{ since: "${since}", until: "${end}" }`;
      const { body } = await house.ask(own.ownerId, `{ found: ${query.replace('$', range)} }`, ['TRADER']);
      expect(body.errors).toEqual([
        expect.objectContaining({
          message: '`range.until` must be after `range.since`.',
          extensions: { code: 'BAD_USER_INPUT' },
        }),
      ]);
    }
  },
);

describe('orders and trades are found', () => {
  const range = '{ since: "2026-01-31T13:00:00Z", until: "2026-01-31T15:00:00Z" }';
  const isInRange = (at: number): boolean => at >= noon + hourMs && at < noon + 3 * hourMs;
  let orders: OrderRecord[];
  let fills: FillRecord[];

  beforeAll(async () => {
    // Each is alone with what it is: no filter finds by chance what another would.
    orders = [own, granted].flatMap((account) => [
      makeOrder(account),
      makeOrder(account, { marketId: eth, createdAt: noon + hourMs }),
      makeOrder(account, { side: 'SELL', createdAt: noon + 2 * hourMs }),
      makeOrder(account, { type: 'LIMIT', price: money('100'), createdAt: noon + 3 * hourMs }),
      makeOrder(account, { phase: 'PARTIALLY_FILLED', createdAt: noon + 4 * hourMs }),
    ]);
    fills = orders.map((order) => makeFill(order));
    for (const account of [own, granted]) {
      const entries = orders.map((order, index) => ({ order, fills: [fills[index]!] }));
      await writeOrders(
        house.storage,
        account,
        entries.filter(({ order }) => order.accountId === account.id),
      );
    }
  });

  async function ids(list: 'orders' | 'myTrades', where: string): Promise<readonly string[]> {
    const { nodes, totalCount } = (await read(`${list}(where: { ${where} }) { totalCount nodes { id } }`)) as {
      totalCount: number;
      nodes: { id: string }[];
    };
    expect(totalCount).toBe(nodes.length);
    return nodes.map(({ id }) => id).sort();
  }

  const idsOf = (items: readonly { readonly id: string }[]): readonly string[] => items.map(({ id }) => id).sort();

  it.each<readonly [where: () => string, isWanted: (item: OrderRecord | FillRecord) => boolean]>([
    [() => `account: ["${granted.id}"]`, ({ accountId }) => accountId === granted.id],
    [() => 'account: []', () => false],
    [() => `market: ["${eth}"]`, ({ marketId }) => marketId === eth],
    [() => 'side: SELL', ({ side }) => side === 'SELL'],
    [() => `range: ${range}`, (item) => isInRange('at' in item ? item.at : item.createdAt)],
  ])('by what both have: %s', async (where, isWanted) => {
    expect(await ids('orders', where())).toEqual(idsOf(orders.filter(isWanted)));
    expect(await ids('myTrades', where())).toEqual(idsOf(fills.filter(isWanted)));
  });

  it.each<readonly [where: string, isWanted: (order: OrderRecord) => boolean]>([
    ['type: [LIMIT]', ({ type }) => type === 'LIMIT'],
    ['status: [OPEN]', ({ phase }) => phase === 'PARTIALLY_FILLED'],
    ['status: [OPEN, CLOSED], side: BUY, type: [MARKET]', ({ side, type }) => side === 'BUY' && type === 'MARKET'],
  ])('by what orders have alone: %s', async (where, isWanted) => {
    expect(await ids('orders', where)).toEqual(idsOf(orders.filter(isWanted)));
  });
});

describe('what an order has of its own', () => {
  let order: OrderRecord;
  let fills: FillRecord[];

  beforeAll(async () => {
    order = makeOrder(own);
    fills = [2, 0, 1].map((hours) => makeFill(order, { at: noon + hours * hourMs }));
    const another = makeOrder(own);
    await writeOrders(house.storage, own, [
      { order, fills },
      { order: another, fills: [makeFill(another)] },
    ]);
    await house.storage.trading.transaction({ accountId: own.id, epoch: null }, (tx) => {
      const step = { orderId: order.id, at: noon, from: 'PENDING', to: 'OPEN', cause: 'sent' } as const;
      tx.saveOrder(order, step);
      tx.saveOrder(order, { ...step, from: 'OPEN', to: 'CLOSED' });
    });
  });

  it('is its own alone, the oldest first, and as much of it as was asked for', async () => {
    const oldest = fills.toSorted((one, other) => one.at - other.at).map(({ id }) => ({ id }));
    const steps = ['PENDING', 'OPEN', 'CLOSED'].map((to) => ({ to }));
    const fields = `all: trades { id } two: trades(first: 2) { id } steps: history { to } one: history(first: 1) { to }`;
    expect(await read(`order(id: "${order.id}") { ${fields} }`)).toEqual({
      all: oldest,
      two: oldest.slice(0, 2),
      steps,
      one: steps.slice(0, 1),
    });
  });

  it.each(['trades', 'history'])('refuses fewer %s than one, and more than five hundred', async (field) => {
    for (const first of [0, 501]) {
      const query = `{ order(id: "${order.id}") { ${field}(first: ${first}) { at } } }`;
      expect((await house.ask(own.ownerId, query)).codes).toEqual(['BAD_USER_INPUT']);
    }
  });
});

describe('positions', () => {
  const fields = '{ amount entryPrice markPrice notional unrealizedPnl }';
  const save = (position: PositionRecord): Promise<unknown> =>
    house.storage.trading.transaction({ accountId: position.accountId, epoch: null }, (tx) => {
      tx.savePosition(position);
    });

  it('are valued at the price of now, without one where none is known, and were what they were', async () => {
    const other = await makeOwner(house.storage);
    const ask = async (args = ''): Promise<unknown> =>
      (await house.ask(other.ownerId, `{ positions${args} ${fields} }`)).body.data?.['positions'];
    const position = makePosition(other);
    const later = { ...position, amount: money('3'), cost: money('330'), updatedAt: noon + hourMs };
    await save(position);
    await save(later);
    house.mark = money('120');
    const now = { amount: '3', entryPrice: '110' };
    expect(await ask()).toEqual([{ ...now, markPrice: '120', notional: '360', unrealizedPnl: '30' }]);
    const stale = { markPrice: null, notional: null, unrealizedPnl: null };
    expect(await ask('(asOf: "2026-01-31T12:30:00Z")')).toEqual([{ amount: '2', entryPrice: '100', ...stale }]);
    house.mark = null;
    expect(await ask()).toEqual([{ ...now, ...stale }]);
    expect(await ask('(asOf: "2026-01-31T11:59:59Z")')).toEqual([]);
    const closedAt = noon + 2 * hourMs;
    await save({ ...position, amount: money('0'), cost: money('0'), updatedAt: closedAt, closedAt });
    expect(await ask()).toEqual([]);
    expect(await ask('(asOf: "2026-01-31T13:30:00Z")')).toEqual([{ ...now, ...stale }]);
    expect(await ask('(asOf: "2026-01-31T14:00:00Z")')).toEqual([]);
  });

  it('are found by account and market, now and then, the oldest first and not more than asked for', async () => {
    // The oldest of all is closed: it takes nobody's place.
    const closed = makePosition(own, { openedAt: noon - hourMs, updatedAt: noon - hourMs });
    const open = [
      makePosition(own, { openedAt: noon + hourMs }),
      makePosition(granted, { openedAt: noon }),
      makePosition(own, { openedAt: noon + 2 * hourMs, marketId: eth }),
    ];
    await save(closed);
    await save({ ...closed, amount: money('0'), cost: money('0'), updatedAt: noon, closedAt: noon });
    for (const position of open) await save(position);
    const [second, first, third] = open.map(({ id }) => ({ id }));
    for (const when of ['', ', asOf: "2030-01-01T00:00:00Z"']) {
      const ask = (args: string): Promise<unknown> => read(`positions(${args}${when}) { id }`);
      expect(await ask('first: 500')).toEqual([first, second, third]);
      expect(await ask('first: 2')).toEqual([first, second]);
      expect(await ask(`account: "${own.id}"`)).toEqual([second, third]);
      expect(await ask(`market: "${eth}"`)).toEqual([third]);
    }
    for (const size of [0, 501]) {
      const { codes } = await house.ask(own.ownerId, `{ positions(first: ${size}) { id } }`);
      expect(codes).toEqual(['BAD_USER_INPUT']);
    }
  });
});
