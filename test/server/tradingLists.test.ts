import { randomUUID } from 'node:crypto';
import { money, makeFill, makeOrder, makeOwner, writeOrders } from '../kit/tradingRecords';
import { ReadingHouse } from '../kit/readingHouse';
import { toMarketId } from '../../src/domain/market';
import type { AccountRecord, OrderRecord } from '../../src/storage/trading/records';

const noon = Date.UTC(2026, 0, 31, 12);
const hourMs = 3_600_000;

let house: ReadingHouse;
let account: AccountRecord;
let orders: OrderRecord[];

beforeAll(async () => {
  house = await ReadingHouse.open();
  account = await makeOwner(house.storage);
  // Three at each moment: the id has to tell them apart.
  orders = Array.from({ length: 120 }, (_, index) =>
    makeOrder(account, {
      side: index % 2 === 0 ? 'BUY' : 'SELL',
      amount: money(String(1 + (index % 7))),
      phase: index % 10 === 0 ? 'PARTIALLY_FILLED' : 'CLOSED',
      createdAt: noon + Math.floor(index / 3) * hourMs,
    }),
  );
  const entries = orders.map((order) => ({ order, fills: [makeFill(order), makeFill(order)] }));
  await writeOrders(house.storage, account, entries);
}, 60_000);

afterAll(() => house.stop());

interface List {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string;
    readonly endCursor: string;
  };
}

const pageFields = '{ nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';

async function list(args: string, field = 'orders'): Promise<List> {
  const answer = await house.ask(account.ownerId, `{ ${field}${args} ${pageFields} }`);
  expect(answer.body.errors).toBeUndefined();
  return answer.body.data?.[field] as List;
}

/** What one walk over all pages has seen. */
async function walk(sort: string, way: 'forward' | 'backward', field = 'orders'): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let cursor: string | null = null, rounds = 0; rounds < 40; rounds += 1) {
    const [size, place] = way === 'forward' ? ['first', 'after'] : ['last', 'before'];
    const page: List = await list(`(${sort} ${size}: 7 ${cursor === null ? '' : `${place}: "${cursor}"`})`, field);
    const ids = page.nodes.map(({ id }) => id);
    if (way === 'forward') seen.push(...ids);
    else seen.unshift(...ids);
    if (!(way === 'forward' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage)) return seen;
    cursor = way === 'forward' ? page.pageInfo.endCursor : page.pageInfo.startCursor;
  }
  throw new Error('the list does not end');
}

function sortedBy(value: (order: OrderRecord) => number, direction: 'ASC' | 'DESC'): readonly string[] {
  const sign = direction === 'ASC' ? 1 : -1;
  return orders.toSorted((a, b) => sign * (value(a) - value(b) || (a.id < b.id ? -1 : 1))).map(({ id }) => id);
}

describe('pages of orders', () => {
  it.each([
    ['CREATED_AT', 'DESC', (order: OrderRecord) => order.createdAt],
    ['CREATED_AT', 'ASC', (order: OrderRecord) => order.createdAt],
    ['AMOUNT', 'DESC', (order: OrderRecord) => Number(order.amount)],
    ['COST', 'ASC', (order: OrderRecord) => Number(order.cost)],
    ['UPDATED_AT', 'DESC', (order: OrderRecord) => order.updatedAt],
  ] as const)('give each once by %s %s, forward and backward alike', async (field, direction, value) => {
    const sort = `orderBy: { field: ${field}, direction: ${direction} }`;
    const expected = sortedBy(value, direction);
    expect(await walk(sort, 'forward')).toEqual(expected);
    expect(await walk(sort, 'backward')).toEqual(expected);
  });

  it('stay where they are while new orders come', async () => {
    const first = await list('(first: 10)');
    const newest = makeOrder(account, { createdAt: noon + 1_000 * hourMs });
    await writeOrders(house.storage, account, [{ order: newest }]);
    const second = await list(`(first: 10, after: "${first.pageInfo.endCursor}")`);
    const expected = sortedBy((order) => order.createdAt, 'DESC');
    expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(expected.slice(0, 20));
    expect((await list('(first: 1)')).nodes).toEqual([{ id: newest.id }]);
    orders.push(newest);
  });

  it('are 50 where nothing is said, and end between two cursors', async () => {
    expect((await list('')).nodes).toHaveLength(50);
    const { edges } = await list('(first: 10)');
    const between = await list(`(first: 50, after: "${edges[2]!.cursor}", before: "${edges[6]!.cursor}")`);
    expect(between.edges).toEqual(edges.slice(3, 6));
  });

  it.each([
    '(first: 0)',
    '(first: 501)',
    '(last: 501)',
    '(first: 1, last: 1)',
    '(after: "nonsense")',
    `(after: "${Buffer.from('["orders CREATED_AT DESC","2026-01-31","x"]').toString('base64url')}")`,
    `(after: "${Buffer.from('["trades DESC","2026-01-31T12:00:00.000Z","x"]').toString('base64url')}")`,
    // Instants of JavaScript that no column holds.
    ...['+275760-09-13T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '0000-01-01T00:00:00.000Z'].map(
      (at) =>
        `(after: "${Buffer.from(JSON.stringify(['orders CREATED_AT DESC', at, randomUUID()])).toString('base64url')}")`,
    ),
  ])('refuse %s', async (args) => {
    const answer = await house.ask(account.ownerId, `{ orders${args} { nodes { id } } }`);
    expect(answer.codes).toEqual(['BAD_USER_INPUT']);
    expect(house.statements).toEqual([]);
  });

  it('refuse a cursor of another order of the list', async () => {
    const { pageInfo } = await list('(first: 1)');
    const sort = 'orderBy: { field: AMOUNT, direction: ASC }';
    const answer = await house.ask(
      account.ownerId,
      `{ orders(${sort}, after: "${pageInfo.endCursor}") { nodes { id } } }`,
    );
    expect(answer.codes).toEqual(['BAD_USER_INPUT']);
  });
});

describe('what is asked for decides what is read', () => {
  it('reads 100 orders with their trades and history in three statements', async () => {
    const fields = '{ nodes { id trades(first: 5) { id orderId } history(first: 5) { to } } }';
    const { body } = await house.ask(account.ownerId, `{ orders(first: 100) ${fields} }`);
    const { nodes } = body.data?.['orders'] as {
      nodes: { id: string; trades: { orderId: string }[]; history: { to: string }[] }[];
    };
    expect(nodes).toHaveLength(100);
    expect(
      nodes.slice(1).every(({ id, trades }) => trades.length === 2 && trades.every(({ orderId }) => orderId === id)),
    ).toBe(true);
    expect(nodes.every(({ history }) => history.length === 1 && history[0]!.to === 'PENDING')).toBe(true);
    expect(house.statements).toHaveLength(3);
  });

  it('counts and sums only where it is asked to, and then reads no page', async () => {
    await house.ask(account.ownerId, '{ orders { nodes { id } pageInfo { hasNextPage } edges { cursor } } }');
    expect(house.statements).toHaveLength(1);
    expect(house.statements.join()).not.toContain('count(');
    const { body } = await house.ask(account.ownerId, '{ orders(first: 1) { totalCount } }');
    expect(body.data).toEqual({ orders: { totalCount: orders.length } });
    expect(house.statements).toHaveLength(1);
  });
});

describe('sums', () => {
  it('are per group and quote currency, exact, and by days of UTC', async () => {
    const other = await makeOwner(house.storage);
    const third = '0.333333333333333333';
    const entries = [
      makeOrder(other, { amount: money(third), cost: money(third), createdAt: Date.UTC(2026, 0, 31, 23, 59) }),
      makeOrder(other, { amount: money(third), cost: money(third), createdAt: Date.UTC(2026, 1, 1, 0, 0) }),
      makeOrder(other, { amount: money(third), cost: money(third), createdAt: Date.UTC(2026, 1, 1, 0, 1) }),
      makeOrder(other, { marketId: toMarketId('simulator', 'ETH/BTC'), createdAt: Date.UTC(2026, 1, 1, 0, 2) }),
    ].map((order) => ({ order, fills: [makeFill(order)] }));
    await writeOrders(house.storage, other, entries);
    const rows = '{ keys currency count amount cost fees { currency cost } realizedPnl }';
    const { body } = await house.ask(
      other.ownerId,
      `{ orders { aggregate(by: [DAY]) ${rows} } myTrades { aggregate(by: [DAY]) ${rows} } }`,
    );
    const expected = [
      {
        keys: { DAY: '2026-01-31' },
        currency: 'USDT',
        count: 1,
        amount: third,
        cost: third,
        fees: [{ currency: 'USDT', cost: '0.1' }],
        realizedPnl: '0.5',
      },
      {
        keys: { DAY: '2026-02-01' },
        currency: 'BTC',
        count: 1,
        amount: '1',
        cost: '100',
        fees: [{ currency: 'USDT', cost: '0.1' }],
        realizedPnl: '0.5',
      },
      {
        keys: { DAY: '2026-02-01' },
        currency: 'USDT',
        count: 2,
        amount: '0.666666666666666666',
        cost: '0.666666666666666666',
        fees: [{ currency: 'USDT', cost: '0.2' }],
        realizedPnl: '1',
      },
    ];
    expect(body.data).toEqual({ orders: { aggregate: expected }, myTrades: { aggregate: expected } });
  });

  it('refuse a key twice, and trades by a status', async () => {
    for (const field of [
      'orders { aggregate(by: [DAY, DAY]) { count } }',
      'myTrades { aggregate(by: [STATUS]) { count } }',
    ])
      expect((await house.ask(account.ownerId, `{ ${field} }`)).codes).toEqual(['BAD_USER_INPUT']);
  });
});

describe('trades', () => {
  it('come in pages that give each once, the newest first', async () => {
    const forward = await walk('where: { side: BUY }', 'forward', 'myTrades');
    expect(await walk('where: { side: BUY }', 'backward', 'myTrades')).toEqual(forward);
    expect(new Set(forward).size).toBe(120);
  });
});
