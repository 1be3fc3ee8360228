import { KeyEncryptionKeys } from '../../src/identity/sealing/keyEncryptionKeys';
import { SigningKeyVault } from '../../src/identity/sealing/signingKeyVault';
import { generateSigningKey } from '../../src/identity/signing/generateSigningKey';
import { KeyRing } from '../../src/identity/signing/keyRing';
import { KeyRingError } from '../../src/identity/signing/keyRingError';
import { keyTimesFor } from '../../src/identity/signing/keyTimes';
import type { LiveKeyState, LiveSigningKey, StoredSigningKey } from '../../src/storage/identity/signingKeyRecords';
import { createLogger } from '../../src/telemetry/logger';
import { makeKey } from './sealing/credentials';

const vault = new SigningKeyVault(new KeyEncryptionKeys([makeKey('k1')]));
const times = keyTimesFor({ tokenTtlS: 600, jwksMaxAgeS: 300 });
const minuteMs = 60_000;

let now: number;
let revocations: number;
let ring: KeyRing;
let first: StoredSigningKey;
let second: StoredSigningKey;

beforeAll(async () => {
  [first, second] = [vault.seal(await generateSigningKey('ES256')), vault.seal(await generateSigningKey('ES256'))];
});

beforeEach(() => {
  now = 0;
  revocations = 0;
  ring = new KeyRing({
    vault,
    times,
    clock: () => now,
    onRevoked: () => (revocations += 1),
    logger: createLogger('silent'),
  });
});

function as(key: StoredSigningKey, state: LiveKeyState, stateAgeMs = 0): LiveSigningKey {
  return { ...key, state, stateAgeMs };
}

function take(keys: readonly LiveSigningKey[], revokedCount = 0, readAt = now): void {
  ring.take({ keys, revokedCount }, readAt);
}

function mayCheck(key: StoredSigningKey): boolean {
  return ring.verificationKey(key.kid) !== null;
}

it('knows nothing before it was read', () => {
  expect(() => ring.signingKey()).toThrow(KeyRingError);
  expect(() => ring.verificationKey(first.kid)).toThrow(KeyRingError);
  expect(() => ring.publicJwks()).toThrow(KeyRingError);
});

it.each<[LiveKeyState, LiveKeyState]>([
  ['active', 'pending'],
  ['retiring', 'active'],
])('checks with a key that is %s and one that is %s, publishes both, and signs with the active one', (one, other) => {
  take([as(first, one), as(second, other)]);
  expect(ring.signingKey().kid).toBe(one === 'active' ? first.kid : second.kid);
  expect([mayCheck(first), mayCheck(second)]).toEqual([true, true]);
  expect(ring.publicJwks().keys.map(({ kid }) => kid)).toEqual([first.kid, second.kid]);
  expect(ring.verificationKey('constructor')).toBeNull();
});

it('forgets a key that is not in the ring any more', () => {
  take([as(first, 'retiring'), as(second, 'active')]);
  take([as(second, 'active')]);
  expect([mayCheck(first), mayCheck(second)]).toEqual([false, true]);
  expect(revocations).toBe(0);
});

describe('signs no longer than it can know of nobody who took the place of its key:', () => {
  const endsAfter = (ms: number): void => {
    now = ms;
    expect(ring.signingKey().kid).toBe(first.kid);
    now = ms + 1;
    expect(() => ring.signingKey()).toThrow(KeyRingError);
  };

  it('the publishing of a key that may have been made since', () => {
    take([as(first, 'active')]);
    endsAfter(times.publishMs + times.graceMs);
  });

  it('what is left of the publishing of the key that follows', () => {
    take([as(first, 'active'), as(second, 'pending', 4 * minuteMs)]);
    endsAfter(times.publishMs - 4 * minuteMs + times.graceMs);
  });

  it('a moment, where the key that follows may be active already', () => {
    take([as(first, 'active'), as(second, 'pending', 60 * minuteMs)]);
    endsAfter(times.graceMs);
  });

  it('and its last token has expired before the others take it for retired', () => {
    const retiredAt = times.publishMs + times.retireMs;
    expect(times.publishMs + times.graceMs + 600_000).toBeLessThan(retiredAt);
  });
});

it('checks no longer than a token of before the last reading lives: what comes later may be made with a key that was revoked', () => {
  take([as(first, 'active')]);
  now = times.retireMs;
  expect(mayCheck(first)).toBe(true);
  now += 1;
  expect(() => mayCheck(first)).toThrow(KeyRingError);
  expect(() => ring.publicJwks()).toThrow(KeyRingError);
  take([as(first, 'active')]);
  expect(mayCheck(first)).toBe(true);
});

describe('a key of which it is heard that it is retired', () => {
  it('is gone at once, whatever a reading says that began before', () => {
    take([as(first, 'retiring'), as(second, 'active')]);
    ring.retire(first.kid);
    take([as(first, 'retiring'), as(second, 'active')]);
    expect([mayCheck(first), mayCheck(second), revocations]).toEqual([false, true, 0]);
  });

  it('ends everything at once where it was the active one, and once', () => {
    take([as(first, 'active')]);
    now = 10;
    ring.retire(first.kid);
    expect(revocations).toBe(1);
    expect(() => ring.signingKey()).toThrow(KeyRingError);
    expect(mayCheck(first)).toBe(false);
    // One that began before, and those after.
    take([as(first, 'active')], 0, 5);
    expect(() => ring.signingKey()).toThrow(KeyRingError);
    now = 20;
    take([as(second, 'active')], 1);
    expect([ring.signingKey().kid, revocations]).toEqual([second.kid, 1]);
    take([as(second, 'active')], 2);
    expect(revocations).toBe(2);
  });
});

it('tells of an emergency that it only reads of, and not of those before its start', () => {
  take([as(first, 'active')], 3);
  expect(revocations).toBe(0);
  take([as(second, 'active')], 4);
  take([as(second, 'active')], 4);
  expect(revocations).toBe(1);
});

it.each<LiveKeyState>(['pending', 'active', 'retiring'])(
  'trusts a key that is %s for nothing where it does not open: anybody may have written it into the table',
  async (state) => {
    const foreign = new SigningKeyVault(new KeyEncryptionKeys([makeKey('k1')])).seal(await generateSigningKey('ES256'));
    take([as(foreign, state), as(second, state === 'active' ? 'retiring' : 'active')]);
    expect([mayCheck(foreign), mayCheck(second), ring.publishedForMs(foreign.kid)]).toEqual([false, true, null]);
    expect(ring.publicJwks().keys.map(({ kid }) => kid)).toEqual([second.kid]);
    if (state === 'active') expect(() => ring.signingKey()).toThrow(KeyRingError);
    expect(ring.check()).toMatchObject({ name: 'signing keys', healthy: state !== 'active' });
  },
);

it('tells for how long it has published a key, however long that was there before', () => {
  take([as(first, 'active'), as(second, 'pending', 60 * minuteMs)]);
  now = 10;
  take([as(first, 'active'), as(second, 'pending', 60 * minuteMs)]);
  expect(ring.publishedForMs(second.kid)).toBe(10);
});
