import type { SecondFactorStore } from '../../storage/identity/secondFactorStore';
import type { Logger } from '../../telemetry/logger';
import type { TotpVault } from '../sealing/totpVault';

/** Brings every secret under the newest key-encryption key, so that an older one can be taken out of the settings. */
export async function resealSecrets(parts: {
  readonly store: Pick<SecondFactorStore, 'sealedOtherwise' | 'reseal'>;
  readonly vault: Pick<TotpVault, 'newestKeyId' | 'reseal'>;
  readonly logger: Logger;
}): Promise<void> {
  const { store, vault, logger } = parts;
  for (const secret of await store.sealedOtherwise(vault.newestKeyId)) {
    const { userId, sealed } = secret;
    const after = await vault.reseal(userId, sealed);
    if (after === null) logger.error({ userId, keyId: sealed.keyId }, 'the secret of a second factor does not open');
    else await store.reseal(secret, after);
  }
}
