import { randomUUID } from 'node:crypto';
import { startDatabaseWithRoles, type DatabaseWithRoles } from '../kit/databaseRoles';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';
import { eventually } from '../kit/eventually';

interface Balance {
  readonly currency: string;
  readonly free: string;
  readonly used: string;
  readonly total: string;
  readonly value: string | null;
}
interface AccountAnswer {
  readonly id: string;
  readonly label: string;
  readonly mode: string;
  readonly keyHint: string | null;
  readonly balances: readonly Balance[];
  readonly reconciliation: { readonly balanced: boolean } | null;
}
interface PayloadError {
  readonly code: string;
}
interface Payload {
  readonly account: AccountAnswer | null;
  readonly errors: readonly PayloadError[];
}
interface OrderPayload {
  readonly order: { readonly id: string; readonly status: string; readonly filled: string } | null;
  readonly errors: readonly PayloadError[];
}

let simulator: RunningSimulator;
let database: DatabaseWithRoles;
let server: RunningTickgate;

beforeAll(async () => {
  simulator = await startSimulator();
  // As in a production: the server is not the owner of its schema.
  database = await startDatabaseWithRoles();
  server = await RunningTickgate.start('simulator', simulator, {
    environment: { DATABASE_URL: database.serverUrl, MIGRATION_DATABASE_URL: database.ownerUrl },
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await database.stop();
  await simulator.stop();
});

const accountFields = `id label mode keyHint reconciliation { balanced } balances { currency free used total value }`;

const ask = async <Data>(role: Parameters<RunningTickgate['signIn']>[0], query: string, variables?: unknown) =>
  server.post<Data>(query, { authorization: await server.signIn(role), variables });

async function createAccount(input: object): Promise<Payload> {
  const { data, errors } = await ask<{ createAccount: Payload }>(
    'TRADER',
    `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { ${accountFields} } errors { code } } }`,
    { input },
  );
  if (data === null) throw new Error(JSON.stringify(errors));
  return data.createAccount;
}

async function readAccount(id: string): Promise<AccountAnswer | null> {
  const { data, errors } = await ask<{ account: AccountAnswer | null }>(
    'TRADER',
    `query ($id: ID!) { account(id: $id) { ${accountFields} } }`,
    { id },
  );
  if (data === null) throw new Error(JSON.stringify(errors));
  return data.account;
}

/** Waits until the account was compared with its exchange, which costs eight seconds of what ccxt grants: it may trade from then on. */
const opened = (id: string) =>
  eventually(
    async () => {
      const account = await readAccount(id);
      return account?.reconciliation === null ? null : account;
    },
    // More often, and the field's rate would be used up before.
    { everyMs: 250 },
  );

it('gives the demo trader a paper account with 100,000 USDT, which is worth as much', async () => {
  const { data } = await ask<{ accounts: readonly AccountAnswer[] }>('TRADER', `{ accounts { ${accountFields} } }`);
  expect(data?.accounts).toHaveLength(1);
  expect(data?.accounts[0]).toMatchObject({ label: 'Demo', mode: 'PAPER', keyHint: null });
  const account = await opened(data!.accounts[0]!.id);
  expect(account.balances).toEqual([{ currency: 'USDT', free: '100000', used: '0', total: '100000', value: '100000' }]);
});

it('opens a paper account, fills its order from the live book, and tells what became of its money', async () => {
  const { account, errors } = await createAccount({
    label: 'mine',
    exchange: 'simulator',
    mode: 'PAPER',
    paperBalances: [{ currency: 'USDT', amount: '5000' }],
  });
  expect(errors).toEqual([]);
  await opened(account!.id);
  const input = {
    idempotencyKey: randomUUID(),
    account: account!.id,
    market: 'simulator:BTC/USDT',
    type: 'MARKET',
    side: 'BUY',
    amount: '0.01',
  };
  const { data, errors: failures } = await ask<{ createOrder: OrderPayload }>(
    'TRADER',
    'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { id status filled } errors { code } } }',
    { input },
  );
  expect(failures).toBeUndefined();
  expect(data?.createOrder).toMatchObject({ order: { status: 'CLOSED', filled: '0.01' }, errors: [] });
  const after = await readAccount(account!.id);
  const btc = after?.balances.find(({ currency }) => currency === 'BTC');
  const usdt = after?.balances.find(({ currency }) => currency === 'USDT');
  expect(Number(btc?.total)).toBeGreaterThan(0.009);
  expect(Number(btc?.value)).toBeGreaterThan(0);
  expect(Number(usdt?.total)).toBeLessThan(5000);
  expect(Number(usdt?.total) + Number(btc?.value)).toBeGreaterThan(4900);
});

it('opens a live account behind a key that only trades, and refuses one that may withdraw', async () => {
  const { accounts } = (await simulator.state()) as unknown as {
    readonly accounts: readonly { readonly name: string; readonly apiKey: string; readonly secret: string }[];
  };
  const inputOf = (name: string) => {
    const { apiKey, secret } = accounts.find((account) => account.name === name)!;
    return { label: name, exchange: 'simulator', mode: 'LIVE', apiKey, secret };
  };
  const refused = await createAccount(inputOf('withdrawer'));
  expect(refused).toEqual({ account: null, errors: [{ code: 'KEY_CAN_WITHDRAW' }, { code: 'KEY_CAN_TRANSFER' }] });
  const input = inputOf('trader');
  const { account } = await createAccount(input);
  expect(account).toMatchObject({ mode: 'LIVE', keyHint: input.apiKey.slice(-4) });
  const { balances } = await opened(account!.id);
  expect(balances.find(({ currency }) => currency === 'BTC')).toMatchObject({ total: '2' });
});

it("shows another's account to nobody, and as if there were none", async () => {
  const { data } = await ask<{ accounts: readonly AccountAnswer[] }>('TRADER', '{ accounts { id } }');
  const id = data!.accounts[0]!.id;
  for (const role of ['VIEWER', 'ANALYST', 'ADMIN'] as const) {
    const query = 'query ($id: ID!) { account(id: $id) { id } accounts { id } }';
    const foreign = await ask(role, query, { id });
    expect(foreign.data).toEqual({ account: null, accounts: [] });
    expect(await ask(role, query, { id: randomUUID() })).toEqual(foreign);
  }
  const refused = await ask('AUDITOR', '{ accounts { id } }');
  expect(refused.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
});

it('lets an analyst read what was granted, until it is revoked, and change nothing', async () => {
  const own = await ask<{ accounts: readonly AccountAnswer[] }>('TRADER', '{ accounts { id } }');
  const account = own.data!.accounts[0]!.id;
  const { data: me } = await ask<{ me: { readonly id: string } }>('ANALYST', '{ me { id } }');
  const variables = { account, userId: me!.me.id };
  const change = (field: string) =>
    ask<Record<string, Payload>>(
      'TRADER',
      `mutation ($account: ID!, $userId: ID!) { ${field}(account: $account, userId: $userId) { errors { code } } }`,
      variables,
    );
  const seen = async () => (await ask<{ accounts: readonly unknown[] }>('ANALYST', '{ accounts { id } }')).data;
  expect((await change('grantAccess')).data).toEqual({ grantAccess: { errors: [] } });
  expect(await seen()).toEqual({ accounts: [{ id: account }] });
  const removal = await ask('ANALYST', 'mutation ($id: ID!) { removeAccount(id: $id) { errors { code } } }', {
    id: account,
  });
  expect(removal.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  await change('revokeAccess');
  expect(await seen()).toEqual({ accounts: [] });
});
