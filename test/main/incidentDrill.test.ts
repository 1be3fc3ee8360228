import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import { Secret } from '../../src/domain/secret';
import { AccessTokens } from '../../src/identity/accessTokens';
import { issueReset, resetLives } from '../../src/identity/passwordReset';
import type { Principal } from '../../src/identity/principal';
import { openSealingKeys } from '../../src/identity/sealing/openSealingKeys';
import { SigningKeyVault } from '../../src/identity/sealing/signingKeyVault';
import { soleKey } from '../../src/identity/signing/soleKey';
import { AuditChain } from '../../src/operations/auditChain';
import { verifyAudit } from '../../src/operations/auditVerification';
import type { Command } from '../kit/command';
import { DrillReport } from '../kit/drillReport';
import { eventually } from '../kit/eventually';
import { IncidentHouse } from '../kit/incidentHouse';
import type { RawSocket } from '../kit/rawSocket';
import { RedisServer } from '../kit/redisServer';
import { localKeysOf } from '../kit/signingKeys';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { demoCredentials, openAccount } from '../kit/tradingAccount';

/** `npm run ir:drill`: with Redis, more sockets, and a report at the end. */
const reportFile = process.env['INCIDENT_DRILL_REPORT'];
const isWhole = reportFile !== undefined;
const socketsANode = isWhole ? 2 : 1;
/** From its beginning to its end, the commands included. */
const mayLastMs = 60_000;
/** What a command ends, on every node and every socket. */
const soonMs = 1_000;

const report = new DrillReport();
let redis: RedisServer | null = null;
let simulator: RunningSimulator;
let house: IncidentHouse;
/** Is opened while other drills go on. */
let account: string;

beforeAll(async () => {
  redis = isWhole ? await RedisServer.start() : null;
  simulator = await startSimulator({ seed: 'drill' });
  house = await IncidentHouse.open(simulator, redis === null ? {} : { REDIS_URL: redis.url });
  account = await openLiveAccount();
}, 120_000);

afterAll(async () => {
  await house.stop();
  await simulator.stop();
  await redis?.stop();
  report.write(reportFile);
});

async function sockets(token: string): Promise<readonly RawSocket[]> {
  const all = await Promise.all(Array.from({ length: socketsANode }, () => house.sockets(token)));
  return all.flat();
}

/** When each of them was closed, by our clock; it is asked before anything may close them. */
function closings(open: readonly RawSocket[]): Promise<readonly number[]> {
  return Promise.all(open.map(({ closed }) => closed.then(() => Date.now())));
}

function succeeded(command: Command): Command {
  expect([command.status, command.stderr]).toEqual([0, '']);
  return command;
}

/** As the command does, which takes a second. */
async function lift(reason: string): Promise<void> {
  if (isWhole) succeeded(await house.command('irLockdown', ['--lift', '--reason', reason]));
  else await house.storage.lockdown.set({ level: 'NONE', reason, actor: 'operator:drill', at: Date.now() });
}

/** When what a statement finds was written, by the clock of the database, which is this machine's. */
async function writtenAt(statement: string): Promise<number> {
  const { rows } = await house.operator.query<{ at: Date }>(statement);
  return rows[0]?.at.getTime() ?? Number.NaN;
}

const refused = (nodes: number) => new Array<string>(nodes).fill('UNAUTHENTICATED');
const taken = [null, null];

/** The whole of the audit log, verified with its key, holds these actions of the operator's. */
async function expectAudited(actions: readonly string[]): Promise<void> {
  await eventually(async () => (await house.storage.auditLinks.countPending()) === 0);
  const key = createSecretKey(Buffer.from(house.environment['AUDIT_KEY'] ?? '', 'base64'));
  const seen = new Set<string>();
  const verification = await verifyAudit({
    chain: new AuditChain(key),
    checkpoints: [],
    read: (after, limit) => house.storage.auditLinks.after(after, limit),
    onGood: ({ record }) => {
      if (record?.actor.startsWith('operator:') === true) seen.add(record.action);
      return Promise.resolve();
    },
  });
  expect(verification).toMatchObject({ ok: true, problem: null });
  expect([...seen]).toEqual(expect.arrayContaining([...actions]));
}

it('D1: a stolen signing key makes tokens that are good, and are worth nothing after one command', async () => {
  const drill = report.begin('D1  a stolen signing key');
  const { accessToken, refreshToken } = await house.login('TRADER');
  // The thief has CREDENTIAL_KEYS and a copy of the ring.
  const { config } = house.node(0);
  const vault = new SigningKeyVault(
    openSealingKeys({
      keys: localKeysOf(config),
      dataDir: '/nowhere',
      mayGenerate: false,
      onProgress: () => undefined,
    }),
  );
  const active = (await house.storage.signingKeys.read()).keys.find(({ state }) => state === 'active')!;
  const stolen = (await vault.open(active))!;
  const forge = (): string => {
    const keys = soleKey(stolen);
    const tokens = new AccessTokens({ ...config.tokens, keys, clock: Date.now, newId: randomUUID });
    const claims = { userId: house.userId('ADMIN'), roles: ['ADMIN'] as Principal['roles'], verifiedAt: Date.now() };
    return tokens.issue(claims).accessToken;
  };
  expect(await house.codesOf('{ users { id } }', forge())).toEqual(taken);
  const open = [...(await sockets(accessToken)), ...(await sockets(forge()))];
  const closed = closings(open);
  drill.note(`the thief reads as an admin on both nodes; ${open.length} sockets are open`);

  const { stdout } = succeeded(await house.command('irRotateAll', ['--yes', '--json']));
  const { done, left } = JSON.parse(stdout) as {
    done: { signingKeys: number; sessions: number };
    left: { what: string }[];
  };
  expect(done).toMatchObject({ signingKeys: 1 });
  expect(done.sessions).toBeGreaterThan(0);
  expect(left.map(({ what }) => what).join()).toMatch(
    /CREDENTIAL_KEYS.*first, newest: \d+ sealed.*DATABASE_URL.*AUDIT_KEY/s,
  );
  const effectAt = await writtenAt(`SELECT activated_at AS at FROM signing_keys WHERE state = 'active'`);
  const lastMs = Math.max(...(await closed)) - effectAt;
  expect(lastMs).toBeLessThan(soonMs);
  drill.note(`npm run ir:rotate-all: every socket was closed ${lastMs} ms after its effect`);

  // The key that it was stolen with makes no good one any more, however new.
  for (const token of [forge(), accessToken]) expect(await house.codesOf('{ me { id } }', token)).toEqual(refused(2));
  const refreshed = await fetch(`${house.node(1).url}/auth/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
  });
  expect(refreshed.status).toBe(401);
  expect(await house.codesOf('{ me { id } }', (await house.login('TRADER', 1)).accessToken)).toEqual(taken);
  await expectAudited(['signing_key.revoked', 'signing_key.emergency', 'service.revoke']);
  drill.note(
    'forged, old and refresh tokens are refused by both nodes; who signs in again is served; the audit log is whole',
  );
  expect(drill.elapsedMs).toBeLessThan(mayLastMs);
});

it('ir:revoke ends what one user is signed in with on every node and transport within a second, and what nobody else is', async () => {
  const [robbed, other] = [await house.login('TRADER'), await house.login('VIEWER')];
  const [key, othersKey] = [await house.makeApiKey(robbed.accessToken), await house.makeApiKey(other.accessToken)];
  const open = [...(await house.sockets(robbed.accessToken)), ...(await house.sockets(key.secret))];
  const others = [...(await house.sockets(other.accessToken)), ...(await house.sockets(othersKey.secret))];
  const closed = closings(open);
  succeeded(await house.command('irRevoke', ['--user', house.userId('TRADER')]));
  const effectAt = await writtenAt(`SELECT max(at) AS at FROM audit_entries WHERE action = 'service.revoke'`);
  expect(Math.max(...(await closed)) - effectAt).toBeLessThan(soonMs);
  for (const token of [robbed.accessToken, key.secret])
    expect(await house.codesOf('{ serverTime }', token)).toEqual(refused(2));
  for (const token of [other.accessToken, othersKey.secret])
    expect(await house.codesOf('{ serverTime }', token)).toEqual(taken);
  for (const socket of others) {
    expect(await socket.isAlive()).toBe(true);
    socket.close();
  }
});

/** Everything that a copy of the database holds, as text: bytes as hexadecimal digits. */
async function dump(): Promise<string> {
  const { rows } = await house.operator.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const tables = await Promise.all(
    rows.map(({ name }) =>
      house.operator.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM "${name}" t`),
    ),
  );
  return tables.flatMap(({ rows: found }) => found.map(({ row }) => row)).join('\n');
}

/** A text, and the bytes that it is of, in every form in which a copy could hold them. */
function formsOf(text: string): readonly string[] {
  const body = text.replace(/^tg[rp]?_/, '').replace(/_[0-9a-f]{8}$/, '');
  const bytes = [Buffer.from(text), Buffer.from(body, 'base64url'), Buffer.from(body)];
  return [text, body, ...bytes.flatMap((each) => [each.toString('hex'), each.toString('base64')])];
}

it('D3: a copy of the database opens nothing, and what was good when it was taken is worth nothing after two commands', async () => {
  const drill = report.begin('D3  a leaked database');
  const { accessToken, refreshToken } = await house.login('AUDITOR', 1);
  const auth = { path: '/auth/graphql', authorization: `Bearer ${accessToken}` };
  const enrolled = await house
    .node(1)
    .post<{ enrollMfa: { otpauthUri: string } }>('mutation { enrollMfa { otpauthUri } }', auth);
  const totp = new URL(enrolled.data?.enrollMfa.otpauthUri ?? '').searchParams.get('secret') ?? '';
  const confirmed = await house
    .node(1)
    .post<{ confirmMfa: readonly string[] }>(
      `mutation { confirmMfa(code: "${generateSync({ secret: totp })}") }`,
      auth,
    );
  const recoveryCodes = confirmed.data?.confirmMfa ?? [];
  expect(recoveryCodes).toHaveLength(10);
  const key = await house.makeApiKey(accessToken);
  const reset = await issueReset(house.storage.passwords, {
    userId: house.userId('AUDITOR'),
    actor: 'operator:drill',
    at: Date.now(),
    ip: null,
    lifeMs: resetLives.operatorMs,
  });
  const exchangeKey = revealed(await demoCredentials(simulator, 'trader'));
  const password = house.nodes.at(-1)?.tickgate.demo?.users.find(({ role }) => role === 'AUDITOR')?.password ?? '';

  const copy = await dump();
  const secrets = {
    accessToken,
    refreshToken,
    totp,
    password,
    ...exchangeKey,
    apiKeySecret: key.secret,
    reset: reset.token,
  };
  for (const [name, secret] of [...Object.entries(secrets), ...recoveryCodes.map((code) => ['code', code] as const)]) {
    expect([name, secret.length]).not.toEqual([name, 0]);
    for (const form of formsOf(secret)) expect([name, copy.includes(form)]).toEqual([name, false]);
  }
  // That a search finds what is there.
  expect(copy).toContain(house.userId('AUDITOR'));
  // The ring, without the key that seals it.
  const stranger = new SigningKeyVault(
    openSealingKeys({
      keys: [{ id: 'first', key: new Secret(randomBytes(32).toString('base64')) }],
      dataDir: '/nowhere',
      mayGenerate: false,
      onProgress: () => undefined,
    }),
  );
  for (const sealed of (await house.storage.signingKeys.read()).keys) expect(await stranger.open(sealed)).toBeNull();
  // Hashes are no tokens.
  const { rows } = await house.operator.query<{ hash: Buffer }>(
    'SELECT hash FROM refresh_tokens UNION SELECT hash FROM api_keys',
  );
  for (const { hash } of rows) {
    const text = hash.toString('base64url');
    expect(await house.codesOf('{ serverTime }', `tg_${text}`)).toEqual(refused(2));
  }
  drill.note(
    `a copy of ${Math.round(copy.length / 1024)} kB holds none of ${Object.keys(secrets).length + 10} secrets, and opens nothing`,
  );

  const open = [...(await sockets(accessToken)), ...(await sockets(key.secret))];
  const closed = closings(open);
  succeeded(await house.command('irLockdown', ['--level', 'full', '--yes', '--reason', 'the database is out']));
  const lockedAt = await writtenAt('SELECT lockdown_since AS at FROM trading_house');
  const lastMs = Math.max(...(await closed)) - lockedAt;
  expect(lastMs).toBeLessThan(soonMs);
  expect(await house.codesOf('{ serverTime }', key.secret)).toEqual(['SERVICE_LOCKED', 'SERVICE_LOCKED']);
  drill.note(`npm run ir:lockdown -- --level full: ${open.length} sockets were closed ${lastMs} ms after its effect`);
  const { done } = JSON.parse(
    succeeded(await house.command('irRotateAll', ['--yes', '--api-keys', '--json'])).stdout,
  ) as { done: { apiKeys: number; oneTimeTokens: number } };
  expect(done.apiKeys).toBeGreaterThan(0);
  expect(done.oneTimeTokens).toBeGreaterThan(0);
  await lift('rotated');
  drill.note('npm run ir:rotate-all -- --api-keys: tokens, sessions, keys and one-time tokens have ended');

  const isOpen = async () => (await house.codesOf('{ __typename }', null)).every((code) => code === null);
  await eventually(isOpen, { timeoutMs: soonMs });
  for (const token of [accessToken, key.secret])
    expect(await house.codesOf('{ serverTime }', token)).toEqual(refused(2));
  const resetting = `mutation { resetPassword(token: "${reset.token}", next: "seven quiet herons rowing") }`;
  expect(await house.codesOf(resetting, null, '/auth/graphql')).toEqual(['RESET_FAILED', 'RESET_FAILED']);
  await expectAudited(['service.lockdown', 'service.revoke', 'signing_key.emergency']);
  drill.note('none of them is taken any more by either node; the audit log is whole');

  const told = await house.command('irScope', ['--since', '1h', '--user', house.userId('AUDITOR'), '--json']);
  const scope = JSON.parse(succeeded(told).stdout) as {
    verification: { ok: boolean };
    access: { action: string; target: string }[];
    timeline: { action: string }[];
  };
  expect(scope.verification.ok).toBe(true);
  expect(scope.access).toContainEqual(expect.objectContaining({ action: 'apiKey.create', target: key.id }));
  expect(scope.timeline.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['session.begin', 'mfa.enroll', 'mfa.confirm', 'apiKey.create', 'password.reset.issue']),
  );
  drill.note('npm run ir:scope: what the user of the copy did, and what was made in their name');
  expect(drill.elapsedMs).toBeLessThan(mayLastMs);
});

async function askAsTrader<Data>(query: string, variables: unknown): Promise<Data> {
  const authorization = `Bearer ${await house.token('TRADER')}`;
  const { data, errors } = await house.node(0).post<Data>(query, { authorization, variables });
  if (data === null || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** A LIVE account of the demo trader's at the simulated exchange. */
async function openLiveAccount(): Promise<string> {
  const key = await demoCredentials(simulator, 'trader');
  const input = { label: 'live', exchange: 'simulator', mode: 'LIVE', ...revealed(key) };
  const { createAccount } = await askAsTrader<{ createAccount: { account: { id: string } } }>(
    'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } errors { code } } }',
    { input },
  );
  return createAccount.account.id;
}

interface OrderPayload {
  readonly order: { readonly status: string } | null;
  readonly errors: readonly { readonly code: string }[];
}

it('D2: a stolen key of an exchange is stopped, replaced, and nothing is sent with it from the moment that trading stops', async () => {
  const drill = report.begin('D2  a stolen key of an exchange');
  const key = await demoCredentials(simulator, 'trader');
  const order = async (): Promise<OrderPayload> => {
    const terms = { market: 'simulator:BTC/USDT', type: 'MARKET', side: 'BUY', amount: '0.001' };
    const { createOrder } = await askAsTrader<{ createOrder: OrderPayload }>(
      'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { status } errors { code } } }',
      { input: { idempotencyKey: randomUUID(), account, ...terms } },
    );
    return createOrder;
  };
  const trades = (): Promise<OrderPayload> =>
    eventually(
      async () => {
        const answer = await order();
        return answer.order?.status === 'CLOSED' && answer;
      },
      { everyMs: 250 },
    );
  await trades();
  const sent = async (): Promise<number> => (await simulator.state()).rest['POST /api/v3/order']?.calls ?? 0;
  const thief = openAccount(simulator, key);
  expect(await thief.balances()).toBeDefined();
  drill.note('the account trades, and the thief is let in at the exchange');

  succeeded(await house.command('irLockdown', ['--level', 'no-trading', '--reason', 'a key was stolen']));
  const before = await sent();
  expect(await order()).toEqual({ order: null, errors: [{ code: 'GLOBAL_HALTED' }] });
  drill.note('npm run ir:lockdown -- --level no-trading: orders are refused');

  const replacement = (await simulator.control('POST', 'accounts/trader/key', {})) as {
    apiKey: string;
    secret: string;
  };
  await expect(thief.balances()).rejects.toThrow();
  await thief.close();
  const { replaceCredentials } = await askAsTrader<{ replaceCredentials: { errors: readonly unknown[] } }>(
    `mutation ($account: ID!, $apiKey: String!, $secret: String!) {
       replaceCredentials(account: $account, apiKey: $apiKey, secret: $secret) { errors { code } } }`,
    { account, ...replacement },
  );
  expect(replaceCredentials.errors).toEqual([]);
  expect(await sent()).toBe(before);
  drill.note('the exchange knows the old key no more, the account has another, and no order was sent meanwhile');

  await lift('replaced');
  // Its account is opened and compared anew before that, which takes seconds.
  if (isWhole) await trades();
  await expectAudited(['service.lockdown']);
  drill.note('npm run ir:lockdown -- --lift: the account trades with the new key; the audit log is whole');
  expect(drill.elapsedMs).toBeLessThan(mayLastMs);
});

function revealed({ apiKey, secret }: { readonly apiKey: Secret; readonly secret: Secret }) {
  return { apiKey: apiKey.reveal(), secret: secret.reveal() };
}
