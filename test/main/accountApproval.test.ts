import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { Role } from '../../src/identity/principal';
import { eventually } from '../kit/eventually';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { RunningTickgate } from '../kit/tickgate';
import { demoCredentials } from '../kit/tradingAccount';

interface Account {
  readonly id: string;
  readonly mode: string;
  readonly approval: string;
  readonly keyHint: string | null;
  readonly reconciliation: { readonly balanced: boolean } | null;
}
interface Payload<Made> {
  readonly made: Made | null;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

let simulator: RunningSimulator;
let server: RunningTickgate;
let operator: Client;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'approval' });
  server = await RunningTickgate.start('simulator', simulator, { environment: { LIVE_NEEDS_APPROVAL: 'true' } });
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
}, 60_000);

afterAll(async () => {
  await operator.end();
  await server.stop();
  await simulator.stop();
});

async function ask<Data>(query: string, variables: unknown = {}, role: Role = 'TRADER'): Promise<Data> {
  const answer = await server.post<Data>(query, { authorization: await server.signIn(role), variables });
  if (answer.data === null || answer.errors !== undefined) throw new Error(JSON.stringify(answer));
  return answer.data;
}

const accounts = () =>
  ask<{ accounts: readonly Account[] }>(
    '{ accounts { id mode approval keyHint reconciliation { balanced } balances { currency total } } }',
  ).then((answer) => answer.accounts);

/** Looks no oftener than the rate of the field lets it. */
function compared(mode: 'PAPER' | 'LIVE'): Promise<Account> {
  const look = async () =>
    (await accounts()).find((account) => account.mode === mode && account.reconciliation?.balanced === true);
  return eventually(look, { everyMs: 250 });
}

async function createLive(): Promise<Account> {
  const { apiKey, secret } = await demoCredentials(simulator, 'trader');
  const input = {
    label: 'live',
    exchange: 'simulator',
    mode: 'LIVE',
    apiKey: apiKey.reveal(),
    secret: secret.reveal(),
  };
  const { createAccount } = await ask<{ createAccount: Payload<Account> }>(
    `mutation ($input: CreateAccountInput!) {
       createAccount(input: $input) { made: account { id mode approval keyHint } errors { code message } } }`,
    { input },
  );
  if (createAccount.made === null) throw new Error(JSON.stringify(createAccount.errors));
  return createAccount.made;
}

const orderOf = (account: string) => ({
  idempotencyKey: randomUUID(),
  account,
  market: 'simulator:BTC/USDT',
  type: 'MARKET',
  side: 'BUY',
  amount: '0.01',
});

async function createOrder(account: string): Promise<Payload<{ readonly id: string; readonly status: string }>> {
  const { createOrder: payload } = await ask<{
    createOrder: Payload<{ readonly id: string; readonly status: string }>;
  }>(
    `mutation ($input: CreateOrderInput!) {
       createOrder(input: $input) { made: order { id status } errors { code message } } }`,
    { input: orderOf(account) },
  );
  return payload;
}

/** What is given, or the code of the error. */
async function approve(authorization: string, { id, keyHint }: Pick<Account, 'id' | 'keyHint'>): Promise<unknown> {
  const { data, errors } = await server.post<{ approveAccount: string }>(
    'mutation ($id: ID!, $keyHint: String!) { approveAccount(id: $id, keyHint: $keyHint) }',
    { authorization, variables: { id, keyHint } },
  );
  return errors?.[0]?.extensions['code'] ?? data?.approveAccount;
}

const awaited = '{ accountsAwaitingApproval { accountId ownerId exchange keyHint requestedAt } }';

const placed = async (): Promise<number> => (await simulator.state()).rest['POST /api/v3/order']?.calls ?? 0;

it('a LIVE account trades once an admin who is not its owner has approved it, and is seen to wait until then', async () => {
  const made = await createLive();
  expect(made).toMatchObject({ mode: 'LIVE', approval: 'AWAITED' });
  // What is there is read and compared meanwhile.
  const live = await compared('LIVE');
  expect(live).toMatchObject({ id: made.id, approval: 'AWAITED', keyHint: made.keyHint });
  const before = await placed();
  const refused = await createOrder(live.id);
  expect(refused).toMatchObject({ made: null, errors: [{ code: 'ACCOUNT_NOT_APPROVED' }] });
  for (const said of ['admin', 'approveAccount', live.keyHint ?? '?'])
    expect(refused.errors[0]?.message).toContain(said);
  const { estimateOrder } = await ask<{ estimateOrder: unknown }>(
    'query ($input: CreateOrderInput!) { estimateOrder(input: $input) { accepted denyCode } }',
    { input: orderOf(live.id) },
  );
  expect(estimateOrder).toEqual({ accepted: false, denyCode: 'ACCOUNT_NOT_APPROVED' });
  expect(await ask('{ orders { totalCount } }')).toEqual({ orders: { totalCount: 0 } });

  const paper = await compared('PAPER');
  expect(paper.approval).toBe('NOT_NEEDED');
  expect((await createOrder(paper.id)).made?.status).toBe('CLOSED');

  // The admin finds what waits, and who asks for it.
  expect(await ask(awaited, {}, 'ADMIN')).toEqual({
    accountsAwaitingApproval: [
      {
        accountId: live.id,
        ownerId: server.tickgate.demo?.users.find(({ role }) => role === 'TRADER')?.id,
        exchange: 'simulator',
        keyHint: live.keyHint,
        requestedAt: expect.stringMatching(/^20\d\d-.+Z$/) as unknown,
      },
    ],
  });
  for (const role of ['TRADER', 'AUDITOR'] as const) {
    const { data, errors } = await server.post(awaited, { authorization: await server.signIn(role) });
    expect([data, errors?.[0]?.extensions['code']]).toEqual([{ accountsAwaitingApproval: null }, 'FORBIDDEN']);
  }
  const { auditLog } = await ask<{ auditLog: unknown }>(
    '{ auditLog(action: "account.requestApproval") { nodes { target outcome } } }',
    {},
    'ADMIN',
  );
  expect(auditLog).toEqual({ nodes: [{ target: live.id, outcome: 'LIVE at simulator' }] });
  expect(await approve(await server.signIn('TRADER'), live)).toBe('FORBIDDEN');
  expect(await approve(await server.signIn('AUDITOR'), live)).toBe('FORBIDDEN');
  // A password proves no second factor.
  expect(await approve(await server.login('ADMIN'), live)).toBe('MFA_REQUIRED');
  const admin = await server.signIn('ADMIN');
  expect(await approve(admin, { ...live, keyHint: 'else' })).toBe('APPROVAL_KEY_CHANGED');
  expect(await approve(admin, { ...paper, keyHint: 'none' })).toBe('ACCOUNT_NOT_FOUND');
  expect((await createOrder(live.id)).errors).toMatchObject([{ code: 'ACCOUNT_NOT_APPROVED' }]);
  expect(await placed()).toBe(before);

  const both = await Promise.all([approve(admin, live), approve(admin, live)]);
  expect(both).toEqual(['GIVEN', 'GIVEN']);
  expect(await ask(awaited, {}, 'ADMIN')).toEqual({ accountsAwaitingApproval: [] });
  expect((await compared('LIVE')).approval).toBe('GIVEN');
  expect(await createOrder(live.id)).toMatchObject({ made: { status: 'CLOSED' }, errors: [] });
  expect(await placed()).toBe(before + 1);
  const { rows } = await operator.query(
    `SELECT action, ip, before_hash IS NULL AS "isNew", after_hash IS NULL AS "isLost" FROM audit_entries
      WHERE target = $1 AND action IN ('account.requestApproval', 'account.approve') ORDER BY number`,
    [live.id],
  );
  expect(rows).toEqual([
    { action: 'account.requestApproval', ip: '127.0.0.1', isNew: true, isLost: false },
    { action: 'account.approve', ip: '127.0.0.1', isNew: false, isLost: false },
  ]);
});

it('its owner does not approve it in a second role', async () => {
  const live = await compared('LIVE');
  await operator.query(`UPDATE accounts SET approval = 'AWAITED' WHERE id = $1`, [live.id]);
  await operator.query(
    `UPDATE users SET roles = '{TRADER,ADMIN}' WHERE id = (SELECT owner_id FROM accounts WHERE id = $1)`,
    [live.id],
  );
  const owner = await server.signIn('TRADER');
  // The role is theirs within a second.
  const answer = await eventually(async () => {
    const said = await approve(owner, live);
    return said === 'FORBIDDEN' ? null : said;
  });
  expect(answer).toBe('APPROVAL_NOT_YOURS');
  expect((await createOrder(live.id)).errors).toMatchObject([{ code: 'ACCOUNT_NOT_APPROVED' }]);
  // The others are told that somebody tried.
  const { rows } = await operator.query(
    `SELECT outcome FROM audit_entries WHERE action = 'approveAccount' ORDER BY number DESC LIMIT 1`,
  );
  expect(rows).toEqual([{ outcome: 'refused: APPROVAL_NOT_YOURS' }]);
});
