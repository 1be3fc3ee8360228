import type { SecondFactorStore } from '../../storage/identity/secondFactorStore';
import type { Logger } from '../../telemetry/logger';
import type { TotpVault } from '../sealing/totpVault';

export interface SecretsResealingParts {
  readonly store: Pick<SecondFactorStore, 'sealedOtherwise' | 'reseal'>;
  readonly vault: Pick<TotpVault, 'newestKeyId' | 'keyIds' | 'reseal'>;
  readonly logger: Logger;
}

/** Brings every secret under the newest key-encryption key, so that an older one can be taken out of the settings. */
export class SecretsResealing {
  /** With which keys it was done, the newest first: another one may open what did not. */
  #done = '';
  #isWorking = false;

  constructor(private readonly parts: SecretsResealingParts) {}

  /** Does what is left of it: mostly nothing, so that it can be called at any time. Throws AppError SEALING_UNAVAILABLE: the next call goes on. */
  async goOn(): Promise<void> {
    const { newestKeyId, keyIds } = this.parts.vault;
    const keys = [newestKeyId, ...keyIds].join();
    if (this.#isWorking || keys === this.#done) return;
    this.#isWorking = true;
    try {
      await this.#bringUnder(newestKeyId);
      this.#done = keys;
    } finally {
      this.#isWorking = false;
    }
  }

  async #bringUnder(keyId: string): Promise<void> {
    const { store, vault, logger } = this.parts;
    for (const secret of await store.sealedOtherwise(keyId)) {
      const { userId, sealed } = secret;
      const after = await vault.reseal(userId, sealed);
      if (after === null) logger.error({ userId, keyId: sealed.keyId }, 'the secret of a second factor does not open');
      else await store.reseal(secret, after);
    }
  }
}
