import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { ConfigError } from '../../src/config/configError';
import { loadSettings, type Settings } from '../../src/config/loadSettings';
import type { Environment } from '../../src/config/sources';
import { Secret } from '../../src/domain/secret';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { ProjectFolder, production } from './projectFolder';

const project = new ProjectFolder();
const vault = new VaultStandIn();
const key = (): string => randomBytes(32).toString('base64');
const reference = 'vault://kv/tickgate/keys#audit';

beforeAll(async () => {
  await vault.start();
  vault.addToken('root-of-the-stand-in');
});

afterAll(async () => {
  await vault.stop();
});

function load(environment: Environment): Promise<Settings> {
  return loadSettings({ environment, projectDir: project.dir, clock: Date.now });
}

async function failureOf(environment: Environment): Promise<ConfigError> {
  const failure: unknown = await load(environment).catch((error: unknown) => error);
  if (!(failure instanceof ConfigError)) throw new Error(`no ConfigError: ${String(failure)}`);
  return failure;
}

const known = (): Environment => ({ VAULT_ADDR: vault.url, VAULT_TOKEN: 'root-of-the-stand-in' });

describe('a secret of a manager', () => {
  it('is read at the start, from the environment as from the file of the mode', async () => {
    const audit = key();
    vault.secrets.set('kv/tickgate/keys', { audit, redis: 'redis://:x@127.0.0.1' });
    project.write('config.development.yaml', 'REDIS_URL: vault://kv/tickgate/keys#redis\n');
    const { config, secrets } = await load({ ...known(), AUDIT_KEY: reference });
    expect(config.audit.key?.reveal()).toBe(audit);
    expect(config.redis.url?.reveal()).toBe('redis://:x@127.0.0.1');
    expect(config.secretPlaces.map(({ name, place, isReplaced }) => [name, place, isReplaced])).toEqual([
      ['REDIS_URL', 'manager', true],
      ['AUDIT_KEY', 'manager', false],
      ['VAULT_TOKEN', 'environment', true],
    ]);
    expect(secrets.map(({ name, place }) => [name, place])).toEqual([
      ['REDIS_URL', 'vault://kv/tickgate/keys#redis'],
      ['AUDIT_KEY', reference],
    ]);
  });

  it('is followed, as one of a file is, and what stands in the environment is not', async () => {
    const [first, second] = [key(), key()];
    vault.secrets.set('kv/tickgate/keys', { audit: first });
    const file = project.write('redis', 'redis://127.0.0.1\n');
    const { secrets } = await load({
      ...known(),
      AUDIT_KEY: reference,
      REDIS_URL_FILE: file,
      DATABASE_URL: 'postgres://a:b@127.0.0.1/c',
    });
    expect(secrets.map(({ name, first: { text } }) => [name, text.reveal()])).toEqual([
      ['REDIS_URL', 'redis://127.0.0.1'],
      ['AUDIT_KEY', first],
    ]);
    vault.secrets.set('kv/tickgate/keys', { audit: second });
    project.write('redis', 'redis://127.0.0.2\n');
    const read = await Promise.all(secrets.map((secret) => secret.read()));
    expect(read.map(({ text }) => text.reveal())).toEqual(['redis://127.0.0.2', second]);
    // Of a file by the file, of a manager by what that says.
    expect(read.map(({ changedAt }) => changedAt)).toEqual([statSync(file).mtimeMs, vault.createdAt?.getTime()]);
  });

  const safe = 'sslmode=verify-full';
  const database = (query: string): string =>
    `postgres://app:${randomBytes(24).toString('hex')}@db.internal/tickgate?${query}`;

  it.each([
    ['DATABASE_URL', database(safe), database('sslmode=require'), /needs \?sslmode=verify-full/],
    ['MIGRATION_DATABASE_URL', database(safe), database(''), /needs \?sslmode=verify-full/],
    ['REDIS_URL', 'rediss://redis.internal', 'redis://redis.internal', /needs rediss:/],
    ['CREDENTIAL_KEYS', `k1:${key()}`, 't1:transit://transit/tickgate', /set VAULT_ADDR/],
  ])('is judged as at a start when it changes: %s', async (name, good, weak, why) => {
    const pointed = { [name]: undefined, [`${name}_FILE`]: project.write('secret', good) };
    const { secrets } = await load({ ...production, ...pointed });
    const refusalOf = (text: string): unknown => {
      try {
        secrets[0]?.parse(new Secret(text));
        return null;
      } catch (error) {
        return error;
      }
    };
    expect(refusalOf(good)).toBeNull();
    expect(refusalOf(weak)).toMatchObject({ failure: 'refused', message: expect.stringMatching(why) as string });
  });

  it('that is not good is refused by its name and its place, and repeated nowhere', async () => {
    vault.secrets.set('kv/tickgate/keys', { audit: 'very-secret' });
    const { exitStatus, problems } = await failureOf({ ...known(), AUDIT_KEY: reference });
    expect(exitStatus).toBe(78);
    expect(problems).toEqual([expect.stringMatching(/^AUDIT_KEY \(from vault:\/\/kv\/tickgate\/keys#audit\): it /)]);
    expect(problems.join()).not.toContain('very');
  });

  it.each([
    ['that is missing', 'vault://kv/nowhere#x', /has nothing there/],
    ['of another form', 'vault://kv', /not of the form vault:\/\/mount\/path#field/],
  ])('%s stops the start for good', async (_, place, why) => {
    const { exitStatus, problems } = await failureOf({ ...known(), AUDIT_KEY: place });
    expect(exitStatus).toBe(78);
    expect(problems).toEqual([expect.stringMatching(why)]);
  });

  it('whose manager does not answer stops the start for now, unless something else is wrong as well', async () => {
    vault.brokenWith = 503;
    const passing = await failureOf({ ...known(), AUDIT_KEY: reference });
    const lasting = await failureOf({ ...known(), AUDIT_KEY: reference, PORT: 'x' });
    vault.brokenWith = null;
    expect([passing.exitStatus, lasting.exitStatus]).toEqual([69, 78]);
    expect(passing.problems).toEqual([expect.stringMatching(/^AUDIT_KEY cannot be read from vault:/)]);
  });
});

describe('what opens a manager', () => {
  it('is sent to nobody where production would take whoever answers for the manager', async () => {
    vault.asked.length = 0;
    const unchecked = { NODE_TLS_REJECT_UNAUTHORIZED: '0', AUDIT_KEY: reference };
    expect((await failureOf({ ...production, ...known(), ...unchecked })).problems).toEqual([
      expect.stringMatching(/^NODE_TLS_REJECT_UNAUTHORIZED=0 lets /),
    ]);
    expect(vault.asked).toEqual([]);
  });

  it.each([
    ['VAULT_TOKEN', reference],
    ['VAULT_SECRET_ID', 'awssm://x'],
  ])('cannot come from one: %s', async (name, value) => {
    const environment = { VAULT_ADDR: vault.url, VAULT_ROLE_ID: 'r', [name]: value, AUDIT_KEY: reference };
    expect((await failureOf(environment)).problems).toEqual([
      expect.stringMatching(new RegExp(`^${name} cannot come`)),
    ]);
  });

  it('is read again at each sign-in', async () => {
    const audit = key();
    vault.secrets.set('kv/tickgate/keys', { audit });
    vault.platformTokens.set('bots', 'jwt-1');
    const file = project.write('jwt', 'jwt-1');
    const { secrets } = await load({
      VAULT_ADDR: vault.url,
      VAULT_ROLE: 'bots',
      VAULT_JWT_FILE: file,
      AUDIT_KEY: reference,
    });
    // By whoever signs in, not by whoever follows secrets.
    expect(secrets.map(({ name }) => name)).toEqual(['AUDIT_KEY']);
    vault.platformTokens.set('bots', 'jwt-2');
    vault.tokens.clear();
    await expect(secrets[0]?.read()).rejects.toMatchObject({ failure: 'refused' });
    project.write('jwt', 'jwt-2');
    expect((await secrets[0]?.read())?.text.reveal()).toBe(audit);
    vault.addToken('root-of-the-stand-in');
  });

  it.each([
    ['none', {}],
    ['two', { VAULT_TOKEN: 'x', VAULT_ROLE: 'bots', VAULT_JWT: 'y' }],
    ['half of one', { VAULT_ROLE_ID: 'bots' }],
    ['one and half of another', { VAULT_TOKEN: 'x', VAULT_ROLE_ID: 'bots' }],
    ['halves of two', { VAULT_ROLE_ID: 'bots', VAULT_JWT: 'y' }],
    ['a token, and a place to sign in at', { VAULT_TOKEN: 'x', VAULT_AUTH_MOUNT: 'approle-2' }],
  ])('is one way to sign in, not %s', async (_, ways) => {
    expect((await failureOf({ VAULT_ADDR: vault.url, ...ways })).problems).toEqual([
      expect.stringMatching(/^VAULT_ADDR is set: set one way to sign in/),
    ]);
  });

  it('goes over TLS in production, except on loopback', async () => {
    const far = { VAULT_ADDR: 'http://vault.internal:8200', VAULT_TOKEN: 'hvs.CAESIJ' };
    expect((await failureOf({ ...production, ...far })).problems).toEqual([
      expect.stringMatching(/^VAULT_ADDR is not encrypted/),
    ]);
    const google = { GOOGLE_SECRETS_URL: 'http://google.internal' };
    expect((await failureOf({ ...production, ...google, ...known() })).problems).toEqual([
      expect.stringMatching(/^GOOGLE_SECRETS_URL is not encrypted/),
    ]);
    expect((await load({ ...production, ...known() })).config.mode).toBe('production');
  });
});
