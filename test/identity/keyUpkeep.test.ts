import { KeyUpkeep } from '../../src/identity/signing/keyUpkeep';
import type { LiveKeyState, LiveSigningKey } from '../../src/storage/identity/signingKeyRecords';
import { createLogger } from '../../src/telemetry/logger';

const times = { publishMs: 360_000, retireMs: 660_000, graceMs: 30_000 };
const sealed = { keyId: 'k1', wrappedKey: Buffer.of(1), nonce: Buffer.of(2), ciphertext: Buffer.of(3) };

/** What is done with a ring. publishedForMs: by this node; null where it cannot open the keys. */
async function stepsFor(
  keys: readonly (readonly [LiveKeyState, number])[],
  parts: {
    readonly publishedForMs?: number | null;
    readonly periodMs?: number | null;
    readonly proveSealing?: () => Promise<void>;
    readonly steps?: string[];
  } = {},
): Promise<readonly string[]> {
  const { publishedForMs = Infinity, periodMs = null, proveSealing = () => Promise.resolve(), steps = [] } = parts;
  const upkeep = new KeyUpkeep({
    store: {
      activate: (kid, { minAgeMs }) => {
        steps.push(`activate ${kid} after ${minAgeMs}`);
        return Promise.resolve(true);
      },
      retire: ({ minAgeMs }) => {
        steps.push(`retire after ${minAgeMs}`);
        return Promise.resolve();
      },
      reseal: () => Promise.resolve(),
    },
    vault: { reseal: () => Promise.resolve(null) },
    sealingKeys: { proveSealing },
    ring: { publishedForMs: () => publishedForMs },
    rotation: {
      rotate: ({ minAgeMs }) => {
        steps.push(`rotate after ${minAgeMs}`);
        return Promise.resolve({ kind: 'added', made: 'next' });
      },
    },
    times,
    periodMs,
    clock: () => 0,
    logger: createLogger('silent'),
  });
  await upkeep.tend({ keys: keys.map(([state, age]) => toKey(state, age)), revokedCount: 0 });
  return steps;
}

function toKey(state: LiveKeyState, stateAgeMs: number): LiveSigningKey {
  return { kid: state, algorithm: 'ES256', sealed, state, stateAgeMs };
}

it('does nothing before it is due', async () => {
  const young = [
    ['retiring', times.retireMs - 1],
    ['active', 999],
    ['pending', times.publishMs - 1],
  ] as const;
  expect(await stepsFor(young, { periodMs: 1_000 })).toEqual([]);
});

it('activates a key that has been published for long enough, and retires one whose last token has expired', async () => {
  expect(await stepsFor([['retiring', times.retireMs]])).toEqual(['retire after 660000']);
  expect(await stepsFor([['pending', times.publishMs]])).toEqual(['activate pending after 360000']);
});

it.each([
  ['has not published for long enough, however long it is pending: no node may have run', times.publishMs - 1],
  ['cannot open: nobody might be able to sign', null],
])('does not activate a key that this node %s', async (_, publishedForMs) => {
  expect(await stepsFor([['pending', 10 * times.publishMs]], { publishedForMs })).toEqual([]);
});

it('makes another key once the active one is old enough, unless one is waiting, and never where no age is set', async () => {
  expect(await stepsFor([['active', 1_000]], { periodMs: 1_000 })).toEqual(['rotate after 1000']);
  const waiting = [
    ['active', 1_000],
    ['pending', 0],
  ] as const;
  expect(await stepsFor(waiting, { periodMs: 1_000 })).toEqual([]);
  expect(await stepsFor([['active', 1e12]])).toEqual([]);
});

it('makes no key while none could be sealed, and goes on with those that are there', async () => {
  const away = new Error('Vault does not answer');
  const parts = { periodMs: 1_000, proveSealing: () => Promise.reject(away) };
  const steps: string[] = [];
  await expect(stepsFor([['active', 1_000]], { ...parts, steps })).rejects.toBe(away);
  expect(steps).toEqual([]);
  const retiring = [
    ['active', 1_000],
    ['retiring', times.retireMs],
  ] as const;
  await expect(stepsFor(retiring, { ...parts, steps })).rejects.toBe(away);
  expect(steps).toEqual(['retire after 660000']);
});
