import { randomBytes } from 'node:crypto';
import { limits } from '../../src/security/limits';
import { Command } from '../kit/command';
import { describeWith } from '../kit/needs';
import { startTestDatabase, type TestDatabase } from '../kit/postgres';
import { RedisServer } from '../kit/redisServer';
import { makeTemporaryDir } from '../kit/temporaryDir';

const { max } = limits.rate.login;
const perNode = 100;

describeWith('redis-server', 'two processes that share a Redis', () => {
  const folders = [makeTemporaryDir(), makeTemporaryDir()];
  let database: TestDatabase;
  let redis: RedisServer;
  let commands: readonly Command[];
  let urls: readonly string[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    database = await startTestDatabase();
    const shared = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      CREDENTIAL_KEYS: `one:${randomBytes(32).toString('base64')}`,
      AUDIT_KEY: randomBytes(32).toString('base64'),
    };
    // Nobody answers there: no exchange is asked.
    const exchange = {
      EXCHANGES: 'simulator',
      EXCHANGE_SIMULATOR_REST_URL: 'http://127.0.0.1:9',
      EXCHANGE_SIMULATOR_WS_URL: 'ws://127.0.0.1:9',
    };
    commands = folders.map(
      ({ dir }) =>
        new Command('start', [], {
          ...{ DATA_DIR: dir, PORT: '0', METRICS_PORT: '0', LOG_LEVEL: 'warn' },
          ...shared,
          ...exchange,
        }),
    );
    urls = await Promise.all(
      commands.map(async (command) => {
        const [, at = ''] = await command.says(/Tickgate is running: http:\/\/localhost:(\d+)\/graphql/);
        return `http://127.0.0.1:${at}/auth/graphql`;
      }),
    );
  }, 60_000);

  afterAll(async () => {
    await Promise.all(commands.map((command) => command.stop()));
    await redis.stop();
    await database.stop();
    for (const folder of folders) folder.remove();
  });

  /** What so many sign-ins at once at each process come to, by code. */
  async function signIns(): Promise<Readonly<Record<string, number>>> {
    const asked = urls.flatMap((url) => Array.from({ length: perNode }, () => signIn(url)));
    const counts: Record<string, number> = {};
    for (const code of await Promise.all(asked)) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }

  it('let as many sign-ins of 200 at once pass as one limit allows, and not one more when Redis has gone', async () => {
    expect(await signIns()).toEqual({ LOGIN_FAILED: max, RATE_LIMITED: 2 * perNode - max });
    await redis.stop('SIGKILL');
    expect(await signIns()).toEqual({ RATE_LIMITED: 2 * perNode });
    for (const command of commands) expect(command.stderr).toContain('this node counts its rate limits by itself');
  });
});

async function signIn(url: string): Promise<string> {
  const query =
    'mutation { login(email: "nobody@example.org", password: "not the password of anybody") { accessToken } }';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { errors } = (await response.json()) as {
    readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
  };
  return errors?.[0]?.extensions.code ?? 'let in';
}
