import { randomBytes } from 'node:crypto';
import type { SealedCredentials } from '../../../src/domain/exchangeCredentials';
import { IdentityError } from '../../../src/identity/identityError';
import { CredentialVault } from '../../../src/identity/sealing/credentialVault';
import { KeyEncryptionKeys, type SealingKey } from '../../../src/identity/sealing/keyEncryptionKeys';
import { RemoteKey } from '../../../src/identity/sealing/remoteKey';
import { SealedCredentialsError } from '../../../src/identity/sealing/sealedCredentialsError';
import { usualSpreadMs } from '../../../src/identity/succession';
import { useSealingKeys } from '../../../src/startSealing';
import { VaultStandIn } from '../../kit/secretManagers/vaultStandIn';
import { errorOf, flippedRecords, holder, makeKey, plain, reveal, toCredentials } from './credentials';
import { vaultedKey } from './vaultedKey';

const standIn = new VaultStandIn();
const [ours, other] = [makeKey('k1'), { ...holder, ownerId: 'another' }];
let name: string;
let now: number;

beforeAll(async () => {
  await standIn.start();
});

afterAll(async () => {
  await standIn.stop();
});

beforeEach(() => {
  now = Date.now();
  name = `k-${randomBytes(6).toString('hex')}`;
  standIn.transit.rotate(name);
  standIn.asked.length = 0;
});

afterEach(() => {
  standIn.brokenWith = null;
  standIn.allowsTransit = true;
  standIn.transit.ignoresAssociatedData = false;
  standIn.transit.isThere = true;
});

const ofVault = (id = 't1', key = name): SealingKey => vaultedKey(standIn, key, id);

/** A server of its own, that knows nothing yet of what another one unwrapped. */
async function open(...keys: readonly SealingKey[]) {
  const kept = new KeyEncryptionKeys(keys, { clock: () => now });
  await kept.prove();
  return { keys: kept, vault: new CredentialVault(kept) };
}

async function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  const error = await errorOf(() => attempt);
  return 'code' in error ? error.code : error.name;
}

it('seals and opens with a key that this process never holds', async () => {
  const { vault } = await open(ofVault());
  const sealed = await vault.seal(holder, toCredentials(plain));
  expect(sealed.keyId).toBe('t1:v1');
  const { vault: another } = await open(ofVault());
  expect(reveal(await another.open(holder, sealed))).toEqual(plain);
});

it('sends Vault data keys alone: of what is sealed nothing leaves, and of its keys nothing comes', async () => {
  const { vault } = await open(ofVault());
  const sealed = await vault.seal(holder, toCredentials(plain));
  const { vault: another } = await open(ofVault());
  await another.open(holder, sealed);
  const wire = standIn.asked.map(({ url, body }) => `${url} ${body}`).join('\n');
  const formsOf = (bytes: Buffer): readonly string[] => [
    bytes.toString('latin1'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
  ];
  const secrets = [...Object.values(plain).map((text) => Buffer.from(text)), ...standIn.transit.material];
  for (const form of secrets.flatMap(formsOf)) expect(wire).not.toContain(form);
  // By design: 32 bytes for each record, as Vault's own base64, and nothing else of that size.
  const sent = standIn.asked.flatMap(({ url, body }) =>
    url.includes('/encrypt/') ? [(JSON.parse(body) as { readonly plaintext: string }).plaintext] : [],
  );
  expect(sent.map((text) => Buffer.from(text, 'base64').length)).toEqual(sent.map(() => 32));
});

describe('a record', () => {
  it('does not open for another owner, in the place of another, or with any bit changed', async () => {
    const { vault } = await open(ofVault());
    const [mine, theirs] = [
      await vault.seal(holder, toCredentials(plain)),
      await vault.seal(other, toCredentials({ ...plain, secret: 'theirs' })),
    ];
    const swapped: readonly SealedCredentials[] = [
      theirs,
      { ...mine, wrappedKey: theirs.wrappedKey },
      { ...mine, ciphertext: theirs.ciphertext, nonce: theirs.nonce },
      { ...mine, keyId: 't1:v2' },
      { ...mine, keyId: 't1' },
      { ...mine, keyId: 't1:v01' },
    ];
    for (const sealed of swapped) {
      expect(await codeOf(vault.open(holder, sealed))).toBe('SealedCredentialsError');
      expect(await codeOf(vault.reseal(other, mine))).toBe('SealedCredentialsError');
    }
    // Every 16th: each is a question.
    const flipped = [...flippedRecords(mine)].filter((_, index) => index % 16 === 0);
    for (const sealed of flipped) await expect(vault.open(holder, sealed)).rejects.toThrow(SealedCredentialsError);
    expect(reveal(await vault.open(holder, mine))).toEqual(plain);
    // Nor once its data key is known here.
    expect(await codeOf(vault.reseal(other, mine))).toBe('SealedCredentialsError');
  });

  it('is refused by Vault itself for another owner: it knows what the data key was bound to', async () => {
    const { keys, vault } = await open(ofVault());
    const sealed = await vault.seal(holder, toCredentials(plain));
    await expect(keys.unwrap(sealed, () => Buffer.from('of another record'))).rejects.toThrow(RangeError);
  });

  it('of a key that nobody named is known as such', async () => {
    const { vault } = await open(ofVault());
    const sealed = await vault.seal(holder, toCredentials(plain));
    const { vault: without } = await open(ours);
    expect([vault.hasKeyOf(sealed), without.hasKeyOf(sealed)]).toEqual([true, false]);
    expect(await codeOf(without.open(holder, sealed))).toBe('SealedCredentialsError');
  });
});

describe('moving', () => {
  it('goes from a key of this server to one of Vault, after which the first can go, and back', async () => {
    const before = await (await open(ours)).vault.seal(holder, toCredentials(plain));
    const { vault: both } = await open(ofVault(), ours);
    expect(both.needsReseal(before)).toBe(true);
    const moved = await both.reseal(holder, before);
    expect([moved.keyId, both.needsReseal(moved)]).toEqual(['t1:v1', false]);
    expect(reveal(await (await open(ofVault())).vault.open(holder, moved))).toEqual(plain);
    const { vault: back } = await open(ours, ofVault());
    expect(back.needsReseal(moved)).toBe(true);
    const returned = await back.reseal(holder, moved);
    expect(reveal(await (await open(ours)).vault.open(holder, returned))).toEqual(plain);
  });

  it('goes to the newest version of the key, after which Vault may refuse the older one', async () => {
    const { keys, vault } = await open(ofVault());
    const first = await vault.seal(holder, toCredentials(plain));
    standIn.transit.rotate(name);
    expect(vault.needsReseal(first)).toBe(false);
    await keys.prove();
    expect([keys.newestId, vault.needsReseal(first)]).toEqual(['t1:v2', true]);
    const moved = await vault.reseal(holder, first);
    expect([moved.keyId, vault.needsReseal(moved)]).toEqual(['t1:v2', false]);
    expect([moved.nonce, moved.ciphertext]).toEqual([first.nonce, first.ciphertext]);
    standIn.transit.retireBefore(name, 2);
    const { vault: later } = await open(ofVault());
    expect(await codeOf(later.open(holder, first))).toBe('SealedCredentialsError');
    expect(reveal(await later.open(holder, moved))).toEqual(plain);
  });

  it('is asked of keys while they are in use: what is not fit changes nothing', async () => {
    const { keys, vault } = await open(ours);
    const sealed = await vault.seal(holder, toCredentials(plain));
    await expect(keys.replace([ofVault('t1', 'nowhere'), ours])).rejects.toThrow(/t1 \(transit:\/\/transit\/nowhere\)/);
    expect(keys.newestId).toBe('k1');
    await keys.replace([ofVault(), ours]);
    expect([keys.newestId, keys.ids]).toEqual(['k1', ['t1', 'k1']]);
    now += usualSpreadMs;
    expect([keys.newestId, keys.ids]).toEqual(['t1:v1', ['t1', 'k1']]);
    expect(reveal(await vault.open(holder, sealed))).toEqual(plain);
    const counted = (count: number) => ({ countSealed: () => Promise.resolve(new Map([['t1:v7', count]])) });
    const back = new KeyEncryptionKeys([ours, ofVault()]);
    const use = (count: number) => useSealingKeys({ keys: back, vault: null, storage: counted(count) }, [ours]);
    await expect(use(1)).rejects.toThrow(/CREDENTIAL_KEYS lacks t1, which still seals/);
    await use(0);
    expect(back.ids).toEqual(['k1']);
    standIn.transit.rotate('another');
    await expect(keys.replace([ofVault('t1', 'another')])).rejects.toThrow(/another key's than before/);
    await expect(keys.replace([makeKey('t1')])).rejects.toThrow(/another key's than before/);
  });
});

describe('while Vault', () => {
  it.each<[string, () => void | Promise<void>, () => void | Promise<void>, RegExp]>([
    ['is gone', () => standIn.stop(), () => standIn.start().then(() => undefined), /does not answer \(ECONN/],
    ['is sealed', () => void (standIn.brokenWith = 503), () => void (standIn.brokenWith = null), /HTTP 503/],
    ['refuses', () => void (standIn.allowsTransit = false), () => void (standIn.allowsTransit = true), /HTTP 403/],
    ['has lost the key', () => void (standIn.brokenWith = 400), () => void (standIn.brokenWith = null), /HTTP 400/],
  ])('%s, what is open goes on, all else waits, and nothing is lost', async (_, away, back, why) => {
    const { keys, vault } = await open(ofVault(), ours);
    const [known, unknown] = [
      await vault.seal(holder, toCredentials(plain)),
      await vault.seal(other, toCredentials(plain)),
    ];
    expect(reveal(await vault.open(holder, known))).toEqual(plain);
    await away();
    // Long after what was unwrapped is asked for again.
    now += 86_400_000;
    expect(reveal(await vault.open(holder, known))).toEqual(plain);
    expect(await codeOf(vault.open(other, unknown))).toBe('SEALING_UNAVAILABLE');
    expect(await codeOf(vault.reseal(other, unknown))).toBe('SEALING_UNAVAILABLE');
    // Not with the other key either, which is there.
    expect(await codeOf(vault.seal(holder, toCredentials(plain)))).toBe('SEALING_UNAVAILABLE');
    expect(keys.check()).toMatchObject({ healthy: false, detail: expect.stringMatching(why) as string });
    await expect(keys.prove()).rejects.toThrow(IdentityError);
    await back();
    await keys.prove();
    expect(keys.check()).toMatchObject({ healthy: true, detail: 't1:v1 seals' });
    expect(reveal(await vault.open(other, unknown))).toEqual(plain);
    expect(reveal(await vault.open(holder, known))).toEqual(plain);
  });

  it('is well, what was unwrapped is asked for again after five minutes', async () => {
    const { vault } = await open(ofVault());
    const sealed = await vault.seal(holder, toCredentials(plain));
    const asked = async (): Promise<number> => {
      const before = standIn.asked.length;
      await vault.open(holder, sealed);
      return standIn.asked.length - before;
    };
    expect([await asked(), await asked()]).toEqual([1, 0]);
    now += 5 * 60_000;
    expect([await asked(), await asked()]).toEqual([1, 0]);
  });
});

describe('a key of Vault that is not fit', () => {
  it.each<[string, () => unknown, number, RegExp]>([
    ['is not there', () => (name = 'nowhere'), 78, /HTTP 400\): .*"vault read transit\/keys\/nowhere"\.$/],
    [
      'is not for this server',
      () => (standIn.allowsTransit = false),
      78,
      /HTTP 403\): give the policy .* "update" on transit\/encrypt\/k-\w+\.$/,
    ],
    [
      'has no engine',
      () => (standIn.transit.isThere = false),
      78,
      /HTTP 404\): .* engine is at transit, .*NAMESPACE\.$/,
    ],
    ['cannot be asked for now', () => (standIn.brokenWith = 503), 69, /HTTP 503\): it is sealed .*unseal it\.$/],
    ['binds nothing', () => (standIn.transit.ignoresAssociatedData = true), 78, /takes Vault 1\.13 and a key of type/],
  ])('stops the start where it %s, and says what to do', async (_, make, exitStatus, remedy) => {
    make();
    const error = await errorOf(() => open(ofVault()));
    expect(error).toBeInstanceOf(IdentityError);
    expect(error).toMatchObject({ exitStatus });
    expect(error.message).toContain(`t1 (transit://transit/${name})`);
    expect(error.message).toMatch(remedy);
    expect(error.message).not.toContain('of-the-server');
  });
});

it('keeps no more than a thousand data keys, those used last', async () => {
  let decrypted = 0;
  const service = {
    place: 'a service of the test',
    encrypt: (plaintext: Uint8Array) => Promise.resolve({ version: 1, ciphertext: Buffer.from(plaintext) }),
    decrypt: ({ ciphertext }: { readonly ciphertext: Uint8Array }) => {
      decrypted += 1;
      return Promise.resolve(Buffer.from(ciphertext));
    },
  };
  const key = new RemoteKey({ id: 't1', service, clock: () => now });
  const records = Array.from({ length: 1_001 }, (_, index) => ({
    keyId: 't1:v1',
    wrappedKey: Buffer.alloc(32, index).fill(index >> 8, 0, 1),
  }));
  const context = Buffer.from('c');
  for (const record of records) await key.unwrap(record, context);
  expect(decrypted).toBe(1_001);
  await key.unwrap(records[1]!, context);
  expect(decrypted).toBe(1_001);
  await key.unwrap(records[0]!, context);
  expect(decrypted).toBe(1_002);
});
