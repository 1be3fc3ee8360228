import { execFile } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { connect, createServer } from 'node:tls';
import { Redis } from 'ioredis';
import { readDeployment, readFiles } from '../../scripts/containers/deployment';
import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import { Secret } from '../../src/domain/secret';
import { CredentialVault } from '../../src/identity/sealing/credentialVault';
import { KeyEncryptionKeys } from '../../src/identity/sealing/keyEncryptionKeys';
import { describeWith } from '../kit/needs';
import { RedisServer } from '../kit/redisServer';
import { localKeysOf } from '../kit/signingKeys';
import { makeTemporaryDir } from '../kit/temporaryDir';

const script = path.join(findProjectDir(), 'scripts/generate-secrets.sh');
const made = makeTemporaryDir();
const folder = path.join(made.dir, 'secrets');

const certificates = [
  'app/internal_ca',
  'postgres/postgres_cert',
  'postgres/postgres_key',
  'redis/internal_ca',
  'redis/redis_cert',
  'redis/redis_key',
];

interface Run {
  readonly status: number;
  readonly said: string;
}

function run(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(script, [...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
}

const read = (name: string, of = folder): string => readFileSync(path.join(of, name), 'utf8');
const mode = (place: string): string => (statSync(place).mode & 0o7777).toString(8);

/** By their places: "app/audit_key". */
function readAll(of = folder): Readonly<Record<string, string>> {
  const files = readdirSync(of, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => path.relative(of, path.join(parentPath, name)));
  return Object.fromEntries(names.map((name) => [name, read(name, of)]));
}

/** Mode, owner and group of a folder and of all that is in it. */
function accessTo(of: string): Readonly<Record<string, string>> {
  const places = ['', ...readdirSync(of, { recursive: true, encoding: 'utf8' })].map((name) => path.join(of, name));
  return Object.fromEntries(
    places.map((place) => [place, `${mode(place)} ${statSync(place).uid}:${statSync(place).gid}`]),
  );
}

/** What a server in production makes of the files. */
function load(of = folder) {
  const names = [
    'credential_keys',
    'audit_key',
    'password_peppers',
    'database_url',
    'migration_database_url',
    'redis_url',
  ];
  const places = ['access_token_private_key', ...names.map((name) => `app/${name}`)];
  const files = places.map((place) => [`${path.basename(place).toUpperCase()}_FILE`, path.join(of, place)] as const);
  const given = { NODE_ENV: 'production', HOST: '0.0.0.0', TRUSTED_PROXIES: 'none', EXCHANGES: 'binance' };
  const environment = { ...given, ...Object.fromEntries(files) };
  return loadConfig({ environment, projectDir: made.dir });
}

describeWith('openssl', 'scripts/generate-secrets.sh', () => {
  beforeAll(async () => {
    expect(await run(folder)).toMatchObject({ status: 0 });
  });

  afterAll(() => {
    made.remove();
  });

  it('makes files that their owner alone can read, and says nothing of what is in them', async () => {
    const other = path.join(made.dir, 'other');
    const { said } = await run(other);
    for (const place of ['', 'app', 'postgres', 'redis']) expect(mode(path.join(other, place))).toBe('700');
    for (const [name, text] of Object.entries(readAll(other))) {
      expect([name, mode(path.join(other, name))]).toEqual([name, '600']);
      expect(said).not.toContain(text.trim());
    }
  });

  it('never makes the same twice', async () => {
    const other = path.join(made.dir, 'another');
    await run(other);
    const texts = [folder, other].flatMap((of) => Object.values(readAll(of)));
    // The authority stands in two folders.
    expect(new Set(texts).size).toBe(texts.length - 2);
    expect(read('redis/internal_ca', other)).toBe(read('app/internal_ca', other));
  });

  it('makes what the server takes in production: keys of 32 bytes, RSA of 3072 bits, passwords of 256', () => {
    const { tokens, database } = load();
    expect(createPrivateKey(tokens.privateKeyPem?.reveal() ?? '').asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(new URL(database.url?.reveal() ?? '').password).toMatch(/^[0-9a-f]{64}$/);
    expect(read('app/database_url')).toContain(read('postgres/postgres_server_password').trim());
    expect(read('app/migration_database_url')).toContain(read('postgres/postgres_owner_password').trim());
  });

  it('refuses to overwrite, and leaves everything as it was, whatever is there', async () => {
    const before = readAll();
    expect(await run(folder)).toMatchObject({ status: 73, said: expect.stringContaining('--rotate') as unknown });
    expect(readAll()).toEqual(before);
    const one = path.join(made.dir, 'one');
    mkdirSync(one, { mode: 0o700 });
    writeFileSync(path.join(one, 'audit_key'), 'mine');
    expect((await run(one)).status).toBe(73);
    expect(readAll(one)).toEqual({ audit_key: 'mine' });
    for (const task of ['--rotate', '--certificates'])
      expect((await run(task, path.join(made.dir, 'nothing'))).status).toBe(73);
  });

  it.each(['1777', '755', '750'])('refuses a folder of mode %s that it did not make, and leaves it', async (bits) => {
    const open = path.join(made.dir, `open-${bits}`);
    mkdirSync(open);
    chmodSync(open, Number.parseInt(bits, 8));
    expect(await run(open)).toMatchObject({ status: 73, said: expect.stringContaining('not there yet') as unknown });
    expect(accessTo(open)).toEqual({ [open]: expect.stringMatching(`^${bits} `) as unknown });
  });

  it('takes an empty folder that is its own alone', async () => {
    const own = path.join(made.dir, 'own');
    mkdirSync(own, { mode: 0o700 });
    expect((await run(own)).status).toBe(0);
    expect(mode(own)).toBe('700');
  });

  it.each(['--rotate', '--certificates'])('%s leaves to everybody what they may read', async (task) => {
    const shared = path.join(made.dir, `shared${task}`);
    // Root alone gives files to groups that it is not in; whoever else runs this shows it with one of their own.
    const own = process.getgid?.() ?? 0;
    const group = process.getuid?.() === 0 ? 10_001 : (process.getgroups?.().find((other) => other !== own) ?? own);
    expect((await run('--group', String(group), shared)).status).toBe(0);
    const given = accessTo(shared);
    expect(given[path.join(shared, 'app')]).toMatch(new RegExp(`^750 .*:${group}$`));
    expect(given[path.join(shared, 'app/audit_key')]).toMatch(new RegExp(`^640 .*:${group}$`));
    // What somebody has changed by hand, since or before.
    chmodSync(shared, 0o711);
    chmodSync(path.join(shared, 'app'), 0o710);
    for (const file of ['app/database_url', 'app/internal_ca']) chmodSync(path.join(shared, file), 0o440);
    const before = accessTo(shared);
    expect(await run(task, shared)).toMatchObject({ status: 0 });
    expect(accessTo(shared)).toEqual(before);
  });

  it('rotates so that what is sealed still opens, under a new key from then on', async () => {
    const holder = { ownerId: 'o', accountId: 'a' };
    const vaultNow = () => new CredentialVault(new KeyEncryptionKeys(localKeysOf(load())));
    const credentials = { apiKey: new Secret('key of an exchange'), secret: new Secret('s'), passphrase: null };
    const sealed = await vaultNow().seal(holder, credentials);
    const before = readAll();
    expect(await run('--rotate', folder)).toMatchObject({ status: 0 });
    expect((await vaultNow().open(holder, sealed)).apiKey.reveal()).toBe('key of an exchange');
    expect(vaultNow().needsReseal(sealed)).toBe(true);
    const after = readAll();
    const kept = Object.keys(after).filter((name) => after[name] === before[name]);
    expect(kept.sort()).toEqual(['app/audit_key', ...certificates]);
    expect(load().passwords.peppers).toHaveLength(2);
  });

  it('leaves the keys that seal as they are where Vault keeps the first of them', async () => {
    const [own, vaulted] = [read('app/credential_keys'), 't1:transit://transit/tickgate'];
    writeFileSync(path.join(folder, 'app/credential_keys'), `${vaulted},\n${own}\n`);
    expect(await run('--rotate', folder)).toMatchObject({ status: 0 });
    expect(read('app/credential_keys')).toBe(`${vaulted},\n${own}`);
    writeFileSync(path.join(folder, 'app/credential_keys'), own);
  });

  it('makes other certificates without touching a key or a password', async () => {
    const before = readAll();
    expect(await run('--certificates', folder)).toMatchObject({ status: 0 });
    const after = readAll();
    expect(
      Object.keys(after)
        .filter((name) => after[name] !== before[name])
        .sort(),
    ).toEqual(certificates);
  });

  it('gives each service of docker/compose.yaml what it reads, and nothing else', () => {
    const { services } = readDeployment(readFiles(findProjectDir()));
    const configurations = {
      app: [],
      postgres: ['postgresql.conf', 'pg_hba.conf', '10-roles.sql'],
      redis: ['redis.conf'],
    };
    for (const [name, files] of Object.entries(configurations)) {
      const texts = files.map((file) => readFileSync(path.join(findProjectDir(), 'docker', name, file), 'utf8'));
      const said = [JSON.stringify(services[name]), ...texts].join('\n');
      const reads = new Set([...said.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, file = '']) => file));
      expect([name, readdirSync(path.join(folder, name)).sort()]).toEqual([name, [...reads].sort()]);
    }
  });

  it('makes certificates that are good for the names inside and for no other', async () => {
    const server = createServer({ key: read('postgres/postgres_key'), cert: read('postgres/postgres_cert') });
    server.on('tlsClientError', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const connectAs = async (servername: string): Promise<unknown> => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: read('app/internal_ca') });
      try {
        await once(socket, 'secureConnect');
        return 'connected';
      } catch (error) {
        return (error as { readonly code?: unknown }).code;
      } finally {
        socket.destroy();
      }
    };
    expect(await connectAs('postgres')).toBe('connected');
    expect(await connectAs('redis')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    server.close();
    await once(server, 'close');
  });
});

describeWith('redis-server', 'the users of Redis that it makes', () => {
  const place = makeTemporaryDir();
  const secrets = path.join(place.dir, 'secrets');

  afterAll(() => {
    place.remove();
  });

  it('let in with the password of redis_url, and with no other', async () => {
    expect((await run(secrets)).status).toBe(0);
    const url = new URL(read('app/redis_url', secrets).trim());
    const hash = createHash('sha256').update(url.password).digest('hex');
    expect(read('redis/redis_users', secrets)).toContain(`#${hash}`);
    const redis = await RedisServer.start(['--aclfile', path.join(secrets, 'redis/redis_users')]);
    const ask = async (password: string): Promise<unknown> => {
      const client = new Redis({
        port: redis.port,
        username: url.username,
        password,
        lazyConnect: true,
        retryStrategy: () => null,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return await client.zcard('tickgate:x');
      } catch {
        return 'refused';
      } finally {
        client.disconnect();
      }
    };
    expect([await ask(url.password), await ask('guessed')]).toEqual([0, 'refused']);
    await redis.stop();
  });
});
