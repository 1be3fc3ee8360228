import { randomUUID } from 'node:crypto';
import { eventually } from '../kit/eventually';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';
import { demoCredentials, mexcOf } from '../kit/tradingAccount';

interface Order {
  readonly id: string;
  readonly status: string;
  readonly filled: string;
  readonly history: readonly { readonly to: string }[];
}
interface Payload<Made> {
  readonly made: Made | null;
  readonly errors: readonly { readonly code: string }[];
}
interface Account {
  readonly id: string;
  readonly balances: readonly { readonly currency: string; readonly total: string; readonly used: string }[];
  readonly reconciliation: { readonly balanced: boolean } | null;
}

const market = 'mexc:BTC/USDT';
const post = { path: '/mexc/api/v3/order', method: 'POST' };

let simulator: RunningSimulator;
let server: RunningTickgate;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'mexc-main' });
  server = await RunningTickgate.start('mexc', mexcOf(simulator));
}, 60_000);

afterAll(async () => {
  await server.stop();
  await simulator.stop();
});

async function ask<Data>(query: string, variables: unknown = {}): Promise<Data> {
  const answer = await server.post<Data>(query, { authorization: await server.signIn('TRADER'), variables });
  if (answer.data === null || answer.errors !== undefined) throw new Error(JSON.stringify(answer));
  return answer.data;
}

const readAccount = (id: string) =>
  ask<{ account: Account }>(
    'query ($id: ID!) { account(id: $id) { id reconciliation { balanced } balances { currency total used } } }',
    { id },
  ).then(({ account }) => account);

async function createAccount(name: string): Promise<Payload<Account>> {
  const { apiKey, secret } = await demoCredentials(simulator, name);
  const input = { label: name, exchange: 'mexc', mode: 'LIVE', apiKey: apiKey.reveal(), secret: secret.reveal() };
  const { createAccount: payload } = await ask<{ createAccount: Payload<Account> }>(
    `mutation ($input: CreateAccountInput!) {
      createAccount(input: $input) { made: account { id reconciliation { balanced } balances { currency total used } } errors { code } }
    }`,
    { input },
  );
  return payload;
}

async function createOrder(account: string, changes: object): Promise<Payload<Order>> {
  const input = { idempotencyKey: randomUUID(), account, market, side: 'BUY', amount: '0.01', ...changes };
  const { createOrder: payload } = await ask<{ createOrder: Payload<Order> }>(
    'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { made: order { id status filled } errors { code } } }',
    { input },
  );
  return payload;
}

const readOrder = (id: string) =>
  ask<{ order: Order }>('query ($id: ID!) { order(id: $id) { id status filled history { to } } }', { id }).then(
    ({ order }) => order,
  );

it('refuses a key of MEXC that may withdraw', async () => {
  expect(await createAccount('withdrawer')).toEqual({
    made: null,
    errors: [{ code: 'KEY_CAN_WITHDRAW' }, { code: 'KEY_CAN_TRANSFER' }],
  });
});

it('trades an account at MEXC: filled, explained, canceled, and found where the answer is lost', async () => {
  const { made: account, errors } = await createAccount('trader');
  expect(errors).toEqual([]);
  await eventually(async () => (await readAccount(account!.id)).reconciliation?.balanced);

  expect(await createOrder(account!.id, { type: 'MARKET' })).toMatchObject({
    made: { status: 'CLOSED', filled: '0.01' },
    errors: [],
  });
  const { positions } = await ask<{ positions: readonly unknown[] }>(
    'query ($account: ID!) { positions(account: $account) { marketId side amount } }',
    { account: account!.id },
  );
  // The fee was taken in coins.
  expect(positions).toEqual([{ marketId: market, side: 'LONG', amount: '0.00999' }]);

  const limit = await createOrder(account!.id, { type: 'LIMIT', side: 'SELL', price: '180000' });
  expect(limit).toMatchObject({ made: { status: 'OPEN', filled: '0' }, errors: [] });
  const held = await readAccount(account!.id);
  expect(held.balances.find(({ currency }) => currency === 'BTC')).toMatchObject({ total: '2.00999', used: '0.01' });
  const { cancelOrder } = await ask<{ cancelOrder: Payload<Order> }>(
    'mutation ($id: ID!) { cancelOrder(id: $id) { made: order { id status filled } errors { code } } }',
    { id: limit.made!.id },
  );
  expect(cancelOrder).toMatchObject({ made: { status: 'CANCELED' }, errors: [] });

  // Nor does the socket tell of it: it has to be asked about, by our id.
  await simulator.control('POST', 'faults', { kind: 'stall', stream: 'spot@private*' });
  await simulator.control('POST', 'faults', { kind: 'reply-cut', ...post, count: 1 });
  const before = (await simulator.state()).rest[`POST ${post.path}`]!.calls;
  const lost = await createOrder(account!.id, { type: 'MARKET', side: 'SELL' });
  expect(lost.errors).toEqual([]);
  const found = await eventually(async () => {
    const order = await readOrder(lost.made!.id);
    return order.status === 'CLOSED' ? order : null;
  });
  expect(found.filled).toBe('0.01');
  // One execution or several are between them.
  expect(found.history.slice(0, 3).map(({ to }) => to)).toEqual(['PENDING', 'SENDING', 'UNKNOWN']);
  await simulator.control('DELETE', 'faults');
  expect((await simulator.state()).rest[`POST ${post.path}`]!.calls).toBe(before + 1);

  expect(await createOrder(account!.id, { type: 'STOP', side: 'SELL', triggerPrice: '50000' })).toEqual({
    made: null,
    errors: [{ code: 'ORDER_TYPE_NOT_OFFERED' }],
  });
});
