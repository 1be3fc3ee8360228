import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { migrations } from '../../migrations/migrations';
import { openStorage, type Storage } from '../../src/storage/storage';
import { StorageError } from '../../src/storage/storageError';
import type { UserChanges, UserChangesTiming } from '../../src/storage/userChanges';
import type { UserStanding } from '../../src/storage/userStanding';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { TcpRelay } from '../kit/tcpRelay';

const hourMs = 3_600_000;
/** Long enough that nothing but a notification can have told what comes within a second. */
const withoutPolls: UserChangesTiming = {
  pollMs: hourMs,
  doubtAfterMs: 1_000,
  answerWithinMs: 2_000,
  firstRetryMs: 50,
  longestRetryMs: 200,
};
const withPolls: UserChangesTiming = { ...withoutPolls, pollMs: 100, answerWithinMs: 300 };

const logger = createLogger('silent');
const runner = new BackgroundRunner({ logger, metrics: createMetrics() });
let database: TestDatabase;
let relay: TcpRelay;
let storage: Storage;
/** Someone at the database by hand. */
let operator: Client;
let running: UserChanges[];
let told: UserStanding[];
let doubted: string[];
let ended: string[];

beforeAll(async () => {
  database = await startTestDatabase();
  relay = await TcpRelay.start(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(relay.port);
  storage = await openStorage({
    databaseUrl: url.href,
    dataDir: '/nowhere',
    migrations,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  operator = new Client({ connectionString: database.url });
  await operator.connect();
});

afterAll(async () => {
  await operator.end();
  await relay.stop();
  await storage.stop();
  await database.stop();
});

beforeEach(async () => {
  running = [];
  told = [];
  doubted = [];
  ended = [];
  await operator.query('DELETE FROM users');
  await operator.query('DELETE FROM deleted_users');
});

afterEach(async () => {
  await Promise.all(running.map((changes) => changes.stop()));
  await runner.idle();
});

async function follow(timing = withoutPolls, lookBackMs = hourMs): Promise<void> {
  const changes = storage.userChanges({
    lookBackMs,
    onUser: (user) => told.push(user),
    onDoubt: (userId) => doubted.push(userId),
    onSessionEnd: (sessionId) => ended.push(sessionId),
    runner,
    logger,
    random: Math.random,
    timing,
  });
  running.push(changes);
  await changes.start();
}

async function addUser(id: string = randomUUID()): Promise<string> {
  await operator.query(`INSERT INTO users (id, email, password_hash, roles) VALUES ($1, $2, 'x', '{TRADER,VIEWER}')`, [
    id,
    `${id}@example.com`,
  ]);
  return id;
}

async function disable(id: string, disabled = true): Promise<void> {
  await operator.query('UPDATE users SET disabled = $2 WHERE id = $1', [id, disabled]);
}

function lastTold(id: string): UserStanding | undefined {
  return told.findLast((user) => user.id === id);
}

/** Within the second that authority may outlive its end. */
async function soon(id: string, expected: Partial<UserStanding>): Promise<void> {
  await eventually(() => matches(lastTold(id), expected), { timeoutMs: 1_000 });
}

function matches(user: UserStanding | undefined, expected: Partial<UserStanding>): boolean {
  return user !== undefined && JSON.stringify({ ...user, ...expected }) === JSON.stringify(user);
}

async function addSession(userId: string): Promise<string> {
  const id = randomUUID();
  await operator.query(
    `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at) VALUES ($1, $2, now(), now(), now() + interval '1 day')`,
    [id, userId],
  );
  return id;
}

async function endSessions(userId: string, agoMs = 0): Promise<void> {
  await operator.query(
    `UPDATE sessions SET revoked_at = now() - $2 * interval '1 millisecond', revoked_reason = 'ALL_ENDED' WHERE user_id = $1`,
    [userId, agoMs],
  );
}

/** Backends that listen now. */
async function listeners(): Promise<readonly number[]> {
  const { rows } = await operator.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'tickgate tickgate_users'`,
  );
  return rows.map((row) => row.pid);
}

/** Ends the backend that listens, and does something before there can be another. */
async function withoutListener(work: () => Promise<void>): Promise<void> {
  relay.refuseNew(true);
  try {
    await operator.query('SELECT pg_terminate_backend($1)', [(await listeners())[0]]);
    await eventually(async () => (await listeners()).length === 0);
    await work();
  } finally {
    relay.refuseNew(false);
  }
}

/** Leaves the connections that have this name open and lets nothing through any more. */
async function freeze(applicationName: string): Promise<void> {
  const ports = await eventually(async () => {
    const { rows } = await operator.query<{ port: number }>(
      'SELECT client_port AS port FROM pg_stat_activity WHERE application_name = $1',
      [applicationName],
    );
    return rows.length > 0 && rows.map(({ port }) => port);
  });
  for (const port of ports) relay.freeze(port);
}

describe('a change made by hand is told at once:', () => {
  let id: string;

  beforeEach(async () => {
    id = await addUser();
    await follow();
  });

  it('a user disabled, with the time that nobody can take back, and enabled again', async () => {
    const before = Date.now();
    await disable(id);
    await soon(id, { disabled: true, roles: ['TRADER', 'VIEWER'] });
    const endedAt = lastTold(id)?.endedAt ?? 0;
    expect(endedAt).toBeGreaterThanOrEqual(before);
    expect(endedAt).toBeLessThanOrEqual(Date.now());
    await operator.query('UPDATE users SET disabled = false, disabled_at = NULL, updated_at = $2 WHERE id = $1', [
      id,
      new Date(0),
    ]);
    await soon(id, { disabled: false, endedAt });
  });

  it('the end of a session, by itself, with its user, or with its row', async () => {
    const [one, another] = [await addSession(id), await addSession(id)];
    await operator.query(`UPDATE sessions SET revoked_at = now(), revoked_reason = 'REVOKED' WHERE id = $1`, [one]);
    await eventually(() => ended.length === 1, { timeoutMs: 1_000 });
    await disable(id);
    await eventually(() => ended.length === 2, { timeoutMs: 1_000 });
    expect(ended).toEqual([one, another]);
    const deleted = await addSession(id);
    await operator.query('DELETE FROM sessions WHERE user_id = $1', [id]);
    await eventually(() => ended.length === 3, { timeoutMs: 1_000 });
    expect(ended).toEqual([one, another, deleted]);
  });

  it('other roles', async () => {
    await operator.query(`UPDATE users SET roles = '{VIEWER}' WHERE id = $1`, [id]);
    await soon(id, { roles: ['VIEWER'], disabled: false, endedAt: null });
  });

  it('a user deleted, who counts as disabled, and one made anew under the same id', async () => {
    await operator.query('DELETE FROM users WHERE id = $1', [id]);
    await soon(id, { roles: [], disabled: true });
    const endedAt = lastTold(id)?.endedAt;
    expect(endedAt).toEqual(expect.any(Number));
    await addUser(id);
    await soon(id, { roles: ['TRADER', 'VIEWER'], disabled: false, endedAt: endedAt ?? 0 });
  });

  it('a user of whom the database knows nothing, who counts as disabled', async () => {
    const stranger = randomUUID();
    await operator.query('SELECT pg_notify($1, $2)', ['tickgate_users', stranger]);
    await soon(stranger, { roles: [], disabled: true, endedAt: null });
  });

  it('only once it is committed', async () => {
    const other = await addUser();
    await operator.query('BEGIN');
    await disable(id);
    await operator.query('ROLLBACK');
    await disable(other);
    await soon(other, { disabled: true });
    expect(lastTold(id)).toMatchObject({ disabled: false });
  });

  it('as it is now, however often it changed in between', async () => {
    for (let count = 0; count < 50; count += 1) await disable(id, count % 2 === 0);
    await operator.query(`UPDATE users SET roles = '{ADMIN}', disabled = false WHERE id = $1`, [id]);
    await soon(id, { roles: ['ADMIN'], disabled: false });
  });

  it('of many in one statement', async () => {
    const ids = [id];
    while (ids.length < 300) ids.push(await addUser());
    await operator.query('UPDATE users SET disabled = true');
    await eventually(() => ids.every((one) => lastTold(one)?.disabled), { timeoutMs: 1_000 });
  });

  it('and nothing of what does not touch authority', async () => {
    told = [];
    await operator.query(`UPDATE users SET password_hash = 'y', roles = roles WHERE id = $1`, [id]);
    await operator.query(`NOTIFY tickgate_users, 'no user'`);
    const other = await addUser();
    await disable(other);
    await soon(other, { disabled: true });
    expect(told.map((user) => user.id)).toEqual([other]);
  });
});

describe('at its start', () => {
  it('it tells who is disabled, since when ever, and who was changed or deleted of late', async () => {
    const [disabled, changed, deleted] = [await addUser(), await addUser(), await addUser()];
    await disable(disabled);
    await operator.query('DELETE FROM users WHERE id = $1', [deleted]);
    await follow(withoutPolls, 0);
    expect(told).toMatchObject([{ id: disabled, disabled: true }]);
    told = [];
    await follow();
    expect(new Set(told.map((user) => user.id))).toEqual(new Set([disabled, changed, deleted]));
    expect(lastTold(deleted)).toMatchObject({ roles: [], disabled: true, endedAt: expect.any(Number) as number });
  });

  it('it fails where the users cannot be read', async () => {
    await operator.query('ALTER TABLE users RENAME TO users_away');
    try {
      await expect(follow()).rejects.toThrow(StorageError);
    } finally {
      await operator.query('ALTER TABLE users_away RENAME TO users');
    }
  });
});

describe('where the connection that listens', () => {
  it('is cut, a change from in between is told once there is another, and later ones at once', async () => {
    const [first, second] = [await addUser(), await addUser()];
    await follow();
    await withoutListener(() => disable(first));
    await eventually(() => lastTold(first)?.disabled);
    await eventually(async () => (await listeners()).length === 1);
    await disable(second);
    await soon(second, { disabled: true });
  });

  it('cannot be had, changes are read over the pool, and heard again later', async () => {
    const [first, second] = [await addUser(), await addUser()];
    await follow(withPolls);
    await withoutListener(async () => {
      await disable(first);
      await eventually(() => lastTold(first)?.disabled);
    });
    await eventually(async () => (await listeners()).length === 1);
    await disable(second);
    await eventually(() => lastTold(second)?.disabled);
  });

  it('cannot be had, sessions that have ended are read over the pool, as far back as a token can be good', async () => {
    const [recent, old] = [await addUser(), await addUser()];
    const session = await addSession(recent);
    await addSession(old);
    await follow(withPolls);
    await withoutListener(async () => {
      await endSessions(old, hourMs + 60_000);
      await endSessions(recent);
      await eventually(() => ended.length > 0);
    });
    expect(new Set(ended)).toEqual(new Set([session]));
  });

  it('goes silent without an end, that is noticed, and another takes its place', async () => {
    const id = await addUser();
    await follow(withPolls);
    const [pid] = await listeners();
    await freeze('tickgate tickgate_users');
    await disable(id);
    await eventually(() => lastTold(id)?.disabled);
    await eventually(async () => (await listeners()).some((other) => other !== pid));
  });
});

it('doubts a user who has changed and cannot be read, until the database answers', async () => {
  const id = await addUser();
  await follow(withPolls);
  await operator.query('ALTER TABLE users RENAME TO users_away');
  try {
    await operator.query('SELECT pg_notify($1, $2)', ['tickgate_users', id]);
    await eventually(() => doubted.includes(id), { timeoutMs: 1_000 });
    told = [];
  } finally {
    await operator.query('ALTER TABLE users_away RENAME TO users');
  }
  await eventually(() => matches(lastTold(id), { disabled: false }));
});

it('doubts users whose reading takes too long, also those that wait behind it, and tells what it was when it comes', async () => {
  const [first, second] = [await addUser(), await addUser()];
  await follow({ ...withoutPolls, doubtAfterMs: 100, answerWithinMs: 20_000 });
  told = [];
  await operator.query('BEGIN');
  await operator.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
  try {
    const other = new Client({ connectionString: database.url });
    await other.connect();
    await other.query('SELECT pg_notify($1, $2)', ['tickgate_users', first]);
    await eventually(() => doubted.includes(first));
    await other.query('SELECT pg_notify($1, $2)', ['tickgate_users', second]);
    await eventually(() => doubted.includes(second));
    await other.end();
    expect(told).toEqual([]);
  } finally {
    await operator.query('COMMIT');
  }
  await eventually(() => [first, second].every((id) => matches(lastTold(id), { disabled: false })));
  expect(doubted).toEqual([first, second]);
});

it('is not held up by connections of the pool that hang', async () => {
  const id = await addUser();
  await follow({ ...withoutPolls, pollMs: 300 });
  await freeze('tickgate');
  await disable(id);
  await eventually(() => lastTold(id)?.disabled);
});

it('leaves nothing behind when it stops', async () => {
  await follow();
  expect(await listeners()).toHaveLength(1);
  await running.pop()?.stop();
  await eventually(async () => (await listeners()).length === 0);
});
