import { randomUUID } from 'node:crypto';
import { makeOwner } from '../kit/tradingRecords';
import { FactorHouse, stepMs, type Person } from '../kit/factorHouse';
import { RawSocket } from '../kit/rawSocket';
import { codesOf } from '../kit/testServer';

let house: FactorHouse;
const freshMs = 5 * 60_000;

beforeAll(async () => {
  house = await FactorHouse.open();
}, 60_000);

afterAll(() => house.stop());

async function codesOnSocket(query: string, accessToken: string): Promise<readonly unknown[]> {
  const socket = await RawSocket.connect(house.server.wsUrl, `Bearer ${accessToken}`);
  socket.subscribe('it', query);
  for (;;) {
    const { id, payload } = (await socket.next()) as { readonly id?: string; readonly payload?: unknown };
    if (id !== 'it') continue;
    socket.close();
    return codesOf(Array.isArray(payload) ? payload : (payload as { errors?: [] }).errors);
  }
}

describe('an admin without a second factor', () => {
  const documents = {
    own: '{ sessions { id } }',
    market: '{ market(id: "simulator:BTC/USDT") { id } }',
    review: '{ permissionMatrix { type } }',
    schema: '{ __schema { queryType { name } } }',
    audit: '{ verifyAuditLog { ok } }',
    revoke: `mutation { revokeSession(id: "${randomUUID()}") }`,
    halt: 'mutation { setGlobalTradingState(state: HALTED, reason: "x") }',
    key: 'mutation { createApiKey(label: "x", scopes: [MARKET_READ], expiresAt: "2030-01-01T00:00:00Z") { secret } }',
  };
  let admin: Person;
  let accessToken: string;

  beforeAll(async () => {
    admin = await house.addUser('ADMIN');
    ({ accessToken } = await house.login(admin));
  });

  it.each(Object.entries(documents))('is asked for one, over HTTP: %s', async (_, document) => {
    expect(await house.ask(document, accessToken)).toBe('MFA_REQUIRED');
  });

  it('is asked for one on the socket, by queries and by streams', async () => {
    expect(await codesOnSocket(documents.own, accessToken)).toEqual(['MFA_REQUIRED']);
    const stream = 'subscription { tickers(markets: ["simulator:BTC/USDT"]) { meta { seq } } }';
    expect(await codesOnSocket(stream, accessToken)).toEqual(['MFA_REQUIRED']);
  });

  it('may not change a password, and may enrol; from then on is an admin', async () => {
    const change = `changePassword(current: "${admin.password}", next: "my horse reads Goethe at noon")`;
    expect(await house.auth(change, accessToken)).toBe('MFA_REQUIRED');
    const { secret } = await house.enroll(accessToken);
    // The token of before tells of no second factor, and never will.
    expect(await house.ask(documents.own, accessToken)).toBe('MFA_REQUIRED');
    house.advance(stepMs);
    const stepped = await house.stepUp(house.codeOf(secret), accessToken);
    expect(await house.ask(documents.own, (stepped as { accessToken: string }).accessToken)).toEqual({
      sessions: [{ id: expect.any(String) as string }],
    });
  });

  it('who trades as well is a trader and no more', async () => {
    const both = await house.addUser('TRADER', 'ADMIN');
    const login = await house.login(both);
    const foreign = await makeOwner(house.database.storage);
    const halt = `mutation { setTradingState(account: "${foreign.id}", state: HALTED, reason: "x") { state } }`;
    expect(await house.ask('{ sessions { current } }', login.accessToken)).toEqual({ sessions: [{ current: true }] });
    expect(await house.ask(halt, login.accessToken)).toBe('ACCOUNT_NOT_FOUND');
    const { secret } = await house.enroll(login.accessToken);
    house.advance(stepMs);
    const { accessToken: stepped } = (await house.stepUp(house.codeOf(secret), login.accessToken)) as {
      accessToken: string;
    };
    expect(await house.ask(halt, stepped)).toEqual({ setTradingState: { state: 'HALTED' } });
  });
});

describe('a second factor', () => {
  it('that was proven at a sign-in is told by every token of the session, as of then', async () => {
    const { tokens, secret } = await house.comeVerified('ADMIN');
    const refreshed = await house.refresh(tokens);
    expect(await house.ask('{ sessions { current } }', refreshed.accessToken)).toHaveProperty('sessions');
    const stepped = (await house.stepUp(house.codeOf(secret), refreshed.accessToken)) as { accessToken: string };
    const times = [tokens, refreshed, stepped].map(({ accessToken }) => mfaTimeOf(accessToken));
    expect(times[1]).toBe(times[0]);
    expect(times[2]).toBe(house.clock() / 1000);
    // The session has it too: what is refreshed from now on tells of the later time.
    expect(mfaTimeOf((await house.refresh(refreshed)).accessToken)).toBe(times[2]);
  });

  it('is told by no token of whoever has none', async () => {
    const { accessToken } = await house.login(await house.addUser('TRADER'));
    expect(mfaTimeOf(accessToken)).toBeUndefined();
  });
});

describe('a fresh second factor', () => {
  /** What asks for a fresh second factor, and what it answers where it is given one. */
  const asks = (account: string): readonly (readonly [document: string, otherwise: unknown])[] => [
    [
      `mutation { it: replaceCredentials(account: "${account}", apiKey: "k", secret: "s") { errors { code } } }`,
      { errors: [{ code: 'CREDENTIALS_NOT_ACCEPTABLE' }] },
    ],
    [
      `mutation { it: createAccount(input: { label: "l", exchange: "nowhere", mode: LIVE, apiKey: "k", secret: "s" }) { errors { code } } }`,
      { errors: [{ code: expect.any(String) as string }] },
    ],
    [
      `mutation { it: createApiKey(label: "k", scopes: [TRADE_LIVE], allowedIps: ["127.0.0.1"], expiresAt: "${new Date(house.clock() + 3_600_000).toISOString()}") { apiKey { label } } }`,
      { apiKey: { label: 'k' } },
    ],
    [
      `mutation { it: setRiskLimits(account: "${account}", limits: { maxOrderNotional: "11" }) { limits { maxOrderNotional } } }`,
      { limits: { maxOrderNotional: '11' } },
    ],
  ];
  /** What does not, of the same fields. */
  const open = (account: string): readonly string[] => [
    `mutation { it: createAccount(input: { label: "l", exchange: "nowhere", mode: PAPER }) { errors { code } } }`,
    `mutation { it: createApiKey(label: "k", scopes: [TRADE_PAPER], expiresAt: "${new Date(house.clock() + 3_600_000).toISOString()}") { apiKey { label } } }`,
    `mutation { it: setRiskLimits(account: "${account}", limits: { maxOrderNotional: "10" }) { limits { maxOrderNotional } } }`,
    `mutation { it: setTradingState(account: "${account}", state: HALTED, reason: "x") { state } }`,
  ];

  it('is asked of a trader for some things: five minutes after it they are refused, and open again by another', async () => {
    const { tokens, secret, id } = await house.comeVerified('TRADER');
    const account = await accountOf(id);
    await house.ask(open(account)[2]!, tokens.accessToken);
    // It was proven a time step ago.
    house.advance(freshMs - stepMs);
    for (const [document, otherwise] of asks(account))
      expect([document, await house.ask(document, tokens.accessToken)]).toEqual([document, otherwise]);
    await house.ask(open(account)[2]!, tokens.accessToken);
    house.advance(1);
    for (const [document] of asks(account))
      expect([document, await house.ask(document, tokens.accessToken)]).toEqual([document, 'STEP_UP_REQUIRED']);
    for (const document of open(account))
      expect([document, typeof (await house.ask(document, tokens.accessToken))]).toEqual([document, 'object']);
    // A refresh proves nothing.
    const refreshed = await house.refresh(tokens);
    expect(await house.ask(asks(account)[0]![0], refreshed.accessToken)).toBe('STEP_UP_REQUIRED');
    house.advance(stepMs - 1);
    const stepped = (await house.stepUp(house.codeOf(secret), refreshed.accessToken)) as { accessToken: string };
    for (const [document, otherwise] of asks(account))
      expect([document, await house.ask(document, stepped.accessToken)]).toEqual([document, otherwise]);
  });

  it('is asked for in other words of whoever has none: to enrol', async () => {
    const person = await house.addUser('TRADER');
    const { accessToken } = await house.login(person);
    const account = await accountOf(person.id);
    await house.ask(open(account)[2]!, accessToken);
    for (const [document] of asks(account))
      expect([document, await house.ask(document, accessToken)]).toEqual([document, 'MFA_REQUIRED']);
    const kept = await house.database.storage.trading.ownedAccount(person.id, account);
    expect(kept?.limits.maxOrderNotional).toBe('10');
  });
});

it('a step-up is for a session that goes on', async () => {
  const { tokens, secret, id } = await house.comeVerified('TRADER');
  await house.rows(`UPDATE sessions SET revoked_at = now(), revoked_reason = 'REVOKED' WHERE user_id = $1`, [id]);
  expect(await house.stepUp(house.codeOf(secret), tokens.accessToken)).toBe('UNAUTHENTICATED');
});

/** The account of a user who trades, and nobody else's. */
async function accountOf(userId: string): Promise<string> {
  const { id } = await makeOwner(house.database.storage);
  await house.rows('UPDATE accounts SET owner_id = $2 WHERE id = $1', [id, userId]);
  return id;
}

function mfaTimeOf(accessToken: string): unknown {
  const [, claims = ''] = accessToken.split('.');
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as Readonly<Record<string, unknown>>)['mfa_time'];
}
