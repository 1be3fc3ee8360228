import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { startDatabaseWithRoles, type DatabaseWithRoles } from '../kit/databaseRoles';
import { Command } from '../kit/command';
import { eventually } from '../kit/eventually';
import { rsaPem } from '../kit/keyPairs';
import { MailServer } from '../kit/mailServer';
import { describeWith } from '../kit/needs';
import { NodeProcess } from '../kit/nodeProcess';
import { RedisServer } from '../kit/redisServer';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { filesBelow, findBytes, findTraces, readDatabase, readRedis, type Planted } from '../kit/traces';

const onLinux = process.platform === 'linux' ? it : it.skip;

const word = (): string => randomBytes(24).toString('base64url');
const bytes = (): Buffer => randomBytes(32);
const base64 = (key: Buffer): string => key.toString('base64');
const pem = rsaPem(3072);
const otherPem = rsaPem(3072);
/** What stands in a line of the PEM, which is less than what a line of anything else holds. */
const lineOf = (key: string): Buffer => Buffer.from(key.split('\n')[10] ?? '', 'base64');

/** What the server is given through files and by Vault: at the start, later, and what it refuses. */
const planted = {
  database: word(),
  owner: word(),
  redis: word(),
  mail: word(),
  vaultToken: word(),
  sealingKey: bytes(),
  olderSealingKey: bytes(),
  pepper: bytes(),
  olderPepper: bytes(),
  auditKey: bytes(),
  signingKey: lineOf(pem),
  laterDatabase: word(),
  laterRedis: word(),
  laterMail: word(),
  laterSealingKey: bytes(),
  laterPepper: bytes(),
  wrongDatabase: word(),
  wrongRedis: word(),
  wrongMail: word(),
  wrongKeys: word(),
  wrongAuditKey: word(),
  wrongSigningKey: lineOf(otherPem),
} satisfies Planted;

describeWith('redis-server', 'secrets that a server is given', () => {
  const folder = makeTemporaryDir();
  const data = makeTemporaryDir();
  const vault = new VaultStandIn();
  const answers: string[] = [];
  const places: Record<string, readonly string[]> = {};
  const commands: Command[] = [];
  let database: DatabaseWithRoles;
  let redis: RedisServer;
  let mails: MailServer;
  let operator: Client;
  let url: string;
  let metricsUrl: string;

  function put(name: string, text: string): string {
    const file = path.join(folder.dir, name);
    writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return file;
  }

  function withPassword(place: string, password: string): string {
    const changed = new URL(place);
    changed.password = password;
    return changed.href;
  }

  const redisUrl = (password: string): string => `redis://:${password}@127.0.0.1:${redis.port}`;
  const mailUrl = (password: string): string => `smtp://tickgate:${password}@127.0.0.1:${mails.port}`;
  const sealing = (...keys: readonly Buffer[]): string =>
    keys.map((key, at) => `k${keys.length - at}:${base64(key)}`).join();

  function start(files: Readonly<Record<string, string>>, direct: Readonly<Record<string, string>> = {}): Command {
    const named = Object.entries(files).map(([name, file]) => [`${name}_FILE`, file] as const);
    const command = new Command('start', [], {
      DATA_DIR: data.dir,
      PORT: '0',
      METRICS_PORT: '0',
      LOG_LEVEL: 'trace',
      EXCHANGES: 'simulator',
      EXCHANGE_SIMULATOR_REST_URL: 'http://127.0.0.1:9',
      EXCHANGE_SIMULATOR_WS_URL: 'ws://127.0.0.1:9',
      SECRETS_REFRESH_S: '1',
      MAIL_FROM: 'Tickgate <tickgate@example.com>',
      VAULT_ADDR: vault.url,
      SMTP_URL: 'vault://kv/tickgate/mail#url',
      ...Object.fromEntries(named),
      ...direct,
    });
    commands.push(command);
    return command;
  }

  async function ask(place: string, body?: object): Promise<string> {
    const response = await fetch(place, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = `${JSON.stringify([...response.headers])} ${await response.text()}`;
    answers.push(said);
    return said;
  }

  const health = (): Promise<string> => ask(metricsUrl.replace('/metrics', '/health'));
  const told = (pattern: RegExp) => eventually(async () => pattern.test(await health()), { everyMs: 100 });
  const auth = (query: string): Promise<string> => ask(`${url}/auth/graphql`, { query });

  beforeAll(async () => {
    [database, redis, mails] = await Promise.all([
      startDatabaseWithRoles(),
      RedisServer.start(['--requirepass', planted.redis]),
      MailServer.start({ login: { user: 'tickgate', password: planted.mail } }),
      vault.start(),
    ]);
    vault.addToken(planted.vaultToken);
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(planted.mail) });
    operator = new Client({ connectionString: database.superuserUrl });
    operator.on('error', () => undefined);
    await operator.connect();
    await operator.query(`ALTER ROLE "${database.serverRole}" PASSWORD '${planted.database}'`);
    await operator.query(`ALTER ROLE "${new URL(database.ownerUrl).username}" PASSWORD '${planted.owner}'`);
  });

  afterAll(async () => {
    await Promise.all(commands.map((command) => command.stop()));
    await operator.end();
    await Promise.all([redis.stop(), mails.stop(), vault.stop()]);
    await database.stop();
    folder.remove();
    data.remove();
  });

  it('has refused what is wrong before', async () => {
    const wrong = start({
      DATABASE_URL: put('wrong-database', `mysql://a:${planted.wrongDatabase}@127.0.0.1/x`),
      REDIS_URL: put('wrong-redis', `http://:${planted.wrongRedis}@127.0.0.1`),
      CREDENTIAL_KEYS: put('wrong-keys', planted.wrongKeys),
      AUDIT_KEY: put('wrong-audit', planted.wrongAuditKey),
      ACCESS_TOKEN_PRIVATE_KEY: put('wrong-signing', otherPem.slice(0, -100)),
      VAULT_TOKEN: put('vault', planted.vaultToken),
    });
    expect(await wrong.ended).toBe(78);
    expect(wrong.stderr.split('\n').filter((line) => line !== '')).toHaveLength(5);
  });

  it('runs, signs in, fails in every way, is given other values, good and bad, and stops', async () => {
    const command = start({
      DATABASE_URL: put('database', withPassword(database.serverUrl, planted.database)),
      MIGRATION_DATABASE_URL: put('owner', withPassword(database.ownerUrl, planted.owner)),
      REDIS_URL: put('redis', redisUrl(planted.redis)),
      CREDENTIAL_KEYS: put('keys', sealing(planted.sealingKey, planted.olderSealingKey)),
      PASSWORD_PEPPERS: put('peppers', sealing(planted.pepper, planted.olderPepper)),
      AUDIT_KEY: put('audit', base64(planted.auditKey)),
      ACCESS_TOKEN_PRIVATE_KEY: put('signing', pem),
      VAULT_TOKEN: path.join(folder.dir, 'vault'),
    });
    const [, metricsPort = ''] = await command.says(/metrics: http:\/\/127\.0\.0\.1:(\d+)\/metrics/);
    const [, port = ''] = await command.says(/Tickgate is running: http:\/\/localhost:(\d+)\/graphql/);
    url = `http://127.0.0.1:${port}`;
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    const users = JSON.parse(readFileSync(path.join(data.dir, 'demo-users.json'), 'utf8')) as readonly {
      readonly email: string;
      readonly password: string;
    }[];
    const { email, password } = users[0]!;
    const login = (of: string): Promise<string> =>
      auth(`mutation { login(email: ${JSON.stringify(email)}, password: ${JSON.stringify(of)}) { accessToken } }`);
    expect(await login(password)).toContain('accessToken');
    expect(await login('wrong')).toContain('LOGIN_FAILED');
    await auth(`mutation { requestPasswordReset(email: ${JSON.stringify(email)}) }`);
    await mails.newest(1);

    put('database', withPassword(database.serverUrl, planted.wrongDatabase));
    put('redis', redisUrl(planted.wrongRedis));
    put('keys', `k9:${planted.wrongKeys}`);
    put('audit', planted.wrongAuditKey);
    put('signing', otherPem);
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(planted.wrongMail).replace('smtp:', 'http:') });
    await told(/DATABASE_URL.*REDIS_URL.*SMTP_URL.*CREDENTIAL_KEYS.*AUDIT_KEY/);
    await operator.query(`ALTER ROLE "${database.serverRole}" PASSWORD '${planted.laterDatabase}'`);
    const admin = new Redis(redisUrl(planted.redis));
    await admin.config('SET', 'requirepass', planted.laterRedis);
    admin.disconnect();
    put('database', withPassword(database.serverUrl, planted.laterDatabase));
    put('redis', redisUrl(planted.laterRedis));
    put('keys', `k3:${base64(planted.laterSealingKey)},${sealing(planted.sealingKey, planted.olderSealingKey)}`);
    put('peppers', `k3:${base64(planted.laterPepper)},${sealing(planted.pepper, planted.olderPepper)}`);
    put('audit', base64(planted.auditKey));
    vault.secrets.set('kv/tickgate/mail', { url: mailUrl(planted.laterMail) });
    await told(/"name":"secrets","healthy":true/);
    expect(await login(password)).toContain('accessToken');
    // That mail server knows the first password alone.
    await auth(`mutation { requestPasswordReset(email: ${JSON.stringify(email)}) }`);

    await vault.stop();
    await told(/SMTP_URL: its last good value is used/);
    places['redis'] = (await readRedis(redisUrl(planted.laterRedis))).map(({ text }) => text);
    await redis.stop();
    await operator.query(`ALTER ROLE "${database.serverRole}" NOLOGIN`);
    await operator.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      database.serverRole,
    ]);
    expect(await login(password)).toMatch(/INTERNAL_SERVER_ERROR|UNAVAILABLE|RATE_LIMITED/);
    await Promise.all([ask(`${url}/readyz`), health(), ask(metricsUrl)]);
    places['process'] = process.platform === 'linux' ? tracesOf(command.pid) : [];
    await command.stop();
  });

  it('finds none of 22 in logs, answers, Redis, the database or what the server has written', async () => {
    expect(Object.keys(planted)).toHaveLength(22);
    const found = findTraces(planted, {
      ...places,
      ...(await readDatabase(database.superuserUrl)),
      log: commands.map(({ stderr }) => stderr),
      output: commands.map(({ stdout }) => stdout),
      answers,
      files: filesBelow(data.dir).map((file) => readFileSync(file, 'latin1')),
    });
    expect(found).toEqual({});
    expect(places['redis']).not.toEqual([]);
    await operator.query('CHECKPOINT');
    const { rows } = await operator.query<{ data_directory: string }>('SHOW data_directory');
    expect(findBytes(planted, filesBelow(rows[0]!.data_directory))).toEqual([]);
    expect(commands.map(({ stderr }) => stderr).join().length).toBeGreaterThan(1_000);
  });

  onLinux('finds none of them in the environment and on the command line of the process', () => {
    expect(places['process']?.join()).toContain('DATABASE_URL_FILE=');
  });

  onLinux('would find each of them there and in a log', async () => {
    const careless = new NodeProcess(['-e', 'setInterval(() => {}, 1_000)', planted.owner], {
      PATH: process.env.PATH,
      DATABASE_URL: withPassword(database.serverUrl, planted.database),
    });
    await eventually(() => tracesOf(careless.pid).join().includes('DATABASE_URL'));
    const found = findTraces(planted, { process: tracesOf(careless.pid) });
    await careless.stop();
    expect(found).toEqual({ database: ['process'], owner: ['process'] });
    const said = Object.values<string | Buffer>(planted).map((value) =>
      JSON.stringify({ msg: `was ${typeof value === 'string' ? value : base64(value)} before` }),
    );
    expect(Object.keys(findTraces(planted, { log: said }))).toEqual(Object.keys(planted));
  });
});

/** What everybody of the same user reads of a process. */
function tracesOf(pid: number): readonly string[] {
  return ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1'));
}
