import { Client } from 'pg';
import WebSocket from 'ws';
import type { Scope } from '../../src/identity/principal';
import { eventually } from '../kit/eventually';
import { RawSocket } from '../kit/rawSocket';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: what a key may do is decided before any exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const scopesOfTrading = ['TRADE_PAPER', 'TRADE_LIVE'] as const;

let server: RunningTickgate;
let operator: Client;
/** A PAPER and a LIVE account of the trader, and orders and positions there. */
let accounts: Readonly<Record<'PAPER' | 'LIVE', string>>;

beforeAll(async () => {
  server = await RunningTickgate.start('simulator', deadExchange);
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
  // No exchange is asked for a key here: an account is said to be LIVE, which is all that the scopes go by.
  const { rows } = await operator.query<{ paper: string; live: string }>(
    `INSERT INTO accounts
       SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'mode', 'LIVE', 'label', 'second'))).*
         FROM accounts a WHERE mode = 'PAPER'
       RETURNING id AS live, (SELECT id FROM accounts WHERE mode = 'PAPER') AS paper`,
  );
  accounts = { PAPER: rows[0]?.paper ?? '', LIVE: rows[0]?.live ?? '' };
});

afterAll(async () => {
  await operator.end();
  await server.stop();
});

/** What a document gives, or the code of the first error. */
async function ask(query: string, authorization: string): Promise<unknown> {
  const { data, errors } = await server.post<Record<string, unknown>>(query, { authorization });
  return errors?.[0]?.extensions['code'] ?? data;
}

async function makeKey(scopes: readonly Scope[], allowedIps = ['127.0.0.1'], of = server) {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { data } = await of.post<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
    `mutation {
       createApiKey(label: "bot", scopes: [${scopes.join(' ')}], allowedIps: ${JSON.stringify(allowedIps)}, expiresAt: "${expiresAt}") {
         apiKey { id prefix scopes allowedIps } secret
       }
     }`,
    { authorization: await of.signIn('TRADER') },
  );
  if (data === null) throw new Error('no key was made');
  return { id: data.createApiKey.apiKey.id, authorization: `Bearer ${data.createApiKey.secret}` };
}

const open = (authorization: string): Promise<RawSocket> =>
  RawSocket.connect(`${server.url.replace('http', 'ws')}/graphql`, authorization);

it('lets a bot in over HTTP and WebSocket, for what its scopes name, until it is revoked', async () => {
  const { id, authorization } = await makeKey(['ACCOUNT_READ']);
  expect(await ask('{ accounts { mode } }', authorization)).toEqual({
    accounts: expect.arrayContaining([{ mode: 'PAPER' }, { mode: 'LIVE' }]) as unknown,
  });
  for (const refused of ['{ apiKeys { id } }', '{ me { email } }', '{ markets { id } }', '{ sessions { id } }']) {
    expect(await ask(refused, authorization)).toBe('FORBIDDEN');
  }
  expect(await ask(`mutation { revokeApiKey(id: "${id}") }`, authorization)).toBe('FORBIDDEN');
  const socket = await open(authorization);
  const owner = await server.signIn('TRADER');
  expect(await ask(`{ node(id: "${id}") { __typename id } }`, owner)).toEqual({ node: { __typename: 'ApiKey', id } });
  expect(await ask(`mutation { revokeApiKey(id: "${id}") }`, await server.signIn('VIEWER'))).toEqual({
    revokeApiKey: false,
  });
  expect(await ask(`mutation { revokeApiKey(id: "${id}") }`, owner)).toEqual({ revokeApiKey: true });
  await eventually(() => socket.socket.readyState === WebSocket.CLOSED, { timeoutMs: 1_000 });
  expect((await socket.closed).code).toBe(4401);
  expect(await ask('{ serverTime }', authorization)).toBe('UNAUTHENTICATED');
  await expect(open(authorization)).rejects.toThrow('closed with 4401');
});

it('is refused from elsewhere than it may be used, on both transports', async () => {
  const { authorization } = await makeKey(['ACCOUNT_READ'], ['203.0.113.0/24']);
  expect(await ask('{ serverTime }', authorization)).toBe('FORBIDDEN');
  await expect(open(authorization)).rejects.toThrow('closed with 4401');
});

it('is let in from an address of IPv4 that a socket for both kinds tells as one of IPv6, and from no other', async () => {
  const dual = await RunningTickgate.start('simulator', deadExchange, { environment: { HOST: '::' } });
  try {
    const [own, foreign] = [
      await makeKey(['ACCOUNT_READ'], ['127.0.0.1'], dual),
      await makeKey(['ACCOUNT_READ'], ['203.0.113.7'], dual),
    ];
    const told = async (authorization: string): Promise<unknown> => {
      const { data, errors } = await dual.post<unknown>('{ accounts { mode } }', { authorization });
      return errors?.[0]?.extensions['code'] ?? data;
    };
    const openThere = (authorization: string) =>
      RawSocket.connect(`${dual.url.replace('http', 'ws')}/graphql`, authorization);
    expect([await told(own.authorization), await told(foreign.authorization)]).toEqual([
      { accounts: [{ mode: 'PAPER' }] },
      'FORBIDDEN',
    ]);
    (await openThere(own.authorization)).socket.terminate();
    await expect(openThere(foreign.authorization)).rejects.toThrow('closed with 4401');
    const reader = new Client({ connectionString: dual.databaseUrl });
    await reader.connect();
    // Told as what it is.
    const { rows } = await reader.query(`SELECT DISTINCT ip FROM audit_entries WHERE action = 'apiKey.create'`);
    await reader.end();
    expect(rows).toEqual([{ ip: '127.0.0.1' }]);
  } finally {
    await dual.stop();
  }
});

it.each(scopesOfTrading)(
  '%s alone trades on no account of the other mode, wherever the account is named',
  async (scope) => {
    const { authorization } = await makeKey([scope]);
    const other = scope === 'TRADE_PAPER' ? 'LIVE' : 'PAPER';
    const own = scope === 'TRADE_PAPER' ? 'PAPER' : 'LIVE';
    const at = (account: string): readonly string[] => [
      `mutation { createOrder(input: { idempotencyKey: "${scope}${account}", account: "${account}", market: "simulator:BTC/USDT", side: BUY, type: MARKET, amount: "1" }) { errors { code } } }`,
      `{ estimateOrder(input: { idempotencyKey: "e", account: "${account}", market: "simulator:BTC/USDT", side: BUY, type: MARKET, amount: "1" }) { denyCode } }`,
      `mutation { cancelAllOrders(account: "${account}") { errors { code } } }`,
      `mutation { setTradingState(account: "${account}", state: HALTED, reason: "test") { state } }`,
      `mutation { grantAccess(account: "${account}", userId: "${account}") { errors { code } } }`,
      `mutation { revokeAccess(account: "${account}", userId: "${account}") { errors { code } } }`,
    ];
    for (const document of [
      ...at(accounts[other]),
      `mutation { removeAccount(id: "${accounts[other]}") { errors { code } } }`,
    ]) {
      expect([document, await ask(document, authorization)]).toEqual([document, 'FORBIDDEN']);
    }
    for (const document of at(accounts[own])) expect(await ask(document, authorization)).not.toBe('FORBIDDEN');
    const create = `mutation { createAccount(input: { label: "x", exchange: "simulator", mode: LIVE, apiKey: "k", secret: "s" }) { errors { code } } }`;
    expect(await ask(create, authorization)).toBe('FORBIDDEN');
  },
);
