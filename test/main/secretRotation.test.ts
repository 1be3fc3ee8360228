import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { startDatabaseWithRoles, type DatabaseWithRoles } from '../kit/databaseRoles';
import { eventually } from '../kit/eventually';
import { MailServer } from '../kit/mailServer';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { RunningTickgate } from '../kit/tickgate';

/** Nobody answers there: no exchange is asked. */
const deadExchange = { restUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };
const word = (): string => randomBytes(24).toString('base64url');
const key = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

interface Health {
  readonly ready: boolean;
  readonly degraded: boolean;
  readonly states: readonly {
    readonly name: string;
    readonly healthy: boolean;
    readonly detail: string;
    readonly facts?: readonly { readonly name: string }[];
  }[];
}

describeWith('redis-server', 'secrets that change while the server runs', () => {
  const folder = makeTemporaryDir();
  const vault = new VaultStandIn();
  const keys = { k1: key('k1'), k2: key('k2'), p1: key('p1'), p2: key('p2') };
  const mail = { user: 'tickgate', password: word() };
  let redisPassword = word();
  let database: DatabaseWithRoles;
  let redis: RedisServer;
  let mails: MailServer;
  let server: RunningTickgate;
  let operator: Client;

  /** As whoever mounts secrets does: the whole file at once. Gives where it is. */
  function put(name: string, text: string): string {
    const file = path.join(folder.dir, name);
    writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return file;
  }

  const databaseUrl = (password: string): string => {
    const url = new URL(database.serverUrl);
    url.password = password;
    return url.href;
  };
  const redisUrl = (password: string): string => `redis://:${password}@127.0.0.1:${redis.port}`;
  const mailUrl = (of: MailServer, password: string): string => `smtp://${mail.user}:${password}@127.0.0.1:${of.port}`;

  beforeAll(async () => {
    await vault.start();
    vault.addToken('root-of-the-stand-in');
    [database, redis, mails] = await Promise.all([
      startDatabaseWithRoles(),
      RedisServer.start(['--requirepass', redisPassword]),
      MailServer.start({ login: mail }),
    ]);
    operator = new Client({ connectionString: database.superuserUrl });
    await operator.connect();
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(mails, mail.password) });
    server = await RunningTickgate.start('simulator', deadExchange, {
      environment: {
        DATABASE_URL_FILE: put('database', database.serverUrl),
        MIGRATION_DATABASE_URL_FILE: put('owner', database.ownerUrl),
        REDIS_URL_FILE: put('redis', redisUrl(redisPassword)),
        CREDENTIAL_KEYS_FILE: put('keys', keys.k1),
        PASSWORD_PEPPERS_FILE: put('peppers', keys.p1),
        AUDIT_KEY_FILE: put('audit', randomBytes(32).toString('base64')),
        SMTP_URL: 'vault://kv/tickgate/mail#url',
        MAIL_FROM: 'Tickgate <tickgate@example.com>',
        VAULT_ADDR: vault.url,
        VAULT_TOKEN_FILE: put('vault', 'root-of-the-stand-in'),
        SECRETS_REFRESH_S: '1',
      },
      spreadMs: 1_000,
    });
  }, 60_000);

  afterAll(async () => {
    await operator.end();
    await server.stop();
    await Promise.all([mails.stop(), redis.stop(), vault.stop()]);
    await database.stop();
    folder.remove();
  });

  async function health(): Promise<Health> {
    return (await (await fetch(`http://127.0.0.1:${server.tickgate.metricsPort}/health`)).json()) as Health;
  }

  const secretsState = async () => (await health()).states.find(({ name }) => name === 'secrets');

  /** What an operator reads of it, once that is so. */
  const told = (pattern: RegExp): Promise<string> =>
    eventually(async () => {
      const state = await secretsState();
      return state?.healthy === false && pattern.test(state.detail) ? state.detail : null;
    });

  const untilWell = () => eventually(async () => (await secretsState())?.healthy);

  const readiness = async (): Promise<readonly unknown[]> => {
    const response = await fetch(`${server.url}/readyz`);
    return [response.status, await response.json()];
  };

  const endConnections = () =>
    operator.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [database.serverRole]);

  const answers = async (): Promise<boolean> =>
    (await server.post<unknown>('{ me { id } }', { authorization: await server.signIn('VIEWER') })).errors ===
    undefined;

  it('takes another password of the database for the connections that follow, once it is known to be good', async () => {
    const next = word();
    await server.signIn('VIEWER');
    put('database', databaseUrl(next));
    await told(/DATABASE_URL: its new value is not used: .*28P01/);
    expect(await readiness()).toEqual([200, { status: 'degraded' }]);
    expect(await answers()).toBe(true);
    await operator.query(`ALTER ROLE "${database.serverRole}" PASSWORD '${next}'`);
    await untilWell();
    expect(await readiness()).toEqual([200, { status: 'ok' }]);
    await endConnections();
    await eventually(answers);
    await eventually(async () => (await readiness())[0] === 200);
    // Those that hear of changes are made anew as well.
    await eventually(async () => {
      const { rowCount } = await operator.query(
        `SELECT FROM pg_stat_activity WHERE usename = $1 AND application_name LIKE 'tickgate tickgate_%'`,
        [database.serverRole],
      );
      return (rowCount ?? 0) >= 4;
    });
  });

  it('does not go to another database: that takes a start', async () => {
    const file = new URL(database.serverUrl);
    file.pathname = '/another';
    put('database', file.href);
    await told(/DATABASE_URL: has another value, which is read at a start alone: restart needed/);
    rmSync(path.join(folder.dir, 'database'));
    await told(/DATABASE_URL: its last good value is used: DATABASE_URL_FILE names a file that cannot be read/);
    expect(await answers()).toBe(true);
  });

  it('takes another password of Redis, and counts there again', async () => {
    const next = word();
    put('redis', redisUrl(next));
    await told(/REDIS_URL: its new value is not used: Redis does not take it/);
    const admin = new Redis(redisUrl(redisPassword));
    await admin.config('SET', 'requirepass', next);
    redisPassword = next;
    await eventually(async () => !/REDIS_URL/.test((await secretsState())?.detail ?? ''));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await admin.flushall();
    await eventually(
      async () => {
        await server.login('VIEWER');
        return (await admin.dbsize()) > 0;
      },
      { everyMs: 200 },
    );
    admin.disconnect();
  });

  it('sends mail through another server once Vault says so, and goes on with the last one while Vault is away', async () => {
    const password = word();
    const other = await MailServer.start({ login: { user: mail.user, password } });
    const email = server.tickgate.demo?.users.find(({ role }) => role === 'TRADER')?.email ?? '';
    const ask = async (): Promise<unknown> =>
      server.post('mutation ($email: String!) { requestPasswordReset(email: $email) }', {
        path: '/auth/graphql',
        variables: { email },
      });
    await vault.stop();
    await told(/SMTP_URL: its last good value is used: SMTP_URL cannot be read from vault:.*Vault does not answer/);
    expect((await readiness())[0]).toBe(200);
    await ask();
    await mails.newest(1);
    vault.secrets.set('kv/tickgate/mail', { url: 'nonsense' });
    await vault.start();
    await told(/SMTP_URL: its new value is not used: SMTP_URL \(from vault:.*it is no URL/);
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(other, password) });
    await eventually(async () => !/SMTP_URL/.test((await secretsState())?.detail ?? ''));
    await ask();
    expect((await other.newest(1)).to).toEqual([email]);
    await other.stop();
  });

  it('seals with a new key, opens with the old one, and lets go of that only when nothing needs it', async () => {
    const sealedBy = async (): Promise<readonly string[]> =>
      (await operator.query<{ id: string }>('SELECT DISTINCT key_id AS id FROM signing_keys')).rows.map(({ id }) => id);
    expect(await sealedBy()).toEqual(['k1']);
    put('keys', keys.k2);
    await told(/CREDENTIAL_KEYS: its new value is not used: CREDENTIAL_KEYS lacks k1, which still seals/);
    put('keys', key('k1'));
    await told(/CREDENTIAL_KEYS: its new value is not used: The id k1 is another key's than before/);
    put('keys', 'k1:nonsense');
    await told(/CREDENTIAL_KEYS: its new value is not used: CREDENTIAL_KEYS \(from .*\): number 1 has 6 bytes/);
    put('keys', `${keys.k2},${keys.k1}`);
    await eventually(async () => (await sealedBy()).join() === 'k2');
    put('keys', keys.k2);
    await eventually(async () => !/CREDENTIAL_KEYS/.test((await secretsState())?.detail ?? ''));
    expect(await server.login('ADMIN')).toMatch(/^Bearer ey/);
  });

  it('hashes with a new pepper, and keeps the old one for as long as a password needs it', async () => {
    const { id } = server.tickgate.demo!.users.find(({ role }) => role === 'ANALYST')!;
    const hash = async (): Promise<string> =>
      (await operator.query<{ hash: string }>('SELECT password_hash AS hash FROM users WHERE id = $1', [id])).rows[0]!
        .hash;
    expect(await hash()).toMatch(/^p1:/);
    put('peppers', keys.p2);
    await told(/PASSWORD_PEPPERS: its new value is not used: PASSWORD_PEPPERS lacks p1, which is hashed with/);
    put('peppers', `${keys.p2},${keys.p1}`);
    await eventually(async () => !/PASSWORD_PEPPERS/.test((await secretsState())?.detail ?? ''));
    // Once it hashes, what is hashed otherwise is hashed anew when its user signs in.
    await eventually(
      async () => {
        expect(await server.login('ANALYST')).toMatch(/^Bearer ey/);
        return (await hash()).startsWith('p2:');
      },
      // Signing in is limited.
      { everyMs: 1_500 },
    );
    // Nobody hashes with it any more, but others have not signed in since.
    put('peppers', keys.p2);
    await told(
      /PASSWORD_PEPPERS: its new value is not used: PASSWORD_PEPPERS lacks one that the passwords of \d+ users/,
    );
    put('peppers', `${keys.p2},${keys.p1}`);
    await eventually(async () => !/PASSWORD_PEPPERS/.test((await secretsState())?.detail ?? ''));
  });

  it('tells since when each secret has its value, and which of them is too old', async () => {
    const agesNow = async () => (await health()).states.find(({ name }) => name === 'age of secrets');
    const young = await agesNow();
    expect([young?.healthy, young?.detail]).toEqual([true, expect.stringContaining('REDIS_URL: 0 days')]);
    vault.createdAt = new Date(Date.now() - 400 * 86_400_000);
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(mails, mail.password) });
    const old = await eventually(async () => {
      const state = await agesNow();
      return state?.healthy === false ? state : null;
    });
    expect(old.detail).toBe('replace what is older than 365 days (docs/SECRETS.md): SMTP_URL: 400 days');
    const facts = old.facts?.filter(({ name }) => name === 'SMTP_URL' || name === 'AUDIT_KEY');
    expect(facts).toMatchObject([
      { name: 'SMTP_URL', place: 'manager', ageDays: 400, isOverdue: true },
      { name: 'AUDIT_KEY', place: 'file', ageDays: 0, isOverdue: false },
    ]);
    expect(await readiness()).toEqual([200, { status: 'degraded' }]);
    vault.createdAt = new Date();
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(mails, mail.password).replace('127.0.0.1', 'localhost') });
    await eventually(async () => (await agesNow())?.healthy);
  });

  it('says of the key of the audit log that it is read at a start alone', async () => {
    put('audit', randomBytes(32).toString('base64'));
    await told(/AUDIT_KEY: has another value, which is read at a start alone: restart needed/);
    expect(await readiness()).toEqual([200, { status: 'degraded' }]);
  });
});
