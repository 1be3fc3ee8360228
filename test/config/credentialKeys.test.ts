import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { credentialKeys } from '../../src/config/credentialKeys';
import { localKeysOf } from '../kit/signingKeys';
import { ProjectFolder, production } from './projectFolder';

const project = new ProjectFolder();
const [one, two] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64')) as [string, string];

function read(text: string): readonly (readonly [string, string])[] {
  return localKeysOf(project.load({ CREDENTIAL_KEYS: text })).map(({ id, key }) => [id, key.reveal()]);
}

describe('CREDENTIAL_KEYS', () => {
  it('may be left out in development, never in production', () => {
    expect(project.load({}).credentials.keys).toBeNull();
    expect(project.load(production).credentials.keys).toHaveLength(1);
    expect(project.problemsOf({ ...production, CREDENTIAL_KEYS: undefined })).toEqual([
      expect.stringMatching(/^CREDENTIAL_KEYS is required in production: .*openssl rand -base64 32/),
    ]);
  });

  it.each([
    ['a comma', `new:${one},old:${two}`],
    ['a comma and a blank', `new:${one}, old:${two}`],
    ['a line break', `new:${one}\r\nold:${two}\n`],
    ['both', `new:${one},\n  old:${two}`],
  ])('keeps the order of keys with %s between them', (_, text) => {
    expect(read(text)).toEqual([
      ['new', one],
      ['old', two],
    ]);
  });

  it('names keys that Vault keeps, which needs a Vault', () => {
    const named = `t1:transit://team/transit/tickgate,k1:${one}`;
    const vault = { VAULT_ADDR: 'http://127.0.0.1:8200', VAULT_TOKEN: 'hvs.1' };
    const { keys } = project.load({ CREDENTIAL_KEYS: named, ...vault }).credentials;
    expect(keys?.[0]).toEqual({ id: 't1', transit: { mount: 'team/transit', name: 'tickgate' } });
    expect(keys?.map(({ id }) => id)).toEqual(['t1', 'k1']);
    expect(project.problemsOf({ CREDENTIAL_KEYS: named })).toEqual([
      expect.stringMatching(/^CREDENTIAL_KEYS names a key of Vault: set VAULT_ADDR/),
    ]);
    expect(project.problemsOf({ CREDENTIAL_KEYS: named, VAULT_ADDR: vault.VAULT_ADDR })).toEqual([
      expect.stringMatching(/^VAULT_ADDR is set: set one way to sign in/),
    ]);
    // A pepper is no key that wraps.
    expect(project.problemsOf({ PASSWORD_PEPPERS: 'p1:transit://transit/tickgate' })).toHaveLength(1);
  });

  it.each([
    'transit://',
    'transit://transit',
    'transit:///k',
    'transit://transit/..',
    'transit://a//b',
    'transit://a/b?c',
  ])('refuses %s as a key of Vault', (place) => {
    expect(project.problemsOf({ CREDENTIAL_KEYS: `t1:${place}`, VAULT_ADDR: 'http://127.0.0.1:8200' })).toEqual([
      expect.stringMatching(/number 1 is not of the form id:transit:\/\/mount\/key/),
    ]);
  });

  it('is read from CREDENTIAL_KEYS_FILE', () => {
    const file = project.write('keys', `new:${one}\nold:${two}\n`);
    const { keys } = project.load({ CREDENTIAL_KEYS_FILE: file }).credentials;
    expect(keys?.map(({ id }) => id)).toEqual(['new', 'old']);
  });

  it('takes what a generator makes', () => {
    const made = Array.from({ length: 5_000 }, () => `k:${randomBytes(32).toString('base64')}`);
    expect(made.filter((text) => !credentialKeys.schema.safeParse(text).success)).toEqual([]);
  });

  const bytes = (make: (index: number) => number, length = 32): string =>
    `k:${Buffer.from(Array.from({ length }, (_, index) => make(index))).toString('base64')}`;

  it.each([
    ['a key of 16 bytes', `k:${randomBytes(16).toString('base64')}`, /number 1 has 16 bytes instead of 32/],
    ['a key of 33 bytes', `k:${randomBytes(33).toString('base64')}`, /number 1 has 33 bytes/],
    ['a key in hexadecimal', `k:${randomBytes(32).toString('hex')}`, /number 1 has 48 bytes/],
    ['a second key that is too short', `k:${one},l:${randomBytes(31).toString('base64')}`, /number 2 has 31 bytes/],
    ['no key', 'k:', /number 1 has 0 bytes/],
    ['base64 without its end', `k:${one.slice(0, -1)}`, /number 1 is not base64/],
    ['base64 of URLs', `k:${Buffer.alloc(32, 0xfb).toString('base64url')}=`, /number 1 is not base64/],
    ['other characters', `k:${one.slice(0, 20)}!${one.slice(20)}`, /number 1 is not base64/],
    ['a key without an id', one, /number 1 does not begin with an id/],
    ['an empty id', `:${one}`, /number 1 does not begin with an id/],
    ['the key in the place of the id', `${one}:k`, /number 1 does not begin with an id/],
    ['an empty entry', `k:${one},,l:${two}`, /number 2 does not begin with an id/],
    ['an id twice', `k:${one},l:${two.toLowerCase()},k:${two}`, /numbers 1 and 3 have one id/],
    ['a key twice', `k:${one},l:${one}`, /numbers 1 and 2 are one key/],
    ['zeros', bytes(() => 0), /number 1 is not random/],
    ['a sequence', bytes((index) => index), /number 1 is not random/],
    ['a sequence backwards, in steps of three', bytes((index) => (900 - 3 * index) % 256), /number 1 is not random/],
    ['eight bytes, four times', bytes((index) => Buffer.from(one, 'base64')[index % 8]!), /number 1 is not random/],
    ['sixteen bytes, twice', bytes((index) => Buffer.from(one, 'base64')[index % 16]!), /number 1 is not random/],
    ['a pass phrase', `k:${Buffer.from('correct horse battery staple 123').toString('base64')}`, /is not random/],
  ])('refuses %s, and repeats nothing of it', (_, text, problem) => {
    const problems = project.problemsOf({ CREDENTIAL_KEYS: text });
    expect(problems).toEqual([
      expect.stringMatching(/^CREDENTIAL_KEYS \(from the environment\): .*it must be a list of/),
    ]);
    expect(problems[0]).toMatch(problem);
    for (const part of text.split(/[:,]/).filter((written) => written.length > 8)) {
      expect(problems[0]).not.toContain(part);
    }
  });

  it('tells everything that is wrong with it at once', () => {
    const text = `a:${one},b:short,a:${one}`;
    expect(project.problemsOf({ CREDENTIAL_KEYS: text })).toEqual([
      expect.stringMatching(/number 2 .*; numbers 1 and 3 have one id; numbers 1 and 3 are one key; it must be/),
    ]);
  });

  it('has no place in the configuration file', () => {
    project.write('config.development.yaml', `CREDENTIAL_KEYS: "k:${one}"\n`);
    expect(project.problemsOf({})).toEqual([expect.stringMatching(/^CREDENTIAL_KEYS is a secret/)]);
  });

  it('is not shown in text, JSON or the inspector', () => {
    const config = project.load({ CREDENTIAL_KEYS: `k:${one}` });
    const shown = [JSON.stringify(config), inspect(config, { depth: null, showHidden: true })];
    for (const text of shown) expect(text).not.toContain(one);
  });
});
