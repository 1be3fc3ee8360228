import type { Config } from './config/config';
import type { Authority } from './identity/authority';
import type { KeyEncryptionKeys } from './identity/sealing/keyEncryptionKeys';
import { SigningKeyVault } from './identity/sealing/signingKeyVault';
import { assertActiveOpens } from './identity/signing/assertActiveOpens';
import { beginKeyRing } from './identity/signing/beginKeyRing';
import { KeyRing } from './identity/signing/keyRing';
import { KeyRotation } from './identity/signing/keyRotation';
import { keyTimesFor, type KeyTimes } from './identity/signing/keyTimes';
import { KeyUpkeep } from './identity/signing/keyUpkeep';
import { limits } from './security/limits';
import type { FollowedTableTiming } from './storage/followedTable';
import type { Storage } from './storage/storage';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { HealthRegistry } from './telemetry/health';
import type { Logger } from './telemetry/logger';

export interface KeyRingTiming {
  readonly times: KeyTimes;
  readonly changes: FollowedTableTiming;
}

export interface KeyRingStart {
  readonly config: Pick<Config, 'dataDir' | 'tokens'>;
  readonly sealingKeys: KeyEncryptionKeys;
  readonly storage: Storage;
  readonly authority: Pick<Authority, 'change'>;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly runner: BackgroundRunner;
  readonly health: Pick<HealthRegistry, 'register'>;
  readonly onProgress: (message: string) => void;
  readonly keyTiming?: KeyRingTiming;
  /** What is started is pushed here, to be stopped in reverse. */
  readonly stops: (() => Promise<void>)[];
}

const dayMs = 86_400_000;
/** What the database tells of a key that is retired, for good, before the ring is read. */
const retirement = /^(\S+) retired$/;
const usualChanges: FollowedTableTiming = {
  pollMs: 5_000,
  answerWithinMs: 2_000,
  firstRetryMs: 200,
  longestRetryMs: 10_000,
};

/** Opens the ring of signing keys, follows it, and takes the steps of it that are due. Throws IdentityError (78) where its active key does not open. */
export async function startKeyRing(parts: KeyRingStart): Promise<KeyRing> {
  const { config, storage, authority, clock, logger, runner, onProgress, stops } = parts;
  const { times, changes } = parts.keyTiming ?? {
    times: keyTimesFor({ tokenTtlS: config.tokens.ttlS, jwksMaxAgeS: limits.jwks.maxAgeS }),
    changes: usualChanges,
  };
  const { dataDir } = config;
  const { algorithm, keyDays } = config.tokens;
  const { sealingKeys } = parts;
  const vault = new SigningKeyVault(sealingKeys);
  const store = storage.signingKeys;
  await beginKeyRing({
    store,
    vault,
    pem: config.tokens.privateKeyPem?.reveal() ?? null,
    dataDir,
    algorithm,
    clock,
    logger,
    onProgress,
  });
  await assertActiveOpens(await store.read(), vault);
  const ring = new KeyRing({
    vault,
    times,
    clock,
    logger,
    onRevoked: () => {
      logger.fatal({ alarm: 'CRITICAL' }, 'all signing keys were replaced: every access token and session has ended');
      authority.change({ kind: 'allSessionsRevoked' });
    },
  });
  const rotation = new KeyRotation({ store, vault, algorithm, clock });
  const periodMs = keyDays === 0 ? null : keyDays * dayMs;
  const upkeep = new KeyUpkeep({ store, vault, sealingKeys, ring, rotation, times, periodMs, clock, logger });
  let taking = Promise.resolve();
  const following = storage.signingKeyChanges({
    onReading: (reading, readAt) => {
      const opened = ring.take(reading, readAt);
      taking = opened;
      runner.run('signing key upkeep', async () => {
        await opened;
        await upkeep.tend(reading);
      });
    },
    onNotification: (payload) => {
      const kid = retirement.exec(payload)?.[1];
      if (kid !== undefined) ring.retire(kid);
    },
    clock,
    runner,
    logger,
    random: Math.random,
    timing: changes,
  });
  stops.push(() => following.stop());
  await following.start();
  await taking;
  parts.health.register(() => ring.check());
  return ring;
}
