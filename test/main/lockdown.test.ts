import { randomBytes, randomUUID } from 'node:crypto';
import type { LockdownLevel } from '../../src/domain/lockdown';
import { startLockdown } from '../../src/startLockdown';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { HealthRegistry } from '../../src/telemetry/health';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { IncidentHouse } from '../kit/incidentHouse';
import { startSimulator, type RunningSimulator } from '../kit/simulator';
import { TcpRelay } from '../kit/tcpRelay';
import { RunningTickgate } from '../kit/tickgate';

/** All nodes obey so soon. */
const soon = { timeoutMs: 1_000 };

let simulator: RunningSimulator;
let house: IncidentHouse;
/** The demo trader's PAPER account. */
let account: string;

beforeAll(async () => {
  simulator = await startSimulator();
  house = await IncidentHouse.open(simulator);
  const authorization = await house.node(1).signIn('TRADER');
  account = await eventually(async () => {
    const { data } = await house
      .node(1)
      .post<{ accounts: { id: string; reconciliation: object | null }[] }>(
        '{ accounts { id reconciliation { balanced } } }',
        { authorization },
      );
    return data?.accounts[0]?.reconciliation == null ? null : data.accounts[0].id;
  });
}, 120_000);

afterEach(() => lock('NONE'));

afterAll(async () => {
  await house.stop();
  await simulator.stop();
});

async function lock(level: LockdownLevel): Promise<{ readonly sessions: number }> {
  return house.storage.lockdown.set({ level, reason: 'a drill', actor: 'operator:test', at: Date.now() });
}

interface Payload {
  readonly order: { readonly id: string; readonly status: string } | null;
  readonly errors: readonly { readonly code: string }[];
}

async function traderToken(): Promise<string> {
  return (await house.node(1).signIn('TRADER')).replace('Bearer ', '');
}

async function order(index: number, changes: object = {}): Promise<Payload> {
  const input = {
    idempotencyKey: randomUUID(),
    account,
    market: 'simulator:BTC/USDT',
    type: 'LIMIT',
    side: 'BUY',
    amount: '0.01',
    price: '50000',
    ...changes,
  };
  const { data, errors } = await house
    .node(index)
    .post<{ createOrder: Payload }>(
      'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { id status } errors { code } } }',
      { authorization: await house.node(1).signIn('TRADER'), variables: { input } },
    );
  if (data === null) throw new Error(String(errors?.[0]?.extensions['code']));
  return data.createOrder;
}

async function cancel(id: string): Promise<unknown> {
  const { data } = await house
    .node(0)
    .post<{ cancelOrder: Payload }>(`mutation { cancelOrder(id: "${id}") { order { status } errors { code } } }`, {
      authorization: await house.node(1).signIn('TRADER'),
    });
  return data?.cancelOrder;
}

it('NO_TRADING takes no order in on any node, from the moment it is set, whatever an admin says, and lets cancels pass', async () => {
  const { order: open } = await order(0);
  expect(open?.status).toBe('OPEN');
  await lock('NO_TRADING');
  const refused = { order: null, errors: [{ code: 'GLOBAL_HALTED' }] };
  expect(await Promise.all([order(0), order(1)])).toEqual([refused, refused]);
  const admin = { authorization: await house.node(1).signIn('ADMIN') };
  await house.node(0).post('mutation { setGlobalTradingState(state: ACTIVE, flatten: false, reason: "mine") }', admin);
  expect(await order(1)).toEqual(refused);
  const authorization = await house.node(1).signIn('TRADER');
  const { data } = await house.node(0).post(`{ risk(account: "${account}") { state reason } }`, { authorization });
  expect(data).toEqual({ risk: { state: 'HALTED', reason: 'a drill' } });
  expect(await cancel(open!.id)).toMatchObject({ order: { status: 'CANCELED' }, errors: [] });
  await lock('NONE');
  expect(await order(0)).toMatchObject({ order: { status: 'OPEN' }, errors: [] });
});

/** As an admin or the trader would pull it. */
async function flatten(role: 'TRADER' | 'ADMIN', state: 'HALTED' | 'ACTIVE'): Promise<unknown> {
  const rest = `state: ${state}, flatten: ${state === 'HALTED'}, reason: "get out"`;
  const { data, errors } = await house
    .node(1)
    .post<object>(`mutation { setTradingState(account: "${account}", ${rest}) { state } }`, {
      authorization: await house.node(1).signIn(role),
    });
  return data ?? errors?.[0]?.extensions['code'];
}

async function positions(): Promise<readonly string[]> {
  const { rows } = await house.operator.query<{ amount: string }>(
    'SELECT amount FROM positions WHERE account_id = $1 AND closed_at IS NULL',
    [account],
  );
  return rows.map(({ amount }) => amount);
}

const isFlat = () => eventually(async () => (await positions()).length === 0);

it('NO_TRADING lets the kill switch close positions; READONLY lets nobody pull it, and holds one that was pulled before until it is loosened', async () => {
  const atMarket = { type: 'MARKET', price: undefined };
  expect(await order(0, atMarket)).toMatchObject({ order: { status: 'CLOSED' } });
  await lock('NO_TRADING');
  expect(await flatten('TRADER', 'HALTED')).toEqual({ setTradingState: { state: 'HALTED' } });
  await isFlat();
  await flatten('TRADER', 'ACTIVE');
  await lock('NONE');

  expect(await order(0, atMarket)).toMatchObject({ order: { status: 'CLOSED' } });
  await lock('READONLY');
  await eventually(async () => (await flatten('ADMIN', 'HALTED')) === 'SERVICE_LOCKED', soon);
  // As one that was asked for in the moment before, and began behind it.
  await house.operator.query(
    `UPDATE accounts SET trading_state = 'HALTED', flatten_number = flatten_number + 1, flatten_active = true WHERE id = $1`,
    [account],
  );
  await eventually(async () => (await house.entries('risk.flatten')).length > 0);
  expect(await positions()).toHaveLength(1);
  await lock('NO_TRADING');
  await isFlat();
  await flatten('ADMIN', 'ACTIVE');
});

it('tells the streams of accounts what holds now', async () => {
  const [socket] = await house.sockets(await traderToken());
  socket!.subscribe('1', `subscription { risk(account: "${account}") { risk { state } } }`);
  const state = async () =>
    ((await socket!.next()) as { payload?: { data?: { risk?: { risk?: { state?: string } } } } }).payload?.data?.risk
      ?.risk?.state;
  expect(await state()).toBe('ACTIVE');
  await lock('READONLY');
  expect(await state()).toBe('HALTED');
  await lock('NONE');
  expect(await state()).toBe('ACTIVE');
  socket!.close();
});

it('READONLY is obeyed by every node within a second, reading and signing in go on, and orders and sessions may be ended', async () => {
  const token = await traderToken();
  const { order: open } = await order(0);
  const { accessToken, refreshToken } = await house.login('VIEWER');
  const mutation = `mutation { removeAccount(id: "${randomUUID()}") { errors { code } } }`;
  expect(await house.codesOf(mutation, token)).toEqual([null, null]);
  const sockets = await house.sockets(accessToken);
  await lock('READONLY');
  await eventually(async () => (await house.codesOf(mutation, token)).every((code) => code === 'SERVICE_LOCKED'), soon);
  expect(await house.codesOf('{ accounts { id } }', token)).toEqual([null, null]);
  expect(await cancel(open!.id)).toMatchObject({ order: { status: 'CANCELED' }, errors: [] });
  for (const socket of sockets) expect(await socket.isAlive()).toBe(true);
  const refreshed = await fetch(`${house.node(0).url}/auth/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
  });
  expect(refreshed.status).toBe(200);
  const { accessToken: another } = await house.login('VIEWER', 1);
  const authorization = `Bearer ${another}`;
  const { data } = await house
    .node(1)
    .post<{ sessions: { id: string; current: boolean }[] }>('{ sessions { id current } }', { authorization });
  // Its own the last: nothing can be asked with it afterwards.
  const ids = (data?.sessions ?? []).toSorted((one, other) => Number(one.current) - Number(other.current));
  expect(ids.length).toBeGreaterThan(1);
  for (const { id } of ids) await house.node(1).post(`mutation { revokeSession(id: "${id}") }`, { authorization });
  await eventually(
    async () => (await house.codesOf('{ me { id } }', another)).every((code) => code === 'UNAUTHENTICATED'),
    soon,
  );
  for (const socket of sockets) expect((await socket.closed).code).toBe(4401);
  expect((await house.entries('removeAccount')).length).toBeGreaterThan(0);
});

it('FULL ends every session and socket on every node within a second, lets admins in alone, and survives a start', async () => {
  const { accessToken, refreshToken } = await house.login('ANALYST');
  const key = await house.makeApiKey(await traderToken());
  const sockets = [...(await house.sockets(accessToken)), ...(await house.sockets(key.secret))];
  const admin = (await house.node(1).signIn('ADMIN')).replace('Bearer ', '');
  const lockedAt = Date.now();
  expect((await lock('FULL')).sessions).toBeGreaterThan(0);
  for (const socket of sockets) expect([4401, 4423]).toContain((await socket.closed).code);
  expect(Date.now() - lockedAt).toBeLessThan(1_000);
  for (const token of [key.secret, null, await traderToken()])
    expect(await house.codesOf('{ serverTime }', token)).toEqual(['SERVICE_LOCKED', 'SERVICE_LOCKED']);
  await expect(house.login('ANALYST')).rejects.toThrow('SERVICE_LOCKED');
  const refreshed = await fetch(`${house.node(1).url}/auth/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
  });
  expect(refreshed.status).toBe(401);
  // An admin signs in, and is somebody once a second factor is proven.
  expect(await house.codesOf('{ me { id } }', (await house.login('ADMIN')).accessToken)).toEqual([
    'SERVICE_LOCKED',
    'SERVICE_LOCKED',
  ]);
  expect(await house.codesOf('{ users { id } }', admin)).toEqual([null, null]);

  const health = (await (await fetch(`http://127.0.0.1:${house.node(0).tickgate.metricsPort}/health`)).json()) as {
    states: readonly { name: string; healthy: boolean; detail: string }[];
  };
  expect(health.states).toContainEqual({ name: 'lockdown', healthy: true, detail: 'FULL' });
  expect((await fetch(`${house.node(0).url}/readyz`)).status).toBe(200);

  await house.addNode();
  expect(await house.codesOf('{ serverTime }', key.secret)).toEqual(new Array(3).fill('SERVICE_LOCKED'));
  await lock('NONE');
  await eventually(
    async () => (await house.codesOf('{ serverTime }', key.secret)).every((code) => code === null),
    soon,
  );
  expect(await house.codesOf('{ me { id } }', accessToken)).toEqual(new Array(3).fill('UNAUTHENTICATED'));
  const outcomes = (await house.entries('service.lockdown')).map(({ outcome }) => outcome);
  expect(outcomes.slice(-2)).toEqual([
    expect.stringMatching(/^FULL: a drill \(\d+ sessions ended\)$/),
    'NONE: a drill',
  ]);
});

it('no session begins while FULL is being set', async () => {
  const operator = await house.operator.connect();
  const [userId, at] = [house.userId('VIEWER'), Date.now()];
  const generation = (await house.storage.sessions.generationOf(userId)) ?? 0;
  const session = {
    id: randomUUID(),
    userId,
    generation,
    at,
    expiresAt: at + 60_000,
    ip: null,
    userAgent: null,
    verifiedAt: null,
  };
  await operator.query('BEGIN; LOCK TABLE trading_house IN EXCLUSIVE MODE');
  // As a sign-in on a node that has not heard of it yet.
  const beginning = house.storage.sessions.begin({ ...session, tokenHash: randomBytes(32) }, 50);
  await eventually(async () => {
    const { rows } = await operator.query<{ waiting: boolean }>(
      `SELECT count(*) > 0 AS waiting FROM pg_locks WHERE relation = 'trading_house'::regclass AND NOT granted`,
    );
    return rows[0]?.waiting;
  });
  await operator.query(`UPDATE trading_house SET lockdown = 'FULL', lockdown_since = now()`);
  await operator.query('COMMIT');
  operator.release();
  expect(await beginning).toBe('locked');
});

it('a node that has lost its database takes no order and changes nothing, and obeys as soon as it is back', async () => {
  const { port } = new URL(house.database.url);
  const relay = await TcpRelay.start(Number(port));
  const url = new URL(house.database.url);
  url.port = String(relay.port);
  const environment = { ...house.environment, DATABASE_URL: url.toString() };
  const node = await RunningTickgate.start('simulator', simulator, { environment });
  const authorization = await house.node(1).signIn('TRADER');
  const codeOf = async (query: string) =>
    (await node.post(query, { authorization })).errors?.[0]?.extensions['code'] ?? null;
  const change = `mutation { removeAccount(id: "${randomUUID()}") { errors { code } } }`;
  const terms = `account: "${account}", market: "simulator:BTC/USDT", type: LIMIT, side: BUY, amount: "0.01", price: "50000"`;
  const buy = `mutation { createOrder(input: { idempotencyKey: "while it is away", ${terms} }) { errors { code } } }`;
  expect(await codeOf(change)).toBeNull();

  relay.refuseNew(true);
  relay.cut();
  await lock('READONLY');
  // It cannot know; nor can it write.
  expect(await Promise.all([codeOf(buy), codeOf(change)])).toEqual(['INTERNAL_SERVER_ERROR', 'INTERNAL_SERVER_ERROR']);
  expect(await codeOf('{ serverTime }')).toBeNull();
  relay.refuseNew(false);
  await eventually(async () => (await codeOf(change)) === 'SERVICE_LOCKED');
  expect(await codeOf(buy)).toBe('SERVICE_LOCKED');
  const { rowCount } = await house.operator.query(`SELECT FROM idempotency_keys WHERE key = 'while it is away'`);
  expect(rowCount).toBe(0);
  await node.stop();
  await relay.stop();
});

it('a node that cannot tell whether the service is locked does not start', async () => {
  const logger = createLogger('silent');
  const stops: (() => Promise<void>)[] = [];
  await house.operator.query('ALTER TABLE trading_house RENAME COLUMN lockdown TO away');
  const starting = startLockdown({
    storage: house.storage,
    clock: Date.now,
    logger,
    runner: new BackgroundRunner({ logger, metrics: createMetrics() }),
    health: new HealthRegistry(),
    stops,
  });
  await expect(starting).rejects.toThrow('The lockdown cannot be read');
  await house.operator.query('ALTER TABLE trading_house RENAME COLUMN away TO lockdown');
  for (const stop of stops) await stop();
});
