import type { EpochMs } from '../../domain/marketData';
import type { LiveKeyState, LiveSigningKey, RingReading } from '../../storage/identity/signingKeyRecords';
import type { SigningKeyStore } from '../../storage/identity/signingKeyStore';
import type { Logger } from '../../telemetry/logger';
import type { KeyEncryptionKeys } from '../sealing/keyEncryptionKeys';
import type { SigningKeyVault } from '../sealing/signingKeyVault';
import type { KeyRing } from './keyRing';
import type { KeyRotation } from './keyRotation';
import type { KeyTimes } from './keyTimes';

export interface KeyUpkeepParts {
  readonly store: Pick<SigningKeyStore, 'reseal' | 'retire' | 'activate'>;
  readonly vault: Pick<SigningKeyVault, 'reseal'>;
  readonly sealingKeys: Pick<KeyEncryptionKeys, 'proveSealing'>;
  readonly ring: Pick<KeyRing, 'publishedForMs'>;
  readonly rotation: Pick<KeyRotation, 'rotate'>;
  readonly times: KeyTimes;
  /** A key that has been active for so long is replaced; null: never by itself. */
  readonly periodMs: number | null;
  readonly clock: () => EpochMs;
  readonly logger: Logger;
}

/** Who does it, for the audit log. */
const actor = 'signing-key-upkeep';

/**
 * Takes every step of the ring that is due. Each node does, whichever comes first: a step is done once, whoever else tries, and what was
 * begun by a node that is gone goes on without it.
 */
export class KeyUpkeep {
  #isWorking = false;

  constructor(private readonly parts: KeyUpkeepParts) {}

  /** ring: as it was read just now. Does nothing while it is at work. */
  async tend(ring: RingReading): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      await this.#retire(ring.keys);
      await this.#activate(ring.keys);
      // After what goes on without whoever keeps the key-encryption key.
      await this.#reseal(ring.keys);
      await this.#rotate(ring.keys);
    } finally {
      this.#isWorking = false;
    }
  }

  /** What is sealed with an older key-encryption key is kept under the newest from then on. */
  async #reseal(keys: readonly LiveSigningKey[]): Promise<void> {
    for (const key of keys) {
      const resealed = await this.parts.vault.reseal(key);
      if (resealed !== null) await this.parts.store.reseal(key.kid, key.sealed, resealed);
    }
  }

  async #retire(keys: readonly LiveSigningKey[]): Promise<void> {
    const { store, times, clock } = this.parts;
    if (dueKey(keys, 'retiring', times.retireMs) === null) return;
    await store.retire({ actor, at: clock(), minAgeMs: times.retireMs });
  }

  async #activate(keys: readonly LiveSigningKey[]): Promise<void> {
    const { store, ring, times, clock, logger } = this.parts;
    const kid = dueKey(keys, 'pending', times.publishMs);
    if (kid === null) return;
    // One that was made while no node ran was published by none; one that does not open would leave nobody to sign.
    if ((ring.publishedForMs(kid) ?? 0) < times.publishMs) return;
    const isDone = await store.activate(kid, { actor, at: clock(), minAgeMs: times.publishMs });
    if (isDone) logger.info({ kid }, 'another key signs access tokens');
  }

  async #rotate(keys: readonly LiveSigningKey[]): Promise<void> {
    const { sealingKeys, rotation, periodMs, logger } = this.parts;
    if (periodMs === null || dueKey(keys, 'active', periodMs) === null) return;
    if (keys.some(({ state }) => state === 'pending')) return;
    // A key that nobody seals would be made for nothing, at each reading anew: an RSA key takes seconds.
    await sealingKeys.proveSealing();
    const { kind, made } = await rotation.rotate({ actor, minAgeMs: periodMs });
    if (kind === 'added') logger.info({ kid: made }, 'a key was made that will sign access tokens');
  }
}

function dueKey(keys: readonly LiveSigningKey[], state: LiveKeyState, minAgeMs: number): string | null {
  return keys.find((key) => key.state === state && key.stateAgeMs >= minAgeMs)?.kid ?? null;
}
