import { AppError } from '../../src/errors/appError';
import { KeyEncryptionKeys } from '../../src/identity/sealing/keyEncryptionKeys';
import { SigningKeyVault } from '../../src/identity/sealing/signingKeyVault';
import { generateSigningKey } from '../../src/identity/signing/generateSigningKey';
import { KeyRing } from '../../src/identity/signing/keyRing';
import { KeyRingError } from '../../src/identity/signing/keyRingError';
import { keyTimesFor } from '../../src/identity/signing/keyTimes';
import type { LiveKeyState, LiveSigningKey, StoredSigningKey } from '../../src/storage/identity/signingKeyRecords';
import { createLogger } from '../../src/telemetry/logger';
import { Gate } from '../kit/gate';
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
  [first, second] = [
    await vault.seal(await generateSigningKey('ES256')),
    await vault.seal(await generateSigningKey('ES256')),
  ];
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

function take(keys: readonly LiveSigningKey[], revokedCount = 0, readAt = now): Promise<void> {
  return ring.take({ keys, revokedCount }, readAt);
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
])(
  'checks with a key that is %s and one that is %s, publishes both, and signs with the active one',
  async (one, other) => {
    await take([as(first, one), as(second, other)]);
    expect(ring.signingKey().kid).toBe(one === 'active' ? first.kid : second.kid);
    expect([mayCheck(first), mayCheck(second)]).toEqual([true, true]);
    expect(ring.publicJwks().keys.map(({ kid }) => kid)).toEqual([first.kid, second.kid]);
    expect(ring.verificationKey('constructor')).toBeNull();
  },
);

it('forgets a key that is not in the ring any more', async () => {
  await take([as(first, 'retiring'), as(second, 'active')]);
  await take([as(second, 'active')]);
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

  it('the publishing of a key that may have been made since', async () => {
    await take([as(first, 'active')]);
    endsAfter(times.publishMs + times.graceMs);
  });

  it('what is left of the publishing of the key that follows', async () => {
    await take([as(first, 'active'), as(second, 'pending', 4 * minuteMs)]);
    endsAfter(times.publishMs - 4 * minuteMs + times.graceMs);
  });

  it('a moment, where the key that follows may be active already', async () => {
    await take([as(first, 'active'), as(second, 'pending', 60 * minuteMs)]);
    endsAfter(times.graceMs);
  });

  it('and its last token has expired before the others take it for retired', () => {
    const retiredAt = times.publishMs + times.retireMs;
    expect(times.publishMs + times.graceMs + 600_000).toBeLessThan(retiredAt);
  });
});

it('checks no longer than a token of before the last reading lives: what comes later may be made with a key that was revoked', async () => {
  await take([as(first, 'active')]);
  now = times.retireMs;
  expect(mayCheck(first)).toBe(true);
  now += 1;
  expect(() => mayCheck(first)).toThrow(KeyRingError);
  expect(() => ring.publicJwks()).toThrow(KeyRingError);
  await take([as(first, 'active')]);
  expect(mayCheck(first)).toBe(true);
});

describe('a key of which it is heard that it is retired', () => {
  it('is gone at once, whatever a reading says that began before', async () => {
    await take([as(first, 'retiring'), as(second, 'active')]);
    ring.retire(first.kid);
    await take([as(first, 'retiring'), as(second, 'active')]);
    expect([mayCheck(first), mayCheck(second), revocations]).toEqual([false, true, 0]);
  });

  it('ends everything at once where it was the active one, and once', async () => {
    await take([as(first, 'active')]);
    now = 10;
    ring.retire(first.kid);
    expect(revocations).toBe(1);
    expect(() => ring.signingKey()).toThrow(KeyRingError);
    expect(mayCheck(first)).toBe(false);
    // One that began before, and those after.
    await take([as(first, 'active')], 0, 5);
    expect(() => ring.signingKey()).toThrow(KeyRingError);
    now = 20;
    await take([as(second, 'active')], 1);
    expect([ring.signingKey().kid, revocations]).toEqual([second.kid, 1]);
    await take([as(second, 'active')], 2);
    expect(revocations).toBe(2);
  });
});

it('tells of an emergency that it only reads of, and not of those before its start', async () => {
  await take([as(first, 'active')], 3);
  expect(revocations).toBe(0);
  await take([as(second, 'active')], 4);
  await take([as(second, 'active')], 4);
  expect(revocations).toBe(1);
});

it.each<LiveKeyState>(['pending', 'active', 'retiring'])(
  'trusts a key that is %s for nothing where it does not open: anybody may have written it into the table',
  async (state) => {
    const foreign = await new SigningKeyVault(new KeyEncryptionKeys([makeKey('k1')])).seal(
      await generateSigningKey('ES256'),
    );
    await take([as(foreign, state), as(second, state === 'active' ? 'retiring' : 'active')]);
    expect([mayCheck(foreign), mayCheck(second), ring.publishedForMs(foreign.kid)]).toEqual([false, true, null]);
    expect(ring.publicJwks().keys.map(({ kid }) => kid)).toEqual([second.kid]);
    if (state === 'active') expect(() => ring.signingKey()).toThrow(KeyRingError);
    expect(ring.check()).toMatchObject({ name: 'signing keys', healthy: state !== 'active' });
  },
);

describe('a key that is opened elsewhere', () => {
  const opening = { isAway: true, until: Promise.resolve() };
  const logger = createLogger('silent');

  beforeEach(() => {
    ring = new KeyRing({
      vault: {
        open: async (key) => {
          await opening.until;
          if (opening.isAway && key.kid === second.kid) throw new AppError('SEALING_UNAVAILABLE');
          return vault.open(key);
        },
      },
      times,
      clock: () => now,
      onRevoked: () => (revocations += 1),
      logger,
    });
  });

  it('is told once where nobody can tell now, and as an alarm, once, where it turns out to be none of ours', async () => {
    const told: string[] = [];
    jest.spyOn(logger, 'warn').mockImplementation(() => void told.push('warn'));
    jest.spyOn(logger, 'fatal').mockImplementation(() => void told.push('fatal'));
    const foreign = { ...as(second, 'pending'), sealed: first.sealed };
    for (const isAway of [true, true, false, false, true, false]) {
      opening.isAway = isAway;
      await take([as(first, 'active'), foreign]);
    }
    expect(told).toEqual(['warn', 'fatal']);
  });

  it('is opened at a later reading where nobody can tell now, and the others go on', async () => {
    opening.isAway = true;
    await take([as(first, 'active'), as(second, 'pending')]);
    expect([mayCheck(first), mayCheck(second), ring.signingKey().kid]).toEqual([true, false, first.kid]);
    opening.isAway = false;
    await take([as(first, 'active'), as(second, 'pending')]);
    expect(mayCheck(second)).toBe(true);
  });

  it('is trusted for nothing where it was retired while that took its time, and keeps no other reading waiting', async () => {
    opening.isAway = false;
    await take([as(first, 'active')]);
    const gate = new Gate();
    opening.until = gate.passed;
    const reading = take([as(first, 'active'), as(second, 'pending')]);
    now = 10;
    ring.retire(second.kid);
    expect([mayCheck(first), ring.signingKey().kid]).toEqual([true, first.kid]);
    gate.open();
    await reading;
    expect(mayCheck(second)).toBe(false);
  });
});

it('tells for how long it has published a key, however long that was there before', async () => {
  await take([as(first, 'active'), as(second, 'pending', 60 * minuteMs)]);
  now = 10;
  await take([as(first, 'active'), as(second, 'pending', 60 * minuteMs)]);
  expect(ring.publishedForMs(second.kid)).toBe(10);
});
