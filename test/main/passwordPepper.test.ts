import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { PasswordHasher } from '../../src/identity/passwordHasher';
import { Command } from '../kit/command';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: no exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const peppered = /^p1:\$argon2id\$v=19\$m=65536,t=3,p=1\$/;

/** What all nodes have in common. */
const shared = {
  AUDIT_KEY: randomBytes(32).toString('base64'),
  CREDENTIAL_KEYS: `one:${randomBytes(32).toString('base64')}`,
};

let server: RunningTickgate;
let operator: Client;

beforeAll(async () => {
  const environment = { ...shared, PASSWORD_PEPPERS: `p1:${randomBytes(32).toString('base64')}` };
  server = await RunningTickgate.start('simulator', deadExchange, { environment });
  operator = new Client({ connectionString: server.databaseUrl });
  await operator.connect();
});

afterAll(async () => {
  await operator.end();
  await server.stop();
});

it('goes into hashes, also, when they are next proven, of passwords that were hashed without; nobody is signed out', async () => {
  const { id, password } = server.tickgate.demo!.users.find(({ role }) => role === 'VIEWER')!;
  const kept = async (): Promise<string | undefined> =>
    (await operator.query<{ hash: string }>('SELECT password_hash AS hash FROM users WHERE id = $1', [id])).rows[0]
      ?.hash;
  const first = await kept();
  expect(first).toMatch(peppered);
  const authorization = await server.login('VIEWER');

  const plain = await new PasswordHasher().hash(password);
  await operator.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, plain]);
  expect(await server.login('VIEWER')).toMatch(/^Bearer ./);
  expect(await kept()).toMatch(peppered);
  expect(await kept()).not.toBe(first);
  expect((await server.post('{ serverTime }', { authorization })).errors).toBeUndefined();
});

it('is missed where it is not set any more: a start says so', async () => {
  const folder = makeTemporaryDir();
  const { rows } = await operator.query<{ count: number }>('SELECT count(*)::int AS count FROM users');
  const command = new Command('start', [], {
    ...shared,
    ...{ DATA_DIR: folder.dir, PORT: '0', METRICS_PORT: '0', LOG_LEVEL: 'warn', DATABASE_URL: server.databaseUrl },
    EXCHANGES: 'simulator',
    EXCHANGE_SIMULATOR_REST_URL: deadExchange.restUrl,
    EXCHANGE_SIMULATOR_WS_URL: deadExchange.wsUrl,
  });
  await command.says(/Tickgate is running/);
  await command.stop();
  folder.remove();
  const warning = command.stderr.split('\n').find((line) => line.includes('PASSWORD_PEPPERS')) ?? '{}';
  expect(JSON.parse(warning)).toMatchObject({ level: 40, users: rows[0]?.count });
});
