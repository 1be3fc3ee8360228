import { randomUUID } from 'node:crypto';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { TestServer, type GraphqlAnswer } from '../kit/testServer';
import { TradingHouse } from '../kit/tradingHouse';

let simulator: RunningSimulator;
let house: TradingHouse;
let server: TestServer;

beforeAll(async () => {
  simulator = await startSimulator();
  house = await TradingHouse.open(simulator);
  server = await TestServer.start({ services: house.services });
}, 120_000);

/** On a machine that is busy, the lead may change hands between two tests. */
beforeEach(() => house.reconciled());

afterAll(async () => {
  await server.stop();
  await house.stop();
  await simulator.stop();
});

interface Payload {
  readonly order: Record<string, unknown> & { readonly id: string; readonly version: number };
  readonly replayed: boolean;
  readonly errors: readonly { readonly code: string; readonly path: readonly string[] | null }[];
}

function ask(query: string, variables: object = {}, userId = house.asker.userId): Promise<GraphqlAnswer> {
  const { accessToken } = server.tokens.issue({ userId, roles: ['TRADER'] });
  return server.post({ query, variables }, { authorization: `Bearer ${accessToken}` });
}

const payload =
  '{ order { id status filled amount price version average fees { currency cost } trades { amount } history { to } } replayed errors { code path } }';

async function mutate(field: string, variables: object = {}, userId?: string): Promise<Payload> {
  const header = 'input' in variables ? '($input: CreateOrderInput!)' : '';
  const answer = await ask(`mutation ${header} { result: ${field} ${payload} }`, variables, userId);
  expect(answer.body.errors).toBeUndefined();
  return answer.body.data?.['result'] as Payload;
}

function input(changes: object = {}): object {
  return {
    idempotencyKey: randomUUID(),
    account: house.account.id,
    market: 'simulator:BTC/USDT',
    type: 'LIMIT',
    side: 'BUY',
    amount: '0.01',
    price: '50000',
    ...changes,
  };
}

function create(changes: object = {}, userId?: string): Promise<Payload> {
  return mutate('createOrder(input: $input)', { input: input(changes) }, userId);
}

const marketOrder = { type: 'MARKET', price: null, amount: '0.002' };

it('buys at the market and tells what came of it, with trades, fees and history', async () => {
  const { order, errors } = await create(marketOrder);
  expect(errors).toEqual([]);
  expect(order).toMatchObject({ status: 'CLOSED', filled: '0.002' });
  const trades = order['trades'] as { amount: string }[];
  expect(trades.length).toBeGreaterThan(0);
  expect((order['fees'] as { cost: string }[]).length).toBeGreaterThan(0);
  expect((order['history'] as { to: string }[]).map(({ to }) => to)).toEqual(
    expect.arrayContaining(['PENDING', 'SENDING', 'CLOSED']),
  );
});

it('gives a repeated key its first order, and refuses it for another', async () => {
  const idempotencyKey = randomUUID();
  const first = await create({ idempotencyKey });
  const again = await create({ idempotencyKey, price: '50000.00' });
  expect([again.order.id, again.replayed]).toEqual([first.order.id, true]);
  const other = await create({ idempotencyKey, price: '50001' });
  expect([other.order, other.errors]).toEqual([null, [{ code: 'IDEMPOTENCY_CONFLICT', path: ['idempotencyKey'] }]]);
});

it('tells refusals as data, with the field that is to be changed', async () => {
  expect((await create({ price: '50000.001' })).errors).toEqual([{ code: 'PRICE_OFF_TICK', path: ['price'] }]);
  expect((await create({ price: null })).errors).toEqual([{ code: 'FIELD_MISSING', path: ['price'] }]);
  expect((await create({ amount: '100' })).errors).toEqual([{ code: 'INSUFFICIENT_BALANCE', path: ['amount'] }]);
});

it('edits once for a key, by the rules of a new order, and keeps no more bound than is needed', async () => {
  const { order } = await create();
  const edit = (args: string, key: string = randomUUID()): Promise<Payload> =>
    mutate(`editOrder(id: "${order.id}", idempotencyKey: "${key}", ${args})`);
  expect((await edit('price: "50000.001"')).errors).toEqual([{ code: 'PRICE_OFF_TICK', path: ['price'] }]);
  expect((await edit('amount: "100"')).errors).toEqual([{ code: 'INSUFFICIENT_BALANCE', path: ['amount'] }]);
  expect((await edit('amount: "0.02", expectedVersion: 1')).errors).toMatchObject([{ code: 'VERSION_CONFLICT' }]);
  const key = randomUUID();
  const edited = await edit('price: "51000", amount: "0.02"', key);
  expect([edited.errors, edited.order]).toMatchObject([[], { status: 'OPEN', price: '51000', amount: '0.02' }]);
  const again = await edit('price: "51000", amount: "0.02"', key);
  expect([again.replayed, again.order.version]).toEqual([true, edited.order.version]);
  expect((await edit('price: "52000"', key)).errors).toMatchObject([{ code: 'IDEMPOTENCY_CONFLICT' }]);
  const stored = await house.storage.trading.order(house.account.id, order.id);
  expect(stored?.reserved).toBe('1020');
  expect((await mutate(`cancelOrder(id: "${order.id}")`)).order).toMatchObject({ status: 'CANCELED' });
  expect((await house.storage.trading.order(house.account.id, order.id))?.reserved).toBe('0');
});

it('cancels all of a market, and closes a position', async () => {
  const { order } = await create();
  const canceled = await mutate(`cancelAllOrders(account: "${house.account.id}", market: "simulator:BTC/USDT")`);
  expect(canceled).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ order: expect.objectContaining({ id: order.id, status: 'CANCELED' }) as unknown }),
    ]),
  );
  const { body } = await ask('{ positions(market: "simulator:BTC/USDT") { id amount markPrice } }');
  const [position] = body.data?.['positions'] as { id: string; markPrice: string }[];
  expect(position!.markPrice).not.toBeNull();
  const closed = await mutate(`closePosition(id: "${position!.id}", idempotencyKey: "${randomUUID()}", fraction: "1")`);
  expect([closed.errors, closed.order]).toMatchObject([[], { status: 'CLOSED' }]);
});

it('estimates by the book and by what placing would say, and keeps nothing of it', async () => {
  const estimate = async (changes: object): Promise<Record<string, unknown>> => {
    const fields = '{ accepted denyCode averagePrice cost fee { currency cost } slippage }';
    const query = `query ($input: CreateOrderInput!) { estimateOrder(input: $input) ${fields} }`;
    return (await ask(query, { input: input(changes) })).body.data?.['estimateOrder'] as Record<string, unknown>;
  };
  const count = async (): Promise<unknown> => (await ask('{ orders { totalCount } }')).body.data;
  const before = await count();
  const good = await estimate(marketOrder);
  expect(good).toMatchObject({ accepted: true, denyCode: null, fee: { currency: 'USDT' } });
  expect(Number(good['cost'])).toBeCloseTo(Number(good['averagePrice']) * 0.002, 6);
  expect(Number(good['slippage'])).toBeGreaterThanOrEqual(0);
  expect(await estimate({ price: '50000.001' })).toMatchObject({
    accepted: false,
    denyCode: 'PRICE_OFF_TICK',
    cost: '500.00001',
  });
  expect(await estimate({ amount: null })).toMatchObject({ accepted: false, denyCode: 'FIELD_MISSING', cost: null });
  expect(await count()).toEqual(before);
});

describe('what is another’s', () => {
  it('is refused as what is nowhere is', async () => {
    const { order } = await create();
    const stranger = randomUUID();
    for (const [real, field] of [
      [order.id, (id: string) => `cancelOrder(id: "${id}")`],
      [order.id, (id: string) => `editOrder(id: "${id}", idempotencyKey: "k-${id}", price: "1")`],
      [house.account.id, (id: string) => `cancelAllOrders(account: "${id}")`],
      [randomUUID(), (id: string) => `closePosition(id: "${id}", idempotencyKey: "k-${id}")`],
    ] as const) {
      const answers = await Promise.all([real, randomUUID()].map((id) => mutate(field(id), {}, stranger)));
      expect(JSON.stringify(answers[1])).toBe(JSON.stringify(answers[0]));
      expect(JSON.stringify(answers[0])).toContain('_NOT_FOUND');
    }
    const [foreign, absent] = await Promise.all([create({}, stranger), create({ account: randomUUID() }, stranger)]);
    expect(absent).toEqual(foreign);
    expect((await mutate(`cancelOrder(id: "${order.id}")`)).errors).toEqual([]);
  });
});

describe('an operation', () => {
  const cancel = (alias: string): string => `${alias}: cancelOrder(id: "x") { replayed }`;

  it.each([
    `mutation { ${cancel('a')} ${cancel('b')} }`,
    `mutation { ${cancel('a')} ... { ${cancel('b')} } }`,
    `mutation { ${cancel('a')} ...more } fragment more on Mutation { ${cancel('b')} }`,
    `mutation { ${cancel('a')} closePosition(id: "x", idempotencyKey: "y") @skip(if: true) { replayed } }`,
  ])('that trades twice is refused before anything of it runs: %s', async (query) => {
    const answer = await ask(query);
    expect([answer.status, answer.codes, answer.body.data]).toEqual([400, ['BATCH_REFUSED'], undefined]);
  });

  it('that asks twice for one field trades once, and may', async () => {
    expect(
      (await ask('mutation { cancelOrder(id: "x") { replayed } cancelOrder(id: "x") { errors { code } } }')).codes,
    ).toEqual([]);
  });

  it('is for traders', async () => {
    const { accessToken } = server.tokens.issue({
      userId: house.asker.userId,
      roles: ['VIEWER', 'ANALYST', 'AUDITOR', 'ADMIN'],
    });
    const query = 'mutation { cancelOrder(id: "x") { replayed } }';
    expect((await server.post({ query }, { authorization: `Bearer ${accessToken}` })).codes).toEqual(['FORBIDDEN']);
  });
});

it('leaves an entry in the audit log of every attempt, with its address, whatever comes of it', async () => {
  const { order } = await create({ idempotencyKey: 'audited' });
  const [nowhere, account] = [randomUUID(), house.account.id];
  await create({ idempotencyKey: 'audited' });
  await create({ account: nowhere });
  await create({ idempotencyKey: 'flatten:me' });
  await create({ amount: '-1' });
  await mutate(`editOrder(id: "${nowhere}", idempotencyKey: "e1", price: "1")`);
  await mutate(`editOrder(id: "${order.id}", idempotencyKey: "audited", price: "1")`);
  await mutate(`cancelOrder(id: "${nowhere}")`);
  await mutate(`closePosition(id: "${nowhere}", idempotencyKey: "c1")`);
  await mutate(`closePosition(id: "${nowhere}", idempotencyKey: "c2", fraction: "2")`);
  await ask(`mutation { cancelAllOrders(account: "${nowhere}") { errors { code } } }`);
  await ask(`mutation { cancelAllOrders(account: "${account}", market: "simulator:ETH/USDT") { errors { code } } }`);
  const entries = await house.query<{ readonly told: string; readonly ip: string }>(
    `SELECT concat_ws(' ', action, target, outcome) AS told, ip FROM audit_entries WHERE actor = $1 AND number >=
       (SELECT min(number) FROM audit_entries WHERE outcome = 'stored ' || $2::text) ORDER BY number`,
    [house.asker.userId, order.id],
  );
  expect(entries.map(({ told }) => told)).toEqual([
    `order.create ${account} stored ${order.id}`,
    `order.create ${account} repeat of ${order.id}`,
    `order.create ${nowhere} ACCOUNT_NOT_FOUND`,
    `order.create ${account} IDEMPOTENCY_KEY_NOT_ACCEPTABLE`,
    expect.stringMatching(`^order.create ${account} [A-Z_]+$`),
    `order.edit ${nowhere} ORDER_NOT_FOUND`,
    `order.edit ${order.id} IDEMPOTENCY_CONFLICT`,
    `order.cancel ${nowhere} ORDER_NOT_FOUND`,
    `position.close ${nowhere} POSITION_NOT_FOUND`,
    `position.close ${nowhere} NUMBER_NOT_ACCEPTABLE`,
    `order.cancelAll ${nowhere} ACCOUNT_NOT_FOUND`,
    `order.cancelAll ${account} none is open`,
  ]);
  expect(new Set(entries.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.1']));
  await mutate(`cancelOrder(id: "${order.id}")`);
});
