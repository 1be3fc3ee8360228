import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { IdentityError } from '../../src/identity/identityError';
import { openSigningKey } from '../../src/identity/openSigningKey';
import { SigningKey, thumbprintOf } from '../../src/identity/signingKey';
import { makeTemporaryDir } from '../kit/temporaryDir';

function makeRsaPem(modulusLength: number): string {
  return generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
}

const strongPem = makeRsaPem(3072);

/** The key of RFC 7638, section 3.1. */
const rfcExample = {
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
};

describe('a signing key', () => {
  it.each([
    ['RSA of 2048 bits', makeRsaPem(2048)],
    ['RSA of 3071 bits', makeRsaPem(3071)],
    ['text that is no key', 'changeme'],
    [
      'a key of another kind',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    ['a public key', new SigningKey(strongPem).publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ])('is not made from %s', (_, pem) => {
    expect(() => new SigningKey(pem)).toThrow(IdentityError);
  });

  it('has the thumbprint of RFC 7638 for its id', () => {
    expect(thumbprintOf(rfcExample)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    const { keys } = new SigningKey(strongPem).publicJwks();
    const [jwk] = keys;
    expect(jwk).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB' });
    expect(jwk?.kid).toMatch(/^[\w-]{43}$/);
    expect(jwk?.kid).toBe(thumbprintOf({ n: jwk?.n ?? '', e: jwk?.e ?? '' }));
    expect(new SigningKey(makeRsaPem(3072)).kid).not.toBe(jwk?.kid);
  });

  it('gives only the public half to the outside', () => {
    const text = JSON.stringify(new SigningKey(strongPem).publicJwks());
    expect(Object.keys((JSON.parse(text) as { keys: object[] }).keys[0] ?? {}).sort()).toEqual(
      ['alg', 'e', 'kid', 'kty', 'n', 'use'].sort(),
    );
  });
});

describe('opening the signing key', () => {
  let dataDir: string;
  let remove: () => void;

  beforeEach(() => {
    ({ dir: dataDir, remove } = makeTemporaryDir());
  });

  afterEach(() => {
    remove();
  });

  function open(pem: string | null, mayGenerate: boolean): Promise<SigningKey> {
    return openSigningKey({ pem, dataDir, mayGenerate, onProgress: () => undefined });
  }

  it('makes one where none is, keeps it for its owner alone, and finds it again', async () => {
    const made = await open(null, true);
    const file = path.join(dataDir, 'signing-key.pem');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(made.privateKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect((await open(null, false)).kid).toBe(made.kid);
  });

  it('gives several that start at the same moment one key', async () => {
    const all = await Promise.all([open(null, true), open(null, true), open(null, true)]);
    expect(new Set(all.map((key) => key.kid)).size).toBe(1);
  });

  it('takes the one of the configuration and makes no file', async () => {
    expect((await open(strongPem, true)).kid).toBe(new SigningKey(strongPem).kid);
    expect(() => readFileSync(path.join(dataDir, 'signing-key.pem'))).toThrow(/ENOENT/);
  });

  it('makes none where it may not', async () => {
    await expect(open(null, false)).rejects.toThrow(IdentityError);
  });

  it('says so where it cannot be kept', async () => {
    writeFileSync(path.join(dataDir, 'file'), '');
    dataDir = path.join(dataDir, 'file/data');
    await expect(open(null, true)).rejects.toThrow(/cannot be written \(ENOTDIR\)/);
  });

  it('refuses a kept key that is too short', async () => {
    writeFileSync(path.join(dataDir, 'signing-key.pem'), makeRsaPem(2048));
    await expect(open(null, true)).rejects.toThrow(IdentityError);
  });
});
