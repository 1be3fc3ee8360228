import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../../src/config/loadConfig';
import { IdentityError } from '../../../src/identity/identityError';
import { CredentialVault } from '../../../src/identity/sealing/credentialVault';
import type { CredentialKey } from '../../../src/identity/sealing/keyEncryptionKeys';
import { openSealingKeys } from '../../../src/identity/sealing/openSealingKeys';
import { makeTemporaryDir } from '../../kit/temporaryDir';
import { holder, makeKey, plain, reveal, toCredentials } from './credentials';

let dataDir: string;
let remove: () => void;
let file: string;

beforeEach(() => {
  ({ dir: dataDir, remove } = makeTemporaryDir());
  file = path.join(dataDir, 'credential-keys');
});

afterEach(() => {
  remove();
});

function open(keys: readonly CredentialKey[] | null, mayGenerate: boolean): CredentialVault {
  return new CredentialVault(openSealingKeys({ keys, dataDir, mayGenerate, onProgress: () => undefined }));
}

it('makes a key where none is, keeps it for its owner alone, and opens with it what it sealed', async () => {
  const sealed = await open(null, true).seal(holder, toCredentials(plain));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(reveal(await open(null, false).open(holder, sealed))).toEqual(plain);
});

it('keeps the key in the form of the setting, strong enough for production', async () => {
  const sealed = await open(null, true).seal(holder, toCredentials(plain));
  const { keys } = loadConfig({ environment: { CREDENTIAL_KEYS_FILE: file }, projectDir: dataDir }).credentials;
  rmSync(file);
  expect(reveal(await open(keys as readonly CredentialKey[], false).open(holder, sealed))).toEqual(plain);
});

it('takes the keys of the configuration and makes no file', async () => {
  expect((await open([makeKey('k1')], true).seal(holder, toCredentials(plain))).keyId).toBe('k1');
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
});

it('gives a new key another id, so that what a lost one sealed is told apart', async () => {
  const sealed = await open(null, true).seal(holder, toCredentials(plain));
  rmSync(file);
  expect(open(null, true).hasKeyOf(sealed)).toBe(false);
});

it('makes none where it may not', () => {
  expect(() => open(null, false)).toThrow(IdentityError);
  expect(() => open([], true)).toThrow(IdentityError);
});

it.each([
  ['nothing', ''],
  ['no id', `${Buffer.alloc(32, 7).toString('base64')}\n`],
  ['half a key', `k1:${Buffer.alloc(16, 7).toString('base64')}\n`],
  ['the beginning of a key', `k1:${Buffer.alloc(32, 7).toString('base64').slice(0, 40)}`],
])('refuses a kept file that holds %s, and leaves it as it is', (_, text) => {
  writeFileSync(file, text);
  expect(() => open(null, true)).toThrow(IdentityError);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it('says so where the key cannot be kept', () => {
  writeFileSync(path.join(dataDir, 'file'), '');
  dataDir = path.join(dataDir, 'file/data');
  expect(() => open(null, true)).toThrow(/cannot be written \(ENOTDIR\)/);
});
