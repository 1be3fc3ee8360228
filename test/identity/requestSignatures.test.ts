import { sign as signBytes } from 'node:crypto';
import fc from 'fast-check';
import { parsePublicKey } from '../../src/identity/apiKeys/publicKey';
import { RequestSignatures } from '../../src/identity/apiKeys/requestSignatures';
import { limits } from '../../src/security/limits';
import { MemoryReservations } from '../../src/security/reservations';
import { UsedNonces } from '../../src/security/usedNonces';
import { ecPem, ed25519Pem, publicPemOf, rsaPem, x25519Pem } from '../kit/keyPairs';
import { digestOf, RequestSigner, type SigningWishes } from '../kit/requestSigner';

const signer = new RequestSigner();
const key = { id: '00000000-0000-4000-8000-000000000001', publicKey: signer.publicKey };
const body = '{"query":"{ serverTime }"}';
/** A whole second, as `created` is. */
const signedAt = 1_800_000_000_000;
let now: number;
let signatures: RequestSignatures;

beforeEach(() => {
  now = signedAt;
  const clock = (): number => now;
  const { maxIdentities } = limits.rateLimiter;
  const nonces = new UsedNonces({ memory: new MemoryReservations({ clock, maxIdentities }), shared: null });
  signatures = new RequestSignatures({ nonces, clock });
});

const sign = (wishes: SigningWishes = {}): Promise<Readonly<Record<string, string>>> =>
  signer.request({ id: key.id, authorization: 'Bearer of a key' }, body, { created: new Date(signedAt), ...wishes });

/** What a request comes to: null, or the code of the refusal. Whatever else is thrown is passed on. */
async function judge(headers: Readonly<Record<string, unknown>>, method = 'POST'): Promise<string | null> {
  const request = { ip: '203.0.113.7', method, path: '/graphql', headers, body: Buffer.from(body) };
  try {
    await signatures.assertSigned(key, request);
    return null;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code?.startsWith('SIGNATURE_') !== true) throw error;
    return code;
  }
}

describe('a signature', () => {
  it.each([
    [-5_001, 'SIGNATURE_OUT_OF_TIME'],
    [-5_000, null],
    [5_000, null],
    [5_001, 'SIGNATURE_OUT_OF_TIME'],
  ])('that comes %d ms after it was made comes to %s', async (later, code) => {
    now = signedAt + later;
    expect(await judge(await sign())).toBe(code);
  });

  it('is remembered for as long as it is in time, from the first moment to the last', async () => {
    const headers = await sign();
    now = signedAt - 5_000;
    expect(await judge(headers)).toBeNull();
    now = signedAt + 5_000;
    expect(await judge(headers)).toBe('SIGNATURE_REPLAYED');
  });

  it('says its time in whole seconds', async () => {
    const handMade = (created: string): Readonly<Record<string, string>> => {
      const params = `("@method" "@path" "authorization" "content-digest");created=${created};nonce="0123456789abcdef";keyid="${key.id}"`;
      const [authorization, digest] = ['Bearer of a key', digestOf(body)];
      const signed = `"@method": POST\n"@path": /graphql\n"authorization": ${authorization}\n"content-digest": ${digest}\n"@signature-params": ${params}`;
      const bytes = signBytes(null, Buffer.from(signed), signer.privateKey).toString('base64');
      return { authorization, 'content-digest': digest, 'signature-input': `a=${params}`, signature: `a=:${bytes}:` };
    };
    for (const wrong of ['1800000000.5', '"1800000000"', '@1800000000']) {
      expect(await judge(handMade(wrong))).toBe('SIGNATURE_REFUSED');
    }
    expect(await judge(handMade('1800000000'))).toBeNull();
  });

  it('that is wrong uses up no nonce: nobody spoils a request by sending something like it before', async () => {
    const headers = await sign();
    expect(await judge(headers, 'GET')).toBe('SIGNATURE_REFUSED');
    expect(await judge(headers)).toBeNull();
  });

  it('is refused whatever stands in its headers, and nothing breaks', async () => {
    const good = await sign();
    const pieces = fc.constantFrom(
      ...Object.values(good),
      'sig',
      '=',
      '(',
      ')',
      ';',
      ':',
      '"',
      ',',
      ' ',
      '@1',
      '?1',
      '1.5',
    );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((all) => all.join('')),
    );
    const header = fc.oneof(text, fc.constant(undefined), fc.anything());
    const names = ['signature-input', 'signature', 'content-digest'] as const;
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), header, async (name, value) => {
        // What means the same (`sig, sig=…`) is the same signature, and good once as that is.
        if ((await judge({ ...good, [name]: value })) === null) taken += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeLessThanOrEqual(1);
  });
});

describe('a public key', () => {
  it('is taken as PEM, however it is broken into lines, and told in one way', () => {
    const { publicKey } = signer;
    for (const text of [publicKey, publicKey.trim(), `\n${publicKey}\n`, publicKey.replaceAll('\n', '\r\n')]) {
      expect(parsePublicKey(text)).toBe(publicKey);
    }
  });

  it('is refused where it is a private one, and its owner is told that it is spent', () => {
    expect(() => parsePublicKey(ed25519Pem())).toThrow(/is a private key.*Make another/);
  });

  it.each([
    ['of RSA', publicPemOf(rsaPem(2_048))],
    ['of a NIST curve', publicPemOf(ecPem('P-256'))],
    ['for agreeing on secrets', publicPemOf(x25519Pem())],
    ['without its frame', signer.publicKey.split('\n')[1] ?? ''],
    ['cut short', signer.publicKey.replace('MCow', '')],
    ['empty', ''],
  ])('is refused where it is one %s', (_kind, text) => {
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }) as Error);
  });
});

it('says that it cannot tell where no further nonce finds room, and not that this one was used before', async () => {
  const memory = new MemoryReservations({ clock: () => 1_000, maxIdentities: 1 });
  const nonces = new UsedNonces({ memory, shared: null });
  expect([await nonces.take('key', 'first'), await nonces.take('key', 'first')]).toEqual([true, false]);
  await expect(nonces.take('key', 'second')).rejects.toMatchObject({ code: 'SIGNATURE_UNCHECKABLE' });
});
