import { createCipheriv, createDecipheriv, randomBytes, type CipherGCM, type DecipherGCM } from 'node:crypto';
import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { IdentityError } from '../../../src/identity/identityError';
import { KeyEncryptionKeys } from '../../../src/identity/sealing/keyEncryptionKeys';
import { SealedCredentialsError } from '../../../src/identity/sealing/sealedCredentialsError';
import { errorOf, holder, makeKey, plain, reveal, toCredentials, vaultWith } from './credentials';

const wrapping = randomBytes(32);
const key = makeKey('k1', wrapping);
const credentials = toCredentials(plain);
const secrets = [
  ...Object.values(plain).map(String),
  ...(['base64', 'hex', 'latin1'] as const).map((encoding) => wrapping.toString(encoding)),
];

/** Every way in which a value gets into a text by accident; the logger has nothing of its own that would hide it. */
function shownForms(value: object): readonly string[] {
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  logger.info({ value, err: value, nested: [{ deeper: { value } }] }, 'with %o and %s and %j', value, value, value);
  logger.error(value);
  return [
    ...lines,
    inspect(value, { depth: null, showHidden: true, showProxy: true, getters: true }),
    JSON.stringify([value, { ...value }]),
    JSON.stringify(Object.getOwnPropertyDescriptors(value)),
    format('%s', value),
    Object.entries(value).join(),
  ];
}

function expectSilent(value: object): void {
  for (const form of shownForms(value)) {
    for (const secret of secrets) expect(form).not.toContain(secret);
  }
}

describe('what is shown', () => {
  it('would be noticed by this test', async () => {
    expect(() => {
      expectSilent(plain);
    }).toThrow();
    const told = await errorOf(() => JSON.parse(plain.apiKey));
    expect(() => {
      expectSilent(told);
    }).toThrow();
  });

  it.each<[string, () => unknown]>([
    ['credentials', () => credentials],
    [
      'credentials that were opened',
      async () => vaultWith(key).open(holder, await vaultWith(key).seal(holder, credentials)),
    ],
    ['a vault', () => vaultWith(key)],
    ['the keys of a vault', () => new KeyEncryptionKeys([key])],
    ['a key of the settings', () => key],
    ['a sealed record', () => vaultWith(key).seal(holder, credentials)],
  ])('never gives away %s', async (_, made) => {
    expectSilent((await made()) as object);
  });

  it('never gives away a secret by an error', async () => {
    const vault = vaultWith(key);
    const sealed = await vault.seal(holder, credentials);
    const broken = await errorOf(() => vault.open(holder, { ...sealed, nonce: Buffer.alloc(12) }));
    const foreign = await errorOf(() => vault.open({ ...holder, ownerId: 'x' }, sealed));
    const unwritable = await errorOf(() =>
      vault.seal(holder, toCredentials({ ...plain, passphrase: `${plain.secret}\ud800` })),
    );
    const doubled = await errorOf(() => vaultWith(key, key));
    const short = await errorOf(() => vaultWith(makeKey('k2', Buffer.from(plain.secret))));
    expect([broken, foreign]).toEqual([expect.any(SealedCredentialsError), expect.any(SealedCredentialsError)]);
    expect(unwritable).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect([doubled, short]).toEqual([expect.any(IdentityError), expect.any(IdentityError)]);
    for (const error of [broken, foreign, unwritable, doubled, short]) {
      expectSilent(error);
      expectSilent([error.stack]);
      expect(error.message).not.toContain(Buffer.from(plain.secret).toString('base64'));
    }
  });

  it('tells the inside who asks for it by name', () => {
    expect(reveal(credentials)).toEqual(plain);
  });
});

describe('memory', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const [algorithm, nonce] = ['aes-256-gcm', Buffer.alloc(12)] as const;
  const cipherPrototype = Object.getPrototypeOf(createCipheriv(algorithm, wrapping, nonce)) as CipherGCM;
  const decipherPrototype = Object.getPrototypeOf(createDecipheriv(algorithm, wrapping, nonce)) as DecipherGCM;
  const isClear = (bytes: unknown): boolean => (bytes as Buffer).every((byte) => byte === 0);

  it('is cleared of the data key and the credentials after sealing', async () => {
    const encrypted = jest.spyOn(cipherPrototype, 'update');
    await vaultWith(key).seal(holder, credentials);
    const inputs = encrypted.mock.calls.map(([input]) => input);
    expect(inputs.map((input) => (input as unknown as Buffer).length)).toEqual([16 + 16 + 10 + 3 * 4, 32]);
    expect(inputs.every(isClear)).toBe(true);
  });

  it('is cleared of the data key and the credentials after opening, and after moving to another key', async () => {
    const sealed = await vaultWith(key).seal(holder, credentials);
    const decrypted = jest.spyOn(decipherPrototype, 'update');
    await vaultWith(key).open(holder, sealed);
    await vaultWith(makeKey('k2'), key).reseal(holder, sealed);
    const outputs = decrypted.mock.results.map((result): unknown => result.value);
    expect(outputs.map((output) => (output as Buffer).length)).toEqual([32, 54, 32]);
    expect(outputs.every(isClear)).toBe(true);
  });

  it('is cleared of the bytes of a key-encryption key once it is a key', () => {
    const decoded = jest.spyOn(Buffer, 'from');
    vaultWith(key);
    const bytes = decoded.mock.results.map((result): unknown => result.value);
    expect(bytes.map((each) => (each as Buffer).length)).toEqual([32]);
    expect(bytes.every(isClear)).toBe(true);
  });

  it('is cleared of what was decrypted before it proved to be false', async () => {
    const sealed = await vaultWith(key).seal(holder, credentials);
    const tag = Buffer.from(sealed.ciphertext);
    tag[tag.length - 1]! ^= 1;
    const decrypted = jest.spyOn(decipherPrototype, 'update');
    await expect(vaultWith(key).open(holder, { ...sealed, ciphertext: tag })).rejects.toThrow(SealedCredentialsError);
    const outputs = decrypted.mock.results.map((result): unknown => result.value);
    expect(outputs.map((output) => (output as Buffer).length)).toEqual([32, 54]);
    expect(outputs.every(isClear)).toBe(true);
  });
});
