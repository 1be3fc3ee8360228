import { createPublicKey } from 'node:crypto';
import { IdentityError } from '../../src/identity/identityError';
import { KeyEncryptionKeys } from '../../src/identity/sealing/keyEncryptionKeys';
import { SigningKeyVault } from '../../src/identity/sealing/signingKeyVault';
import { generateSigningKey } from '../../src/identity/signing/generateSigningKey';
import { SigningKey, VerificationKey, thumbprintOf } from '../../src/identity/signing/signingKey';
import { ecPem, ed25519Pem, rsaPem } from '../kit/keyPairs';
import type { StoredSigningKey } from '../../src/storage/identity/signingKeyRecords';
import { makeKey } from './sealing/credentials';

const strong = SigningKey.fromPem(rsaPem(3072));

/** The key of RFC 7638, section 3.1. */
const rfcExample = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
} as const;

describe('a signing key', () => {
  it.each([
    ['RSA of 2048 bits', rsaPem(2048)],
    ['RSA of 3071 bits', rsaPem(3071)],
    ['text that is no key', 'changeme'],
    ['a key of another kind', ed25519Pem()],
    ['a key on another curve', ecPem('P-384')],
    ['a key on the curve of Bitcoin', ecPem('secp256k1')],
    ['a public key', strong.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ])('is not made from %s', (_, pem) => {
    expect(() => SigningKey.fromPem(pem)).toThrow(IdentityError);
  });

  it('does not check anything with a short key either', () => {
    const publicKey = createPublicKey(rsaPem(2048));
    expect(() => new VerificationKey(publicKey)).toThrow(IdentityError);
  });

  it('has the thumbprint of RFC 7638 for its id', () => {
    expect(thumbprintOf(rfcExample)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    expect(strong.jwk).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB', kid: strong.kid });
    expect(strong.kid).toBe(thumbprintOf(strong.jwk));
  });

  it.each([
    ['RS256', ['alg', 'e', 'kid', 'kty', 'n', 'use']],
    ['ES256', ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
  ] as const)('is made for %s, and gives only the public half to the outside', async (algorithm, members) => {
    const key = await generateSigningKey(algorithm);
    expect(key.algorithm).toBe(algorithm);
    expect(Object.keys(JSON.parse(JSON.stringify(key.jwk)) as object).sort()).toEqual(members);
    expect(key.kid).toMatch(/^[\w-]{43}$/);
    const { modulusLength, namedCurve } = key.privateKey.asymmetricKeyDetails ?? {};
    expect(modulusLength ?? namedCurve).toBe(algorithm === 'RS256' ? 3072 : 'prime256v1');
  });
});

describe('sealed', () => {
  const [one, other] = [makeKey('k1'), makeKey('k2')];
  const vault = new SigningKeyVault(new KeyEncryptionKeys([one]));
  let stored: StoredSigningKey;

  beforeAll(async () => {
    stored = await vault.seal(strong);
  });

  it('it opens as the same key, and shows nothing of itself', async () => {
    expect((await vault.open(stored))?.privateKey.equals(strong.privateKey)).toBe(true);
    const bytes = strong.privateKey.export({ type: 'pkcs8', format: 'der' });
    const { wrappedKey, nonce, ciphertext } = stored.sealed;
    const shown = Buffer.concat([wrappedKey, nonce, ciphertext]);
    const parts = Array.from({ length: Math.floor(bytes.length / 8) }, (_, at) => bytes.subarray(8 * at, 8 * at + 8));
    expect(parts.filter((part) => shown.includes(part))).toEqual([]);
  });

  it("it does not open under another key's id, nor without the key-encryption key, nor once a byte is changed", async () => {
    const another = await generateSigningKey('ES256');
    expect(await vault.open({ ...stored, kid: another.kid })).toBeNull();
    expect(await new SigningKeyVault(new KeyEncryptionKeys([other])).open(stored)).toBeNull();
    expect(await new SigningKeyVault(new KeyEncryptionKeys([makeKey('k1')])).open(stored)).toBeNull();
    const ciphertext = Buffer.from(stored.sealed.ciphertext);
    ciphertext[7] = (ciphertext[7] ?? 0) ^ 1;
    expect(await vault.open({ ...stored, sealed: { ...stored.sealed, ciphertext } })).toBeNull();
  });

  it('it moves to a newer key-encryption key without being opened', async () => {
    const newer = new SigningKeyVault(new KeyEncryptionKeys([other, one]));
    const resealed = await newer.reseal(stored);
    expect(resealed).toMatchObject({ keyId: 'k2', ciphertext: stored.sealed.ciphertext });
    expect(await vault.reseal(stored)).toBeNull();
    const alone = new SigningKeyVault(new KeyEncryptionKeys([other]));
    expect(await alone.reseal(stored)).toBeNull();
    expect((await alone.open({ ...stored, sealed: resealed ?? stored.sealed }))?.kid).toBe(strong.kid);
  });
});
