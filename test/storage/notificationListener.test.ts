import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { NotificationListener } from '../../src/storage/notificationListener';
import type { RunQuery } from '../../src/storage/userStanding';
import { BackgroundRunner } from '../../src/telemetry/backgroundRunner';
import { createLogger } from '../../src/telemetry/logger';
import { createMetrics } from '../../src/telemetry/metrics';
import { eventually } from '../kit/eventually';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';

const logger = createLogger('silent');
const runner = new BackgroundRunner({ logger, metrics: createMetrics() });
let database: TestDatabase;
let another: Client;
let running: NotificationListener[];

beforeAll(async () => {
  database = await startTestDatabase();
  another = new Client({ connectionString: database.url });
  await another.connect();
});

afterAll(async () => {
  await another.end();
  await database.stop();
});

beforeEach(() => {
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((listener) => listener.stop()));
  await runner.idle();
});

const onAnother: RunQuery = async (text, values) =>
  (await another.query<Record<string, unknown>>(text, [...values])).rows;

function listen(queryElsewhere: RunQuery) {
  const heard: string[] = [];
  let ups = 0;
  const listener = new NotificationListener({
    url: database.url,
    channel: 'news',
    queryElsewhere,
    onNotification: (payload) => heard.push(payload),
    onUp: () => {
      ups += 1;
    },
    timing: { answerWithinMs: 500, firstRetryMs: 10, longestRetryMs: 50 },
    runner,
    logger,
    random: Math.random,
  });
  running.push(listener);
  return { listener, heard, ups: () => ups };
}

it('hears what others say, and of the proofs of other listeners nothing', async () => {
  const [one, other] = [listen(onAnother), listen(onAnother)];
  await one.listener.start();
  await other.listener.start();
  await other.listener.check();
  await another.query(`NOTIFY news, 'hello'`);
  await eventually(() => one.heard.length > 0 && other.heard.length > 0);
  expect([one.heard, other.heard]).toEqual([['hello'], ['hello']]);
});

it('is not up where nothing comes through, as behind a pooler, and is up by itself once it does', async () => {
  let isDeaf = true;
  const { listener, ups } = listen((text, values) => (isDeaf ? Promise.resolve([]) : onAnother(text, values)));
  await listener.start();
  expect({ isUp: listener.isUp, ups: ups() }).toEqual({ isUp: false, ups: 0 });
  isDeaf = false;
  await eventually(() => listener.isUp);
  expect(ups()).toBe(1);
});

it('is not up where the other connection fails, whatever the failure', async () => {
  const { listener } = listen(() => Promise.reject(new Error('no connection is left')));
  await listener.start();
  expect(listener.isUp).toBe(false);
});

it('leaves nothing waiting where it is stopped while it connects', async () => {
  // A database that takes the connection and says nothing, as behind a firewall.
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const listener = new NotificationListener({
    url: `postgres://somebody:secret@127.0.0.1:${port}/nothing`,
    channel: 'nothing',
    queryElsewhere: () => Promise.resolve([]),
    onNotification: () => undefined,
    onUp: () => undefined,
    timing: { answerWithinMs: 600_000, firstRetryMs: 1, longestRetryMs: 1 },
    runner,
    logger,
    random: Math.random,
  });
  const started = listener.start();
  const [connection] = (await once(silent, 'connection')) as [Socket];
  await listener.stop();
  await started;
  expect(listener.isUp).toBe(false);
  connection.destroy();
  silent.close();
});
