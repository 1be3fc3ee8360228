import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Secret } from '../../src/domain/secret';
import { loadPackage } from '../../src/secrets/loadPackage';
import { SecretError } from '../../src/secrets/secretError';
import { SecretManagers } from '../../src/secrets/secretManagers';
import type { VaultAuth } from '../../src/secrets/vault/vaultToken';
import { describeWith } from '../kit/needs';
import { AwsStandIn } from '../kit/secretManagers/awsStandIn';
import { GoogleStandIn } from '../kit/secretManagers/googleStandIn';
import { VaultStandIn } from '../kit/secretManagers/vaultStandIn';
import { makeTemporaryDir } from '../kit/temporaryDir';

const folder = makeTemporaryDir();
const vault = new VaultStandIn();
const aws = new AwsStandIn();
const google = new GoogleStandIn();
const before = { ...process.env };
let now = Date.now();
let managers: SecretManagers;

const token = (text: string): VaultAuth => ({ method: 'token', token: () => new Secret(text) });

function open(auth: VaultAuth = token('root-of-the-stand-in')): SecretManagers {
  const settings = {
    vault: { address: vault.url, ca: null, namespace: null, auth },
    google: { address: google.url },
  };
  return new SecretManagers({ settings, clock: () => now });
}

/** The text that is kept there. */
const textOf = async (reference: string, of = managers): Promise<string> => (await of.read(reference)).text;

/** The failure that reading ends with. */
async function failureOf(reference: string, of = managers): Promise<SecretError> {
  const failure: unknown = await of.read(reference).catch((error: unknown) => error);
  if (!(failure instanceof SecretError)) throw new Error(`no SecretError: ${String(failure)}`);
  return failure;
}

beforeAll(async () => {
  await Promise.all([vault.start(), aws.start(), google.start()]);
  vault.clock = () => now;
  vault.addToken('root-of-the-stand-in');
  const credentials = path.join(folder.dir, 'service-account.json');
  writeFileSync(credentials, google.credentials);
  Object.assign(process.env, aws.environment, { GOOGLE_APPLICATION_CREDENTIALS: credentials });
});

afterAll(async () => {
  process.env = before;
  await Promise.all([vault.stop(), aws.stop(), google.stop()]);
  folder.remove();
});

beforeEach(() => {
  managers = open();
});

const put = {
  vault: (value: string) => vault.secrets.set('kv/tickgate/redis', { url: value, other: 'x' }),
  awssm: (value: string) => aws.secrets.set('tickgate/redis', value),
  gcpsm: (value: string) => google.secrets.set('my-project/redis', value),
};

describe.each([
  ['HashiCorp Vault', 'vault', 'vault://kv/tickgate/redis#url', 'vault://kv/tickgate/nothing#url', vault],
  ['AWS Secrets Manager', 'awssm', 'awssm://tickgate/redis', 'awssm://tickgate/nothing', aws],
  ['Google Secret Manager', 'gcpsm', 'gcpsm://my-project/redis', 'gcpsm://my-project/nothing', google],
] as const)('%s', (_, manager, reference, absent, standIn) => {
  const value = randomBytes(24).toString('base64url');

  it('gives what is kept there', async () => {
    put[manager](`${value}\n`);
    expect(await textOf(reference)).toBe(value);
  });

  it('tells since when that is its value, and nothing where the manager does not', async () => {
    put[manager](value);
    standIn.createdAt = new Date('2026-02-03T04:05:06Z');
    expect(await open().read(reference)).toEqual({ text: value, changedAt: Date.UTC(2026, 1, 3, 4, 5, 6) });
    standIn.createdAt = null;
    expect(await open().read(reference)).toEqual({ text: value, changedAt: null });
  });

  it('says that nothing is kept there', async () => {
    expect((await failureOf(absent)).failure).toBe('missing');
  });

  it('gives the new value once it was rotated', async () => {
    put[manager]('before');
    expect(await textOf(reference)).toBe('before');
    put[manager](value);
    expect(await textOf(reference)).toBe(value);
  });

  it('is unavailable while it is broken and while it is gone, and is read again afterwards', async () => {
    put[manager](value);
    expect(await textOf(reference)).toBe(value);
    standIn.brokenWith = 503;
    const broken = await failureOf(reference);
    standIn.brokenWith = null;
    await standIn.stop();
    const gone = await failureOf(reference);
    await standIn.start();
    expect([broken.failure, gone.failure]).toEqual(['unavailable', 'unavailable']);
    expect([broken.message, gone.message].join()).not.toContain(value);
    expect(await textOf(reference)).toBe(value);
  });
});

it('asks Google once for the time of a version, also where it may not be told', async () => {
  put.gcpsm('x');
  google.createdAt = new Date();
  google.asked.length = 0;
  const reference = 'gcpsm://my-project/redis';
  const asked = (): readonly string[] => google.asked.map(({ url }) => url.slice(url.lastIndexOf('/') + 1));
  const mine = open();
  for (let count = 0; count < 2; count += 1) await mine.read(reference);
  expect(asked()).toEqual(['latest:access', '1', 'latest:access']);
  google.asked.length = 0;
  google.hidesVersions = true;
  const stranger = open();
  for (let count = 0; count < 2; count += 1) expect((await stranger.read(reference)).changedAt).toBeNull();
  expect(asked()).toEqual(['latest:access', '1', 'latest:access']);
  google.hidesVersions = false;
});

describe('a field of a secret that is JSON', () => {
  it.each([
    ['awssm', 'awssm://tickgate/redis#url'],
    ['gcpsm', 'gcpsm://my-project/redis#url'],
  ] as const)('is read from %s', async (manager, reference) => {
    put[manager](JSON.stringify({ url: 'redis://a', port: 1 }));
    expect(await textOf(reference)).toBe('redis://a');
    expect((await failureOf(reference.replace('#url', '#port'))).failure).toBe('missing');
    put[manager]('very-secret {');
    const { failure, message } = await failureOf(reference);
    expect(failure).toBe('missing');
    expect(message).not.toContain('very');
  });

  it('is missing from Vault where it is not there', async () => {
    put.vault('x');
    expect((await failureOf('vault://kv/tickgate/redis#password')).failure).toBe('missing');
  });
});

describe('who asks', () => {
  it('is refused by AWS where what was sent is not signed with the key that it knows', async () => {
    put.awssm('x');
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another';
    const stranger = open();
    expect((await failureOf('awssm://tickgate/redis', stranger)).failure).toBe('refused');
    Object.assign(process.env, aws.environment);
  });

  it('is refused by Google where another signed the token', async () => {
    put.gcpsm('x');
    const file = path.join(folder.dir, 'another.json');
    writeFileSync(file, new GoogleStandIn().credentials);
    const known = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
    expect((await failureOf('gcpsm://my-project/redis', open())).failure).toBe('refused');
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = known;
  });

  it('is refused by Vault without a token that is good', async () => {
    put.vault('x');
    expect((await failureOf('vault://kv/tickgate/redis#url', open(token('guessed')))).failure).toBe('refused');
  });

  it.each([
    ['an AppRole', { method: 'approle', mount: 'approle', roleId: 'bots', secretId: () => new Secret('s-1') }],
    ['a token of the platform', { method: 'jwt', mount: 'kubernetes', role: 'bots', jwt: () => new Secret('s-1') }],
  ] as const)('signs in to Vault with %s, once for all that is read at a time', async (_, auth) => {
    put.vault('x');
    vault.appRoles.set('bots', 's-1');
    vault.platformTokens.set('bots', 's-1');
    const logins = vault.logins;
    const mine = open(auth);
    const reference = 'vault://kv/tickgate/redis#url';
    expect(await Promise.all([textOf(reference, mine), textOf(reference, mine)])).toEqual(['x', 'x']);
    expect(await textOf(reference, mine)).toBe('x');
    expect(vault.logins).toBe(logins + 1);
    const wrong = open({ method: 'approle', mount: 'approle', roleId: 'bots', secretId: () => new Secret('s-2') });
    expect((await failureOf(reference, wrong)).failure).toBe('refused');
  });

  it('renews its token after half of its life, and signs in anew where it was revoked', async () => {
    put.vault('x');
    vault.appRoles.set('bots', 's-1');
    const mine = open({ method: 'approle', mount: 'approle', roleId: 'bots', secretId: () => new Secret('s-1') });
    const reference = 'vault://kv/tickgate/redis#url';
    await mine.read(reference);
    const { logins, renewals } = vault;
    now += 1_700_000;
    await mine.read(reference);
    expect([vault.logins, vault.renewals]).toEqual([logins, renewals]);
    now += 200_000;
    await mine.read(reference);
    expect([vault.logins, vault.renewals]).toEqual([logins, renewals + 1]);
    // Past the end of what the sign-in gave.
    now += 1_750_000;
    expect(await textOf(reference, mine)).toBe('x');
    expect(vault.logins).toBe(logins);
    vault.tokens.clear();
    expect(await textOf(reference, mine)).toBe('x');
    expect(vault.logins).toBe(logins + 1);
  });
});

describe('what the operator does next', () => {
  const approle = (secretId: string): VaultAuth => {
    return { method: 'approle', mount: 'approle', roleId: 'bots', secretId: () => new Secret(secretId) };
  };
  const jwt = (text: string): VaultAuth => {
    return { method: 'jwt', mount: 'kubernetes', role: 'bots', jwt: () => new Secret(text) };
  };
  const reference = 'vault://kv/tickgate/redis#url';

  afterEach(() => {
    vault.allowsReading = true;
    for (const standIn of [vault, aws, google]) standIn.brokenWith = null;
    aws.refusesWith = null;
  });

  it.each<[string, () => void, RegExp]>([
    ['policies', () => (vault.allowsReading = false), /HTTP 403\): give .* "read" on kv\/data\/tickgate\/redis$/],
    ['kind of engine', () => (vault.brokenWith = 400), /HTTP 400\): .* version 2 is at kv, "vault secrets list"$/],
    [
      'paths',
      () => void vault.secrets.delete('kv/tickgate/redis'),
      /HTTP 404\): see "vault kv get -mount=kv tickgate\/redis", and VAULT_NAM/,
    ],
    ['seal', () => (vault.brokenWith = 503), /HTTP 503\): it is sealed or being maintained; .* unseal it$/],
    ['log', () => (vault.brokenWith = 500), /HTTP 500\): see "vault status", and what it logs$/],
  ])('is said by Vault of its %s', async (_, make, remedy) => {
    put.vault('very-secret');
    vault.addToken('root-of-the-stand-in');
    await managers.read(reference);
    make();
    const { message } = await failureOf(reference);
    expect(message).toMatch(remedy);
    expect(message).not.toMatch(/very-secret|root-of-the-stand-in/);
  });

  it.each<[string, VaultAuth, number | null, RegExp]>([
    ['a token', token('s-guessed'), null, /HTTP 403\): VAULT_TOKEN is wrong, .*"vault token create"/],
    ['an AppRole', approle('s-guessed'), null, /HTTP 400\): .* set another VAULT_SECRET_ID, .*auth\/approle\/role/],
    ['a token of the platform', jwt('s-guessed'), null, /HTTP 400\): .* the role of VAULT_ROLE takes .*role\/bots"/],
    ['a token of no namespace', token('s-guessed'), 404, /HTTP 404\): see VAULT_ADDR and VAULT_NAMESPACE$/],
    ['another mount', jwt('s-guessed'), 404, /HTTP 404\): .* auth\/kubernetes: see VAULT_AUTH_MOUNT/],
  ])('is said of a sign-in to Vault with %s', async (_, auth, brokenWith, remedy) => {
    vault.brokenWith = brokenWith;
    const { message } = await failureOf(reference, open(auth));
    expect(message).toMatch(remedy);
    expect(message).not.toContain('s-guessed');
  });

  it.each([
    ['AccessDeniedException', /allow it secretsmanager:GetSecretValue there/],
    ['DecryptionFailure', /allow it kms:Decrypt$/],
    ['UnrecognizedClientException', /see the credentials that it signs with/],
    ['InvalidRequestException', /marked for deletion: "aws secretsmanager restore-secret"$/],
    ['ResourceNotFoundException', /nothing there: see its name, AWS_REGION and the account$/],
    ['InternalServiceError', /does not answer \(InternalServiceError\): see AWS_REGION/],
  ])('is said of the %s of AWS', async (kind, remedy) => {
    put.awssm('very-secret');
    aws.refusesWith = kind;
    const { message } = await failureOf('awssm://tickgate/redis');
    expect(message).toMatch(remedy);
    expect(message).not.toMatch(/very-secret|of the stand-in/);
  });

  it.each([
    [400, /disabled or destroyed: "gcloud secrets versions list"$/],
    [401, /see the credentials that it signs with \(GOOGLE_APPLICATION_CREDENTIALS\)/],
    [403, /give its service account roles\/secretmanager\.secretAccessor there/],
    [404, /nothing there: see project, name and version$/],
    [503, /does not answer \(503\): see GOOGLE_SECRETS_URL/],
  ])('is said of the HTTP %i of Google', async (status, remedy) => {
    google.brokenWith = status;
    expect((await failureOf('gcpsm://my-project/redis')).message).toMatch(remedy);
  });
});

describeWith('openssl', 'Vault over TLS', () => {
  it('is asked where an authority that is known vouches for it, and told nothing otherwise', async () => {
    const file = (name: string): string => path.join(folder.dir, name);
    const subject = ['-subj', '/CN=vault', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const files = ['-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...key, ...files, ...subject], { stdio: 'pipe' });
    const cert = readFileSync(file('cert.pem'), 'utf8');
    const far = new VaultStandIn();
    far.tls = { key: readFileSync(file('key.pem'), 'utf8'), cert };
    await far.start();
    far.addToken('t');
    far.secrets.set('kv/a', { b: 'x' });
    const at = (ca: string | null): SecretManagers =>
      new SecretManagers({
        settings: {
          vault: { address: far.url, ca, namespace: 'team', auth: token('t') },
          google: { address: google.url },
        },
        clock: Date.now,
      });
    const failure = await failureOf('vault://kv/a#b', at(null));
    expect([failure.failure, failure.message, far.asked]).toEqual([
      'unavailable',
      expect.stringMatching(/^Vault does not answer \(DEPTH_ZERO_SELF_SIGNED_CERT\): .* VAULT_CACERT/) as string,
      [],
    ]);
    expect(await textOf('vault://kv/a#b', at(cert))).toBe('x');
    expect(far.asked.map(({ headers }) => headers['x-vault-namespace'])).toEqual(['team', 'team']);
    await far.stop();
  });
});

describe('a reference', () => {
  it.each([
    'vault://kv#field',
    'vault://kv/path',
    'vault://kv/../sys/raw#x',
    'vault://kv//x#y',
    'vault://kv/x#',
    'awssm://',
    'awssm://a b',
    'awssm://a#b c',
    'gcpsm://project',
    'gcpsm://project/secret/0',
    'gcpsm://project/secret/latest/x',
    'gcpsm://Project/../secret',
  ])('of another form is refused, and nobody is asked: %s', async (reference) => {
    const asked = vault.asked.length + aws.asked.length + google.asked.length;
    expect(await failureOf(reference)).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('not of the form') as unknown,
    });
    expect(vault.asked.length + aws.asked.length + google.asked.length).toBe(asked);
  });

  it('takes the full name that AWS gives a secret', async () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:tickgate/redis-a1B2c3';
    aws.secrets.set(arn, 'x');
    expect(await textOf(`awssm://${arn}`)).toBe('x');
  });

  it('to Vault is refused where no Vault is set', async () => {
    const none = new SecretManagers({ settings: { vault: null, google: { address: google.url } }, clock: () => now });
    expect(await failureOf('vault://kv/tickgate/redis#url', none)).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('VAULT_ADDR') as unknown,
    });
  });

  it('to a manager whose client is not installed says what to install', async () => {
    const absent = 'no-such-client';
    const failure: unknown = await loadPackage(absent, () => import(absent) as Promise<unknown>).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('npm install no-such-client') as unknown,
    });
  });
});
