import { Redis } from 'ioredis';
import { Client } from 'pg';
import { migrations } from '../../migrations/migrations';
import { openStorage } from '../../src/storage/storage';
import { Command } from '../kit/command';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';
import { redisWithAcl, type RedisWithAcl } from '../kit/redisWithAcl';
import { startDatabaseWithRoles, type DatabaseWithRoles } from '../kit/databaseRoles';

let database: DatabaseWithRoles;
let operator: Client;

beforeAll(async () => {
  database = await startDatabaseWithRoles();
  const { ownerUrl, serverUrl: databaseUrl } = database;
  const storage = await openStorage({
    databaseUrl,
    ownerUrl,
    dataDir: '/nowhere',
    migrations,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  await storage.stop();
  operator = new Client({ connectionString: database.superuserUrl });
  await operator.connect();
  await operator.query(
    `INSERT INTO users (id, email, password_hash, roles, mfa_enabled) VALUES
       ('00000000-0000-4000-8000-000000000001', 'ada@example.org', '-', '{ADMIN}', true),
       ('00000000-0000-4000-8000-000000000002', 'bob@example.org', '-', '{TRADER,VIEWER}', false)`,
  );
  await operator.query(
    `INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at)
       SELECT gen_random_uuid(), id, '2026-01-02Z', '2026-02-03Z', '2026-03-04Z' FROM users WHERE email LIKE 'ada%'`,
  );
  await operator.query(
    `INSERT INTO api_keys (id, user_id, label, prefix, hash, scopes, allowed_ips, created_at, expires_at, last_used_at)
       SELECT gen_random_uuid(), id, 'grid bot', 'tg_prod_abc', sha256('x'), '{MARKET_READ,TRADE_PAPER}', '{203.0.113.0/24}',
              now() - interval '30.5 days', now() + interval '20.5 days', '2026-02-05Z' FROM users WHERE email LIKE 'bob%'`,
  );
  await operator.query(
    `INSERT INTO signing_keys (kid, algorithm, state, created_at, activated_at, key_id, wrapped_key, nonce, ciphertext)
       VALUES ('kid-1', 'RS256', 'active', now() - interval '11.5 days', now() - interval '10.5 days', 'k', 'w', 'n', 'c')`,
  );
});

afterAll(async () => {
  await operator.end();
  await database.stop();
});

async function review(url = database.serverUrl, settings: Readonly<Record<string, string>> = {}): Promise<Command> {
  const command = new Command('accessReview', [], { DATABASE_URL: url, DATA_DIR: '/nowhere', ...settings });
  await command.ended;
  return command;
}

it('prints users, keys and roles, and finds nothing where all is as it should be', async () => {
  const { status, stdout, stderr } = await review();
  expect([status, stderr]).toEqual([0, '']);
  for (const line of [
    'ada@example.org  ADMIN  MFA  last seen 2026-02-03',
    'bob@example.org  TRADER VIEWER  no MFA  last seen never',
    'tg_prod_abc  "grid bot" of bob@example.org  MARKET_READ TRADE_PAPER  from 203.0.113.0/24  30 days old, 20 days left, last used 2026-02-05',
    'kid-1  active for 10 days, made 11 days ago',
    'Redis user\n  none\n\nWrong\n  none\n',
  ])
    expect(stdout).toContain(line);
  expect(stdout).toMatch(
    /^ {2}tickgate-server {2}the server {2}owns 0 tables, appends to \d+, changes \d+, deletes from \d+$/m,
  );
  expect(stdout).toMatch(/^ {2}postgres {2}SUPERUSER {2}owns [1-9]\d* tables/m);
}, 60_000);

describeWith('redis-server', 'the Redis user', () => {
  let redis: RedisWithAcl;

  beforeAll(async () => {
    redis = await redisWithAcl();
  });

  afterAll(() => redis.stop());

  it('is printed, and may do nothing but what a server does with docker/redis/users.acl', async () => {
    const { status, stdout, stderr } = await review(database.serverUrl, { REDIS_URL: redis.url });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Redis user\n  tickgate  may do none of what a server does not do\n');
  }, 60_000);

  it('is wrong where it may do more, and nothing has changed by asking', async () => {
    const open = await RedisServer.start();
    const client = new Redis(open.url);
    await client.set('of-another-program', 'kept');
    const { status, stdout } = await review(database.serverUrl, { REDIS_URL: open.url });
    expect(status).toBe(1);
    const rights = /^Redis user\n {2}default {2}(.+)$/m.exec(stdout)?.[1]?.split(', ') ?? [];
    expect(rights).toEqual([
      'may empty the database (FLUSHALL)',
      'may read the configuration (CONFIG)',
      'may read who may do what (ACL)',
      'may see who is connected (CLIENT)',
      'may see the modules (MODULE)',
      'may drop the scripts (SCRIPT)',
      'may list the keys of others (SCAN)',
      'may use keys of others',
      'may publish to channels (PUBLISH)',
    ]);
    for (const right of rights)
      expect(stdout).toContain(`  the server's Redis user ${right}: docker/redis/users.acl needs none of it\n`);
    expect([await client.dbsize(), await client.get('of-another-program')]).toEqual([1, 'kept']);
    client.disconnect();
    await open.stop();
  }, 60_000);

  it('is wrong where nobody knows what it may do, and no password is printed', async () => {
    const guessed = redis.url.replace(/:[^:@]+@/, ':guessed-password@');
    const { status, stdout, stderr } = await review(database.serverUrl, { REDIS_URL: guessed });
    expect(status).toBe(1);
    expect(stdout).toMatch(/\n {2}what the server's Redis user may do is unknown: .*WRONGPASS.*; see to REDIS_URL\n/);
    expect(stdout + stderr).not.toContain('guessed-password');
  }, 60_000);
});

it('ends with 1 and says what is wrong', async () => {
  await operator.query('BEGIN');
  await operator.query(`UPDATE users SET mfa_enabled = false WHERE email LIKE 'ada%'`);
  await operator.query(`UPDATE signing_keys SET activated_at = now() - interval '40 days'`);
  await operator.query('ALTER TABLE users DISABLE TRIGGER USER');
  await operator.query(`UPDATE users SET disabled = true WHERE email LIKE 'bob%'`);
  await operator.query('ALTER TABLE users ENABLE TRIGGER USER');
  await operator.query('GRANT DELETE ON audit_entries TO PUBLIC');
  await operator.query('COMMIT');
  const { status, stdout } = await review();
  expect(status).toBe(1);
  expect(stdout.slice(stdout.indexOf('Wrong'))).toBe(`Wrong
  ada@example.org is an admin without a second factor
  the API key tg_prod_abc of bob@example.org, who is disabled, is not revoked
  the key kid-1 signs since 40 days: no server rotates it
  the server's database role may delete rows of audit_entries
`);
  // The owner of the schema is no role for a server.
  const asOwner = await review(database.ownerUrl);
  expect([asOwner.status, asOwner.stdout]).toEqual([
    1,
    expect.stringMatching(
      /\n {2}the server's database role owns, or may act for the owner of, [\w, ]+\baudit_entries\b[\w, ]+\n$/,
    ),
  ]);
}, 60_000);
