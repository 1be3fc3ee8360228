import { randomUUID } from 'node:crypto';
import { eventually } from '../kit/eventually';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';

interface OrderPayload {
  readonly order: { readonly id: string; readonly status: string } | null;
  readonly errors: readonly { readonly code: string }[];
}
interface FoundOrder {
  readonly side: string;
  readonly amount: string;
  readonly status: string;
}

let simulator: RunningSimulator;
let server: RunningTickgate;
/** The demo trader's PAPER account. */
let account: string;

const ask = async <Data>(role: 'TRADER' | 'ADMIN', query: string, variables?: unknown) => {
  const { data, errors } = await server.post<Data>(query, { authorization: await server.signIn(role), variables });
  if (data === null) throw new Error(JSON.stringify(errors));
  return data;
};

beforeAll(async () => {
  simulator = await startSimulator();
  server = await RunningTickgate.start('simulator', simulator);
  const query = '{ accounts { id reconciliation { balanced } } }';
  account = await eventually(async () => {
    const { accounts } = await ask<{ accounts: { id: string; reconciliation: object | null }[] }>('TRADER', query);
    return accounts[0]?.reconciliation == null ? null : accounts[0].id;
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await simulator.stop();
});

async function create(changes: object): Promise<OrderPayload> {
  const order = { account, market: 'simulator:BTC/USDT', side: 'BUY', amount: '0.01' };
  const { createOrder } = await ask<{ createOrder: OrderPayload }>(
    'TRADER',
    'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { id status } errors { code } } }',
    { input: { idempotencyKey: randomUUID(), ...order, ...changes } },
  );
  return createOrder;
}

const farBelow = { type: 'LIMIT', price: '50000' };
const atMarket = { type: 'MARKET' };

async function setState(role: 'TRADER' | 'ADMIN', rest: string): Promise<unknown> {
  const query = `mutation ($account: ID!) { setTradingState(account: $account, ${rest}) { state reason } }`;
  return (await ask<{ setTradingState: unknown }>(role, query, { account })).setTradingState;
}

async function flattenOrders(): Promise<readonly FoundOrder[]> {
  const { orders } = await ask<{ orders: { nodes: readonly (FoundOrder & { readonly origin: string })[] } }>(
    'TRADER',
    '{ orders { nodes { origin side amount status } } }',
  );
  return orders.nodes.filter(({ origin }) => origin === 'FLATTEN').map(({ origin: _, ...order }) => order);
}

it('lets only cancels through while the account is halted, closes its position once, and trades again when it is told to', async () => {
  const resting = await create(farBelow);
  expect([resting.errors, resting.order]).toMatchObject([[], { status: 'OPEN' }]);
  const other = await create(farBelow);
  expect((await create(atMarket)).order).toMatchObject({ status: 'CLOSED' });

  expect(await setState('TRADER', 'state: HALTED, reason: "odd fills"')).toEqual({
    state: 'HALTED',
    reason: 'odd fills',
  });
  for (const order of [atMarket, farBelow])
    expect(await create(order)).toEqual({ order: null, errors: [{ code: 'TRADING_HALTED' }] });
  expect(
    await ask('TRADER', `mutation { cancelOrder(id: "${resting.order!.id}") { order { status } errors { code } } }`),
  ).toEqual({ cancelOrder: { order: { status: 'CANCELED' }, errors: [] } });
  expect(await ask('TRADER', '{ positions { amount } }')).toEqual({ positions: [{ amount: '0.00999' }] });

  const flatten = 'state: HALTED, flatten: true, reason: "get out"';
  await Promise.all([setState('TRADER', flatten), setState('ADMIN', flatten), setState('TRADER', flatten)]);
  await eventually(
    async () => (await ask<{ positions: object[] | null }>('TRADER', '{ positions { id } }')).positions?.length === 0,
  );
  expect(await ask('TRADER', `{ order(id: "${other.order!.id}") { status } }`)).toEqual({
    order: { status: 'CANCELED' },
  });
  await setState('TRADER', flatten);

  expect(await setState('ADMIN', 'state: ACTIVE, reason: "it is clear"')).toMatchObject({ state: 'ACTIVE' });
  expect((await create(atMarket)).order).toMatchObject({ status: 'CLOSED' });
  expect(await flattenOrders()).toEqual([{ side: 'SELL', amount: '0.00999', status: 'CLOSED' }]);
});

it('halts all accounts by the word of an admin, over what the account itself says', async () => {
  const setAll = (state: string) =>
    ask('ADMIN', `mutation { setGlobalTradingState(state: ${state}, reason: "maintenance") }`);
  expect(await setAll('HALTED')).toEqual({ setGlobalTradingState: 'HALTED' });
  expect(await create(atMarket)).toEqual({ order: null, errors: [{ code: 'GLOBAL_HALTED' }] });
  const query = 'query ($account: ID!) { risk(account: $account) { state reason currency } }';
  expect(await ask('TRADER', query, { account })).toEqual({
    risk: { state: 'HALTED', reason: 'maintenance', currency: 'USDT' },
  });
  await setState('TRADER', 'state: ACTIVE, reason: "please"');
  expect(await create(atMarket)).toEqual({ order: null, errors: [{ code: 'GLOBAL_HALTED' }] });
  expect(await setAll('ACTIVE')).toEqual({ setGlobalTradingState: 'ACTIVE' });
  expect((await create(atMarket)).order).toMatchObject({ status: 'CLOSED' });
});

it('holds orders to the limits that were set, and takes no more than it was told away', async () => {
  const limit = async (limits: object): Promise<unknown> => {
    const set = 'setRiskLimits(account: $account, limits: $limits) { limits { maxOrderNotional maxDrawdown } }';
    const query = `mutation ($account: ID!, $limits: RiskLimitsInput!) { ${set} }`;
    return (await ask<{ setRiskLimits: { limits: unknown } }>('TRADER', query, { account, limits })).setRiskLimits
      .limits;
  };
  expect(await limit({ maxOrderNotional: '10', maxDrawdown: '0.5' })).toEqual({
    maxOrderNotional: '10',
    maxDrawdown: '0.5',
  });
  expect((await create(atMarket)).errors).toEqual([{ code: 'MAX_ORDER_NOTIONAL' }]);
  expect(await limit({ maxOrderNotional: null })).toEqual({ maxOrderNotional: null, maxDrawdown: '0.5' });
  expect((await create(atMarket)).errors).toEqual([]);
});

it('tells the profit of the day, of which what was brought in is no part', async () => {
  const query =
    'query ($account: ID!) { pnl(account: $account) { date currency fees transfers equityChange difference } }';
  const today = new Date().toISOString().slice(0, 10);
  const day = await eventually(
    async () => {
      const { pnl } = await ask<{ pnl: readonly Record<string, string>[] }>('TRADER', query, { account });
      // The account's worth is looked at every 2 s: after its trades it is less by what they cost.
      return pnl.find(
        ({ fees, equityChange, date }) => Number(fees) > 0 && Number(equityChange) < 100_000 && date!.startsWith(today),
      );
    },
    // More often, and the field's rate would be used up before.
    { everyMs: 250 },
  );
  expect(day).toMatchObject({ date: `${today}T00:00:00.000Z`, currency: 'USDT', transfers: '100000' });
  expect(Math.abs(Number(day['difference']))).toBeLessThan(1);
});
