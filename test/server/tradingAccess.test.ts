import { randomUUID } from 'node:crypto';
import type { Role } from '../../src/identity/principal';
import { roles } from '../../src/identity/principal';
import type { AccountRecord } from '../../src/storage/trading/records';
import { ReadingHouse } from '../kit/readingHouse';
import { makeFill, makeOrder, makeOwner, makePosition, writeOrders } from '../kit/tradingRecords';

let house: ReadingHouse;
let account: AccountRecord;
/** A stranger with an account and an order of their own. */
let stranger: AccountRecord;
let ids: Ids;
/** Of an account that its owner has removed. */
let removed: AccountRecord;
let removedIds: Ids;

interface Ids {
  readonly order: string;
  readonly trade: string;
  readonly position: string;
  readonly account: string;
}

beforeAll(async () => {
  house = await ReadingHouse.open();
  account = await makeOwner(house.storage);
  stranger = await makeOwner(house.storage);
  removed = await makeOwner(house.storage);
  ids = await trade(account);
  removedIds = await trade(removed);
  await writeOrders(house.storage, stranger, [{ order: makeOrder(stranger) }]);
  const audit = { at: 0, actor: removed.ownerId, action: 'account.remove', target: removed.id, outcome: 'done' };
  await house.storage.accounts.remove({ ownerId: removed.ownerId, accountId: removed.id, at: 1, audit });
}, 60_000);

/** An order that was filled, and a position. */
async function trade(of: AccountRecord): Promise<Ids> {
  const [order, position] = [makeOrder(of), makePosition(of)];
  const fill = makeFill(order);
  await writeOrders(house.storage, of, [{ order, fills: [fill] }]);
  await house.storage.trading.transaction({ accountId: of.id, epoch: null }, (tx) => {
    tx.savePosition(position);
  });
  return { order: order.id, trade: fill.id, position: position.id, account: of.id };
}

afterAll(() => house.stop());

/** Every way to reach something by an id, with what is told where there is nothing. */
const ways: readonly (readonly [kind: keyof typeof ids, document: (id: string) => string, nothing: unknown])[] = [
  ['order', (id) => `{ found: order(id: "${id}") { id trades { id } history { seq } } }`, null],
  ['order', (id) => `{ found: node(id: "${id}") { id __typename } }`, null],
  ['trade', (id) => `{ found: node(id: "${id}") { id __typename } }`, null],
  ['position', (id) => `{ found: node(id: "${id}") { id __typename } }`, null],
  ['account', (id) => `{ found: node(id: "${id}") { id __typename } }`, null],
  ['account', (id) => `{ found: orders(where: { account: ["${id}"] }) { nodes { id } } }`, { nodes: [] }],
  ['account', (id) => `{ found: orders(where: { account: ["${id}"] }) { totalCount } }`, { totalCount: 0 }],
  [
    'account',
    (id) => `{ found: orders(where: { account: ["${id}"] }) { aggregate(by: [ACCOUNT]) { count } } }`,
    { aggregate: [] },
  ],
  ['account', (id) => `{ found: myTrades(where: { account: ["${id}"] }) { nodes { id } } }`, { nodes: [] }],
  ['account', (id) => `{ found: myTrades(where: { account: ["${id}"] }) { totalCount } }`, { totalCount: 0 }],
  [
    'account',
    (id) => `{ found: myTrades(where: { account: ["${id}"] }) { aggregate(by: []) { count } } }`,
    { aggregate: [] },
  ],
  ['account', (id) => `{ found: positions(account: "${id}") { id } }`, []],
  ['account', (id) => `{ found: positions(account: "${id}", asOf: "2030-01-01T00:00:00Z") { id } }`, []],
];

async function found(userId: string, document: string, as: Role[] = ['TRADER']): Promise<unknown> {
  const answer = await house.ask(userId, document, as);
  expect(answer.body.errors).toBeUndefined();
  return answer.body.data?.['found'];
}

describe.each(ways)('an id of the kind %s in %s', (kind, document, nothing) => {
  it('finds what is the reader’s own', async () => {
    expect(await found(account.ownerId, document(ids[kind]))).not.toEqual(nothing);
  });

  it('tells the same of what is another’s, of what is nowhere and of what is no id, and asks for the first two by the same statements', async () => {
    const seen: (readonly string[])[] = [];
    for (const id of [ids[kind], randomUUID(), 'nonsense']) {
      expect(await found(stranger.ownerId, document(id), ['TRADER', 'ADMIN'])).toEqual(nothing);
      expect(house.statements.length).toBeGreaterThan(0);
      seen.push([...house.statements]);
    }
    // What cannot be an id at all may be known for that without asking.
    expect(seen[1]).toEqual(seen[0]);
  });

  it('is found by the analyst to whom the account was granted, and by nobody for having been granted it alone', async () => {
    const analyst = await makeOwner(house.storage);
    const { ownerId: userId } = analyst;
    await house.grant(stranger, userId);
    expect(await found(userId, document(ids[kind]), ['ANALYST'])).toEqual(nothing);
    await house.grant(account, userId);
    expect(await found(userId, document(ids[kind]), ['ANALYST'])).not.toEqual(nothing);
    expect(await found(userId, document(ids[kind]), ['TRADER'])).toEqual(nothing);
  });

  it('is found by nobody once its account is removed', async () => {
    expect(await found(removed.ownerId, document(removedIds[kind]))).toEqual(nothing);
  });
});

it('is shown to every analyst where the deployment says so, and to nobody else', async () => {
  const server = await house.openServer({ analystsSeeAll: true });
  for (const role of roles) {
    const { accessToken } = server.tokens.issue({ userId: stranger.ownerId, roles: [role, 'VIEWER'] });
    const query = `{ found: node(id: "${ids.order}") { id } }`;
    const { body } = await server.post({ query }, { authorization: `Bearer ${accessToken}` });
    expect([role, body.data?.['found']]).toEqual([role, role === 'ANALYST' ? { id: ids.order } : null]);
  }
});

it('tells nothing of another’s order by its id, be it asked for its trades or its steps alone', async () => {
  const { orders, trades } = house.storage;
  const request = { orderIds: [ids.order], first: 10 };
  const counts = async ({ ownerId: userId }: AccountRecord): Promise<readonly number[]> => {
    const reader = { userId, readsGranted: true, readsAll: false };
    return [await orders.transitions(reader, request), await trades.ofOrders(reader, request)].map(
      ({ length }) => length,
    );
  };
  expect([await counts(account), await counts(stranger)]).toEqual([
    [1, 1],
    [0, 0],
  ]);
});

it('lists nothing of others', async () => {
  const lists = '{ orders { totalCount nodes { accountId } } myTrades { totalCount } positions { id } }';
  const { body } = await house.ask(stranger.ownerId, lists);
  expect(body.data).toEqual({
    orders: { totalCount: 1, nodes: [{ accountId: stranger.id }] },
    myTrades: { totalCount: 0 },
    positions: [],
  });
});

it('is for readers of accounts, and what only auditors may do is not that', async () => {
  const documents = [
    '{ orders { totalCount } }',
    '{ myTrades { totalCount } }',
    '{ positions { id } }',
    `{ order(id: "${ids.order}") { id } }`,
  ];
  for (const document of documents) {
    for (const role of roles) {
      const { codes } = await house.ask(account.ownerId, document, [role]);
      expect([document, role, codes]).toEqual([document, role, role === 'AUDITOR' ? ['FORBIDDEN'] : []]);
    }
    expect((await house.server.post({ query: document })).codes).toEqual(['UNAUTHENTICATED']);
    expect(house.statements.length).toBeGreaterThan(0);
  }
  house.statements.length = 0;
  expect(await found(account.ownerId, `{ found: node(id: "${ids.order}") { id } }`, ['AUDITOR'])).toBeNull();
  expect(house.statements).toEqual([]);
});
