import { randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import { Client } from 'pg';
import { buildAuthSchema, buildMainSchema } from '../../src/graphql/buildSchemas';
import type { Role } from '../../src/identity/principal';
import { eventually } from '../kit/eventually';
import { MailServer } from '../kit/mailServer';
import { postFrom } from '../kit/postFrom';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { codesOf } from '../kit/testServer';
import { RunningTickgate } from '../kit/tickgate';
import { demoCredentials } from '../kit/tradingAccount';

type Api = '/graphql' | '/auth/graphql';
type Person = 'trader' | 'admin' | 'analyst' | 'someone' | 'anonymous';

/** A mutation as it is done by somebody who may do it, and succeeds. */
interface Deed {
  /** Whom the audit log has to name. */
  readonly actor: Person;
  /** Whose credentials are sent; left out, nobody's. */
  readonly as?: () => string | Promise<string>;
  /** The field with its arguments, and what is asked of it. What has to be there before is made first. */
  readonly call: () => string | Promise<string>;
  readonly then?: (answer: unknown) => unknown;
}

interface Entry {
  readonly actor: string;
  readonly action: string;
  readonly outcome: string;
  readonly before: boolean;
  readonly after: boolean;
}

const market = 'simulator:BTC/USDT';
const [first, second, third] = ['clouds over nine kettles', 'seven lamps in the hall', 'a heron rows to the mill'];
const stepMs = 30_000;
/** Where what is not the deed itself comes from. */
const elsewhere = '127.0.0.1';

let simulator: RunningSimulator;
let mailServer: MailServer;
let server: RunningTickgate;
let operator: Client;
/** What the deeds have made, for those that come after them. */
const made = {
  ...{ someone: '', token: '', challenge: '', mfaSecret: '', recoveryCodes: [] as string[], apiKey: '' },
  ...{ paper: '', live: '', keyHint: '', position: '' },
};

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'audit' });
  mailServer = await MailServer.start();
  server = await RunningTickgate.start('simulator', simulator, {
    environment: {
      LIVE_NEEDS_APPROVAL: 'true',
      SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
      MAIL_FROM: 'Tickgate <tickgate@example.com>',
    },
  });
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
}, 60_000);

afterAll(async () => {
  await operator.end();
  await server.stop();
  await mailServer.stop();
  await simulator.stop();
});

/** What the field `it` gives; throws where it is refused. */
async function send(
  { query, api, ip }: { readonly query: string; readonly api: Api; readonly ip: string },
  authorization?: string,
): Promise<unknown> {
  const answer = await postFrom({ url: `${server.url}${api}`, ip, body: { query }, authorization });
  const { data, errors } = answer as { data?: { it: unknown } | null; errors?: [] };
  const it = data?.it ?? null;
  const payloads = (Array.isArray(it) ? it : [it]) as readonly ({ readonly errors?: readonly unknown[] } | null)[];
  const refusals = payloads.flatMap((payload) => payload?.errors ?? []);
  if (errors !== undefined || refusals.length > 0)
    throw new Error(`${query} gives ${JSON.stringify([codesOf(errors), refusals])}`);
  return it;
}

/** What a field of `/graphql` gives a role. */
async function ask<Answer>(call: string, role: Role, operation = 'query'): Promise<Answer> {
  const query = `${operation} { it: ${call} }`;
  return (await send({ query, api: '/graphql', ip: elsewhere }, await server.signIn(role))) as Answer;
}

const [asTrader, asAdmin] = [() => server.signIn('TRADER'), () => server.signIn('ADMIN')];
const asSomeone = (): string => `Bearer ${made.token}`;
const demoUser = (role: Role) => server.tickgate.demo!.users.find((user) => user.role === role)!;

const emailOfSomeone = 'someone@example.org';
const login = (password: string): string =>
  `login(email: "${emailOfSomeone}", password: "${password}") { accessToken mfaChallenge }`;
const keepToken = (answer: unknown): void => {
  made.token = (answer as { accessToken: string }).accessToken;
};
const idOf = (answer: unknown): string => (answer as { id: string }).id;

/** A resting order of the trader, far from what anybody sells for. */
async function restingOrder(): Promise<string> {
  const { last } = await ask<{ last: string }>(`ticker(market: "${market}") { last }`, 'TRADER');
  const { order } = await ask<{ order: { id: string } }>(
    createOrder(`type: LIMIT, price: "${String(Math.floor(Number(last) * 0.9))}"`),
    'TRADER',
    'mutation',
  );
  return order.id;
}

const createOrder = (terms: string): string =>
  `createOrder(input: { idempotencyKey: "${randomUUID()}", account: "${made.paper}", market: "${market}",
     side: BUY, amount: "0.01", ${terms} }) { order { id } errors { code } }`;

/** In this order: some make what later ones need. */
const deeds: Readonly<Record<string, Deed>> = {
  createUser: {
    actor: 'admin',
    as: asAdmin,
    call: () => `createUser(email: "${emailOfSomeone}", password: "${first}", roles: [VIEWER]) { id }`,
    then: (answer) => (made.someone = idOf(answer)),
  },
  login: { actor: 'someone', call: () => login(first), then: keepToken },
  enrollMfa: {
    actor: 'someone',
    as: asSomeone,
    call: () => 'enrollMfa { otpauthUri }',
    then: (answer) => {
      const { otpauthUri } = answer as { otpauthUri: string };
      made.mfaSecret = new URL(otpauthUri).searchParams.get('secret') ?? '';
    },
  },
  confirmMfa: {
    actor: 'someone',
    as: asSomeone,
    call: async () => {
      // A code is good until its time step ends.
      await eventually(() => Date.now() % stepMs < stepMs - 3_000);
      return `confirmMfa(code: "${generateSync({ secret: made.mfaSecret, epoch: Date.now() / 1000 })}")`;
    },
    then: (answer) => (made.recoveryCodes = answer as string[]),
  },
  verifyMfa: {
    actor: 'someone',
    call: async () => {
      const query = `mutation { it: ${login(first)} }`;
      const { mfaChallenge } = (await send({ query, api: '/auth/graphql', ip: elsewhere })) as { mfaChallenge: string };
      return `verifyMfa(challenge: "${mfaChallenge}", code: "${made.recoveryCodes[0]!}") { accessToken }`;
    },
    then: keepToken,
  },
  stepUp: {
    actor: 'someone',
    as: asSomeone,
    call: () => `stepUp(code: "${made.recoveryCodes[1]!}") { accessToken }`,
    then: keepToken,
  },
  revokeSession: {
    actor: 'someone',
    as: asSomeone,
    call: async () => {
      const query = '{ it: sessions { id current } }';
      const sessions = await send({ query, api: '/graphql', ip: elsewhere }, asSomeone());
      const other = (sessions as { id: string; current: boolean }[]).find(({ current }) => !current);
      return `revokeSession(id: "${other!.id}")`;
    },
  },
  changePassword: {
    actor: 'someone',
    as: asSomeone,
    call: () => `changePassword(current: "${first}", next: "${second}")`,
  },
  requestPasswordReset: {
    actor: 'anonymous',
    call: () => `requestPasswordReset(email: "${emailOfSomeone}")`,
    then: () =>
      eventually(async () => (await operator.query(`SELECT FROM audit_entries WHERE outcome = 'sent'`)).rowCount === 1),
  },
  resetPassword: {
    actor: 'someone',
    call: async () => {
      const token = /tgp_[\w-]{43}/.exec((await mailServer.newest(1)).body)?.[0] ?? '';
      return `resetPassword(token: "${token}", next: "${third}")`;
    },
  },
  createApiKey: {
    actor: 'trader',
    as: asTrader,
    call: () => {
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      return `createApiKey(label: "bot", scopes: [MARKET_READ], expiresAt: "${expiresAt}") { apiKey { id } }`;
    },
    then: (answer) => (made.apiKey = idOf((answer as { apiKey: unknown }).apiKey)),
  },
  revokeApiKey: { actor: 'trader', as: asTrader, call: () => `revokeApiKey(id: "${made.apiKey}")` },
  exportMyData: { actor: 'trader', as: asTrader, call: () => 'exportMyData' },

  createAccount: {
    actor: 'trader',
    as: asTrader,
    call: async () => `createAccount(input: { label: "live", exchange: "simulator", mode: LIVE, ${await exchangeKey()} })
      { account { id keyHint } errors { code } }`,
    then: (answer) => {
      const { account } = answer as { account: { id: string; keyHint: string } };
      [made.live, made.keyHint] = [account.id, account.keyHint];
    },
  },
  approveAccount: {
    actor: 'admin',
    as: asAdmin,
    call: () => `approveAccount(id: "${made.live}", keyHint: "${made.keyHint}")`,
  },
  replaceCredentials: {
    actor: 'trader',
    as: asTrader,
    call: async () => `replaceCredentials(account: "${made.live}", ${await exchangeKey()}) { errors { code } }`,
  },
  grantAccess: { actor: 'trader', as: asTrader, call: () => `grantAccess(${analystOfLive()}) { errors { code } }` },
  revokeAccess: { actor: 'trader', as: asTrader, call: () => `revokeAccess(${analystOfLive()}) { errors { code } }` },
  removeAccount: {
    actor: 'trader',
    as: asTrader,
    call: () => `removeAccount(id: "${made.live}") { errors { code } }`,
  },

  createOrder: {
    actor: 'trader',
    as: asTrader,
    call: async () => {
      // Nothing is ordered before it was compared with its exchange.
      const account = await eventually(
        async () => {
          const call = 'accounts { id mode reconciliation { balanced } }';
          const accounts = await ask<{ id: string; mode: string; reconciliation: object | null }[]>(call, 'TRADER');
          return accounts.find(({ mode, reconciliation }) => mode === 'PAPER' && reconciliation !== null);
        },
        { everyMs: 250 },
      );
      made.paper = account.id;
      return createOrder('type: MARKET');
    },
  },
  closePosition: {
    actor: 'trader',
    as: asTrader,
    call: async () => {
      const call = `positions(account: "${made.paper}") { id }`;
      const position = await eventually(async () => (await ask<{ id: string }[]>(call, 'TRADER'))[0], {
        everyMs: 250,
      });
      return `closePosition(id: "${position.id}", idempotencyKey: "${randomUUID()}") { errors { code } }`;
    },
  },
  editOrder: {
    actor: 'trader',
    as: asTrader,
    call: async () => `editOrder(id: "${await restingOrder()}", idempotencyKey: "${randomUUID()}", amount: "0.02")
      { errors { code } }`,
  },
  cancelOrder: {
    actor: 'trader',
    as: asTrader,
    call: async () => `cancelOrder(id: "${await restingOrder()}") { errors { code } }`,
  },
  cancelAllOrders: {
    actor: 'trader',
    as: asTrader,
    call: async () => {
      await restingOrder();
      return `cancelAllOrders(account: "${made.paper}") { errors { code } }`;
    },
  },
  setRiskLimits: {
    actor: 'trader',
    as: asTrader,
    call: () => `setRiskLimits(account: "${made.paper}", limits: { maxOrderNotional: "1000" }) { state }`,
  },
  setTradingState: {
    actor: 'trader',
    as: asTrader,
    call: () => `setTradingState(account: "${made.paper}", state: HALTED, reason: "to see") { state }`,
  },
  setGlobalTradingState: {
    actor: 'admin',
    as: asAdmin,
    call: () => 'setGlobalTradingState(state: HALTED, reason: "to see")',
  },

  setUserRoles: {
    actor: 'admin',
    as: asAdmin,
    call: () => `setUserRoles(id: "${made.someone}", roles: [VIEWER, ANALYST]) { id }`,
  },
  resetUserMfa: { actor: 'admin', as: asAdmin, call: () => `resetUserMfa(id: "${made.someone}") { id }` },
  setUserDisabled: {
    actor: 'admin',
    as: asAdmin,
    call: () => `setUserDisabled(id: "${made.someone}", disabled: true) { id }`,
  },
  eraseMyAccount: {
    actor: 'trader',
    as: asTrader,
    call: () => `eraseMyAccount(password: "${demoUser('TRADER').password}")`,
  },
};

const analystOfLive = (): string => `account: "${made.live}", userId: "${demoUser('ANALYST').id}"`;

async function exchangeKey(): Promise<string> {
  const { apiKey, secret } = await demoCredentials(simulator, 'trader');
  return `apiKey: "${apiKey.reveal()}", secret: "${secret.reveal()}"`;
}

const mutations = [
  { api: '/graphql', schema: buildMainSchema() },
  { api: '/auth/graphql', schema: buildAuthSchema() },
] as const;
const apiOf: ReadonlyMap<string, Api> = new Map(
  mutations.flatMap(({ api, schema }) =>
    Object.keys(schema.getMutationType()!.getFields()).map((name) => [name, api] as const),
  ),
);

/** Whom an entry names, by a name that is the same in every run. */
function nameOf(actor: string): string {
  const people: Readonly<Record<string, string>> = { [made.someone]: 'someone', anonymous: 'anonymous' };
  const demo = server.tickgate.demo!.users.find(({ id }) => id === actor);
  return demo?.role.toLowerCase() ?? people[actor] ?? actor;
}

async function entriesFrom(ip: string): Promise<readonly Entry[]> {
  const { rows } = await operator.query<Entry>(
    `SELECT actor, action, outcome, before_hash IS NOT NULL AS before, after_hash IS NOT NULL AS after
       FROM audit_entries WHERE ip = $1 ORDER BY number`,
    [ip],
  );
  return rows.map((entry) => ({ ...entry, actor: nameOf(entry.actor) }));
}

/** "admin user.roles (before, after)": what of a deed an auditor finds. */
function tell({ actor, action, before, after }: Entry): string {
  const hashes = [...(before ? ['before'] : []), ...(after ? ['after'] : [])];
  return `${actor} ${action}${hashes.length === 0 ? '' : ` (${hashes.join(', ')})`}`;
}

it('what is done with an API key is in the audit log under its own id', async () => {
  const [{ id: account }] = await ask<[{ id: string }]>('accounts { id }', 'TRADER');
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { apiKey, secret } = await ask<{ apiKey: { id: string }; secret: string }>(
    `createApiKey(label: "bot", scopes: [TRADE_PAPER], expiresAt: "${expiresAt}") { apiKey { id } secret }`,
    'TRADER',
    'mutation',
  );
  const documents = [
    `grantAccess(account: "${account}", userId: "${demoUser('ANALYST').id}") { errors { code } }`,
    `setTradingState(account: "${account}", state: ACTIVE, reason: "to see") { state }`,
    `cancelAllOrders(account: "${account}") { errors { code } }`,
  ];
  const ip = '127.0.2.1';
  for (const document of documents)
    await send({ query: `mutation { it: ${document} }`, api: '/graphql', ip }, `Bearer ${secret}`);
  expect((await entriesFrom(ip)).map(({ actor, action }) => [actor, action])).toEqual([
    [apiKey.id, 'account.grant'],
    [apiKey.id, 'risk.state'],
    [apiKey.id, 'order.cancelAll'],
  ]);
});

it('every mutation of both schemas that is done is in the audit log, with who asked for it and from where', async () => {
  // A mutation that is added has to be done here.
  expect(Object.keys(deeds).toSorted()).toEqual([...apiOf.keys()].toSorted());
  const told: Record<string, readonly string[]> = {};
  for (const [index, [name, { actor, as, call, then }]] of Object.entries(deeds).entries()) {
    const ip = `127.0.1.${String(index + 1)}`;
    const query = `mutation { it: ${await call()} }`;
    const answer = await send({ query, api: apiOf.get(name)!, ip }, await as?.());
    await then?.(answer);
    const entries = await entriesFrom(ip);
    expect([name, entries.map((entry) => entry.actor)]).toEqual([name, expect.arrayContaining([actor])]);
    expect([name, entries.filter(({ outcome }) => /^$|refused/.test(outcome))]).toEqual([name, []]);
    told[name] = entries.map(tell);
  }
  expect(told).toMatchInlineSnapshot(`
    {
      "approveAccount": [
        "admin account.approve (before, after)",
      ],
      "cancelAllOrders": [
        "trader order.cancel",
        "trader order.cancel",
      ],
      "cancelOrder": [
        "trader order.cancel",
      ],
      "changePassword": [
        "someone password.change",
      ],
      "closePosition": [
        "trader order.create (after)",
      ],
      "confirmMfa": [
        "someone mfa.confirm (before, after)",
      ],
      "createAccount": [
        "trader account.create (after)",
        "trader account.requestApproval (after)",
      ],
      "createApiKey": [
        "trader apiKey.create (after)",
      ],
      "createOrder": [
        "trader order.create (after)",
      ],
      "createUser": [
        "admin user.create (after)",
      ],
      "editOrder": [
        "trader order.edit (after)",
      ],
      "enrollMfa": [
        "someone mfa.enroll",
      ],
      "eraseMyAccount": [
        "trader order.cancelAll",
        "trader account.remove (before, after)",
        "trader user.erase",
      ],
      "exportMyData": [
        "trader user.export",
      ],
      "grantAccess": [
        "trader account.grant (before, after)",
      ],
      "login": [
        "someone session.begin",
      ],
      "removeAccount": [
        "trader account.remove (before, after)",
      ],
      "replaceCredentials": [
        "trader account.replaceCredentials (before, after)",
      ],
      "requestPasswordReset": [
        "anonymous password.reset.request",
        "anonymous password.reset.issue",
        "anonymous password.reset.mail",
      ],
      "resetPassword": [
        "someone password.reset",
        "someone session.end",
      ],
      "resetUserMfa": [
        "admin mfa.reset (before, after)",
      ],
      "revokeAccess": [
        "trader account.revoke (before, after)",
      ],
      "revokeApiKey": [
        "trader apiKey.revoke (before, after)",
      ],
      "revokeSession": [
        "someone session.end",
      ],
      "setGlobalTradingState": [
        "admin risk.globalState (before, after)",
      ],
      "setRiskLimits": [
        "trader risk.limits (before, after)",
      ],
      "setTradingState": [
        "trader risk.state (before, after)",
      ],
      "setUserDisabled": [
        "admin user.disable (before, after)",
      ],
      "setUserRoles": [
        "admin user.roles (before, after)",
      ],
      "stepUp": [
        "someone mfa.stepUp",
      ],
      "verifyMfa": [
        "someone mfa.verify",
        "someone session.begin",
      ],
    }
  `);
  // What has no address was done by the server itself, or on its host: by nobody who is a user.
  const { rows } = await operator.query(
    `SELECT e.action, e.actor FROM audit_entries e JOIN users u ON u.id::text = e.actor WHERE e.ip IS NULL`,
  );
  expect(rows).toEqual([]);
}, 120_000);
