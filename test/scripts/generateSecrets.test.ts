import { execFile } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { connect, createServer } from 'node:tls';
import { Redis } from 'ioredis';
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

function readAll(of = folder): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(of).map((name) => [name, read(name, of)]));
}

/** What a server in production makes of the files. */
function load(of = folder) {
  const names = ['credential_keys', 'audit_key', 'password_peppers', 'access_token_private_key'];
  const urls = ['database_url', 'migration_database_url', 'redis_url'];
  const files = [...names, ...urls].map((name) => [`${name.toUpperCase()}_FILE`, path.join(of, name)] as const);
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
    const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);
    expect(mode(folder)).toBe('700');
    for (const [name, text] of Object.entries(readAll(other))) {
      expect([name, mode(path.join(other, name))]).toEqual([name, '600']);
      expect(said).not.toContain(text.trim());
    }
  });

  it('never makes the same twice', async () => {
    const other = path.join(made.dir, 'another');
    await run(other);
    const texts = [folder, other].flatMap((of) => Object.values(readAll(of)));
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('makes what the server takes in production: keys of 32 bytes, RSA of 3072 bits, passwords of 256', () => {
    const { tokens, database } = load();
    expect(createPrivateKey(tokens.privateKeyPem?.reveal() ?? '').asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(new URL(database.url?.reveal() ?? '').password).toMatch(/^[0-9a-f]{64}$/);
    expect(read('database_url')).toContain(read('postgres_server_password').trim());
    expect(read('migration_database_url')).toContain(read('postgres_owner_password').trim());
  });

  it('refuses to overwrite, and leaves everything as it was, whatever is there', async () => {
    const before = readAll();
    expect(await run(folder)).toMatchObject({ status: 73, said: expect.stringContaining('--rotate') as unknown });
    expect(readAll()).toEqual(before);
    const one = path.join(made.dir, 'one');
    await run(one);
    chmodSync(one, 0o700);
    writeFileSync(path.join(one, 'audit_key'), 'mine');
    expect((await run(one)).status).toBe(73);
    expect(read('audit_key', one)).toBe('mine');
    expect((await run('--rotate', path.join(made.dir, 'nothing'))).status).toBe(73);
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
    expect(kept).toEqual(['audit_key']);
    expect(load().passwords.peppers).toHaveLength(2);
  });

  it('leaves the keys that seal as they are where Vault keeps the first of them', async () => {
    const [own, vaulted] = [read('credential_keys'), 't1:transit://transit/tickgate'];
    writeFileSync(path.join(folder, 'credential_keys'), `${vaulted},\n${own}\n`);
    expect(await run('--rotate', folder)).toMatchObject({ status: 0 });
    expect(read('credential_keys')).toBe(`${vaulted},\n${own}`);
    writeFileSync(path.join(folder, 'credential_keys'), own);
  });

  it('makes certificates that are good for the names inside and for no other', async () => {
    const server = createServer({ key: read('postgres.key'), cert: read('postgres.crt') });
    server.on('tlsClientError', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const connectAs = async (servername: string): Promise<unknown> => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: read('internal_ca.crt') });
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

  afterAll(() => {
    place.remove();
  });

  it('let in with the password of redis_url, and with no other', async () => {
    expect((await run(place.dir)).status).toBe(0);
    const url = new URL(read('redis_url', place.dir).trim());
    const hash = createHash('sha256').update(url.password).digest('hex');
    expect(read('redis_users.acl', place.dir)).toContain(`#${hash}`);
    const redis = await RedisServer.start(['--aclfile', path.join(place.dir, 'redis_users.acl')]);
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

describeWith('shellcheck', 'shell scripts', () => {
  it.each(['scripts/generate-secrets.sh', '.ci/run'])('shellcheck finds nothing in %s', async (file) => {
    const said = await new Promise<string>((resolve) => {
      execFile('shellcheck', [path.join(findProjectDir(), file)], (_, stdout, stderr) => {
        resolve(stdout + stderr);
      });
    });
    expect(said).toBe('');
  });
});
