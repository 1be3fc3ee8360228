import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { CredentialHolder, SealedCredentials } from '../../../src/domain/exchangeCredentials';
import type { CredentialVault } from '../../../src/identity/sealing/credentialVault';
import { SealedCredentialsError } from '../../../src/identity/sealing/sealedCredentialsError';
import {
  byteFields,
  errorOf,
  flippedRecords,
  holder,
  makeKey,
  plain,
  reveal,
  toCredentials,
  vaultWith,
  type Revealed,
} from './credentials';

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 120 });
const anyCredentials: fc.Arbitrary<Revealed> = fc.record({
  apiKey: wellFormed,
  secret: wellFormed,
  passphrase: fc.option(wellFormed),
});

const bytesFrom = (first: number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => first + index));

/** The layout written down a second time: each text behind its length. */
function listed(...texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.map((text) => {
      const [bytes, length] = [Buffer.from(text, 'utf8'), Buffer.alloc(4)];
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    }),
  );
}

function contextOf(kind: 'data-key' | 'record', ...texts: readonly string[]): Buffer {
  return listed(`tickgate/exchange-credentials/v1/${kind}`, ...texts, holder.ownerId, holder.accountId);
}

function openGcm(key: Buffer, parts: { nonce: Uint8Array; body: Uint8Array; context: Buffer }): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, parts.nonce);
  decipher.setAAD(parts.context);
  decipher.setAuthTag(parts.body.slice(-16));
  return Buffer.concat([decipher.update(parts.body.slice(0, -16)), decipher.final()]);
}

function sealGcm(key: Buffer, parts: { nonce: Buffer; body: Buffer; context: Buffer }): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, parts.nonce);
  cipher.setAAD(parts.context);
  return Buffer.concat([cipher.update(parts.body), cipher.final(), cipher.getAuthTag()]);
}

/** The one failure: the same words for every reason, and nothing behind them. */
async function expectUnopened(
  vault: CredentialVault,
  sealed: SealedCredentials,
  as: CredentialHolder = holder,
): Promise<void> {
  for (const attempt of [() => vault.open(as, sealed), () => vault.reseal(as, sealed)]) {
    const caught = await errorOf(attempt);
    expect(caught).toBeInstanceOf(SealedCredentialsError);
    expect(caught.message).toBe('The sealed credentials cannot be opened.');
    expect(Object.getOwnPropertyNames(caught).sort()).toEqual(['message', 'name', 'stack']);
  }
}

/** The name of the error; a loop of thousands cannot afford an `expect` each. */
async function outcomeOf(vault: CredentialVault, sealed: SealedCredentials): Promise<string> {
  try {
    return reveal(await vault.open(holder, sealed)).secret;
  } catch (error) {
    return (error as Error).name;
  }
}

describe('the layout of a sealed record', () => {
  it('opens a record that another implementation of AES-GCM made', async () => {
    // Made with Python's `cryptography` 48 from the same key, nonces and contexts.
    const sealed = {
      keyId: 'k1',
      wrappedKey: Buffer.from(
        'a0a1a2a3a4a5a6a7a8a9aaab570e84bc666e1aaaf1e6cb750531be797f86675478fa13ba7a457401755fe06720bde87de286cbd962a7f91c823ab7ca',
        'hex',
      ),
      nonce: Buffer.from('b0b1b2b3b4b5b6b7b8b9babb', 'hex'),
      ciphertext: Buffer.from(
        '72215393915d60922ac98d92d1c1b0e2406512b73a8e4a0a65d784c9c07a7be9d1ac2fd506c6c39938885b04a3cab1862681ae218b32665da6c34fbef800e72114f17dbc258d',
        'hex',
      ),
    };
    const opened = await vaultWith(makeKey('k1', bytesFrom(0x40, 32))).open(holder, sealed);
    expect(reveal(opened)).toEqual(plain);
  });

  it('opens a record that was put together by hand', async () => {
    const [wrapping, dataKey, keyNonce, nonce] = [32, 32, 12, 12].map((length) => randomBytes(length)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const sealed = {
      keyId: 'k1',
      wrappedKey: Buffer.concat([
        keyNonce,
        sealGcm(wrapping, { nonce: keyNonce, body: dataKey, context: contextOf('data-key', 'k1') }),
      ]),
      nonce,
      ciphertext: sealGcm(dataKey, { nonce, body: listed('api', ''), context: contextOf('record') }),
    };
    const opened = await vaultWith(makeKey('k1', wrapping)).open(holder, sealed);
    expect(reveal(opened)).toEqual({ apiKey: 'api', secret: '', passphrase: null });
  });

  it('is taken apart by hand', async () => {
    const wrapping = randomBytes(32);
    const sealed = await vaultWith(makeKey('k1', wrapping)).seal(holder, toCredentials(plain));
    expect(sealed).toMatchObject({ keyId: 'k1' });
    expect([sealed.wrappedKey.length, sealed.nonce.length]).toEqual([60, 12]);
    const dataKey = openGcm(wrapping, {
      nonce: sealed.wrappedKey.slice(0, 12),
      body: sealed.wrappedKey.slice(12),
      context: contextOf('data-key', 'k1'),
    });
    const text = openGcm(dataKey, { nonce: sealed.nonce, body: sealed.ciphertext, context: contextOf('record') });
    expect(text).toEqual(listed('vmPUZE6mv9SD5VNH', 'NhqPtmdSJYdKjVHj', 'pass wörd'));
  });

  it('has a data key and nonces of its own each time, also for the same credentials', async () => {
    const wrapping = randomBytes(32);
    const vault = vaultWith(makeKey('k1', wrapping));
    const all = await Promise.all(Array.from({ length: 1_000 }, () => vault.seal(holder, toCredentials(plain))));
    const dataKeys = all.map(({ wrappedKey }) =>
      openGcm(wrapping, {
        nonce: wrappedKey.slice(0, 12),
        body: wrappedKey.slice(12),
        context: contextOf('data-key', 'k1'),
      }),
    );
    const keyNonces = all.map((sealed) => sealed.wrappedKey.slice(0, 12));
    const nonces = all.map((sealed) => sealed.nonce);
    expect(new Set(dataKeys.map(String)).size).toBe(1_000);
    expect(new Set([...keyNonces, ...nonces].map((nonce) => Buffer.from(nonce).toString('hex'))).size).toBe(2_000);
  });
});

describe('what was sealed', () => {
  it('opens as what it was, for its holder', async () => {
    const vault = vaultWith(makeKey('k1'));
    await fc.assert(
      fc.asyncProperty(anyCredentials, wellFormed, wellFormed, async (credentials, ownerId, accountId) => {
        const sealed = await vault.seal({ ownerId, accountId }, toCredentials(credentials));
        expect(reveal(await vault.open({ ownerId, accountId }, sealed))).toEqual(credentials);
      }),
      { numRuns: 300 },
    );
  });

  it('holds a key of several lines, as some exchanges give them', async () => {
    const vault = vaultWith(makeKey('k1'));
    const credentials = { ...plain, secret: `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(4_000)}\n`, passphrase: null };
    expect(reveal(await vault.open(holder, await vault.seal(holder, toCredentials(credentials))))).toEqual(credentials);
  });

  it('does not open where a single bit of it was changed', async () => {
    const vault = vaultWith(makeKey('k1'));
    await fc.assert(
      fc.asyncProperty(anyCredentials, async (credentials) => {
        const sealed = await vault.seal(holder, toCredentials(credentials));
        const outcomes = await Promise.all(Array.from(flippedRecords(sealed), (flipped) => outcomeOf(vault, flipped)));
        expect(outcomes).toHaveLength(8 * (60 + 12 + sealed.ciphertext.length));
        expect(new Set(outcomes)).toEqual(new Set(['SealedCredentialsError']));
      }),
      { numRuns: 20 },
    );
  });

  it.each(byteFields)('does not open where its %s was cut short or made longer', async (field) => {
    const vault = vaultWith(makeKey('k1'));
    const sealed = await vault.seal(holder, toCredentials(plain));
    const bytes = sealed[field];
    const wrong = [
      ...Array.from(bytes, (_, length) => bytes.slice(0, length)),
      ...Array.from(bytes, (_, start) => bytes.slice(start + 1)),
      Buffer.concat([bytes, Buffer.alloc(1)]),
    ];
    for (const part of wrong)
      await expect(vault.open(holder, { ...sealed, [field]: part })).rejects.toThrow(SealedCredentialsError);
  });

  it('does not open under another key, also one that has taken the id of the right one', async () => {
    const sealed = await vaultWith(makeKey('k1')).seal(holder, toCredentials(plain));
    await expectUnopened(vaultWith(makeKey('k1')), sealed);
    await expectUnopened(vaultWith(makeKey('k2')), sealed);
  });

  it('does not open under the id of another key, also where both ids have the same key', async () => {
    const wrapping = randomBytes(32);
    const vault = vaultWith(makeKey('k1', wrapping), makeKey('k2', wrapping), makeKey('k3'));
    const sealed = await vault.seal(holder, toCredentials(plain));
    for (const keyId of ['k2', 'k3', '', 'K1', '__proto__']) await expectUnopened(vault, { ...sealed, keyId });
  });

  it.each<[string, CredentialHolder]>([
    ['another owner', { ...holder, ownerId: '00000000-0000-4000-8000-000000000000' }],
    ['another account of the same owner', { ...holder, accountId: '00000000-0000-4000-8000-000000000000' }],
    ['owner and account exchanged', { ownerId: holder.accountId, accountId: holder.ownerId }],
    [
      'ids whose letters are shifted',
      { ownerId: holder.ownerId.slice(0, -1), accountId: `${holder.ownerId.slice(-1)}${holder.accountId}` },
    ],
    ['no ids', { ownerId: '', accountId: '' }],
  ])('does not open for %s', async (_, other) => {
    const vault = vaultWith(makeKey('k1'));
    await expectUnopened(vault, await vault.seal(holder, toCredentials(plain)), other);
  });

  it('does not open with a part of another record, also of the same holder', async () => {
    const vault = vaultWith(makeKey('k1'));
    const [one, other] = await Promise.all(
      [plain, { ...plain, secret: 'another' }].map((part) => vault.seal(holder, toCredentials(part))),
    );
    for (const field of byteFields) {
      await expect(vault.open(holder, { ...one!, [field]: other![field] })).rejects.toThrow(SealedCredentialsError);
    }
    await expect(vault.open(holder, { ...one!, nonce: one!.wrappedKey.slice(0, 12) })).rejects.toThrow(
      SealedCredentialsError,
    );
  });

  it('binds the record to its holder by itself, not only through its data key', async () => {
    const wrapping = randomBytes(32);
    const vault = vaultWith(makeKey('k1', wrapping));
    const sealed = await vault.seal({ ...holder, accountId: 'elsewhere' }, toCredentials(plain));
    const wrappedNonce = sealed.wrappedKey.slice(0, 12);
    const dataKey = openGcm(wrapping, {
      nonce: wrappedNonce,
      body: sealed.wrappedKey.slice(12),
      context: listed('tickgate/exchange-credentials/v1/data-key', 'k1', holder.ownerId, 'elsewhere'),
    });
    const rewrapped = sealGcm(wrapping, {
      nonce: Buffer.from(wrappedNonce),
      body: dataKey,
      context: contextOf('data-key', 'k1'),
    });
    const moved = { ...sealed, wrappedKey: Buffer.concat([wrappedNonce, rewrapped]) };
    await expect(vault.open(holder, moved)).rejects.toThrow(SealedCredentialsError);
  });

  it('fails the same way where the row holds what no vault makes', async () => {
    const vault = vaultWith(makeKey('k1'));
    const empty = new Uint8Array();
    await expectUnopened(vault, { keyId: 'k1', wrappedKey: empty, nonce: empty, ciphertext: empty });
    await expectUnopened(vault, { keyId: 'k1' } as unknown as SealedCredentials);
  });
});

describe('changing keys', () => {
  const [oldKey, newKey] = [makeKey('2025'), makeKey('2026')];
  let sealedBefore: SealedCredentials;

  beforeAll(async () => {
    sealedBefore = await vaultWith(oldKey).seal(holder, toCredentials(plain));
  });

  it('seals under the first key and opens under all of them', async () => {
    const vault = vaultWith(newKey, oldKey);
    expect((await vault.seal(holder, toCredentials(plain))).keyId).toBe('2026');
    expect(reveal(await vault.open(holder, sealedBefore))).toEqual(plain);
    expect([vault.hasKeyOf(sealedBefore), vaultWith(newKey).hasKeyOf(sealedBefore)]).toEqual([true, false]);
  });

  it('moves a record to the newest key, after which the old one can go', async () => {
    const vault = vaultWith(newKey, oldKey);
    const moved = await vault.reseal(holder, sealedBefore);
    expect([vault.needsReseal(sealedBefore), vault.needsReseal(moved)]).toEqual([true, false]);
    expect(reveal(await vaultWith(newKey).open(holder, moved))).toEqual(plain);
    await expectUnopened(vaultWith(oldKey), moved);
  });

  it('leaves the credentials sealed meanwhile', async () => {
    const moved = await vaultWith(newKey, oldKey).reseal(holder, sealedBefore);
    expect([moved.nonce, moved.ciphertext]).toEqual([sealedBefore.nonce, sealedBefore.ciphertext]);
    expect(moved.wrappedKey).not.toEqual(sealedBefore.wrappedKey);
    // A record whose ciphertext is damaged can be moved, because nobody looks into it; it does not open before or after.
    const damaged = await vaultWith(newKey, oldKey).reseal(holder, { ...sealedBefore, ciphertext: Buffer.alloc(40) });
    await expect(vaultWith(newKey).open(holder, damaged)).rejects.toThrow(SealedCredentialsError);
  });

  it('does not move a record into the hands of another', async () => {
    const other = { ...holder, ownerId: 'another' };
    await expect(vaultWith(newKey, oldKey).reseal(other, sealedBefore)).rejects.toThrow(SealedCredentialsError);
  });
});

describe('the hint', () => {
  it.each([
    ['vmPUZE6mv9SD5VNH', '5VNH'],
    ['12345678', '5678'],
    ['1234567', ''],
    ['', ''],
  ])('of %j is %j', (apiKey, hint) => {
    expect(vaultWith(makeKey('k1')).hintOf(toCredentials({ ...plain, apiKey }))).toBe(hint);
  });
});
