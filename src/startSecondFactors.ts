import type { Authority } from './identity/authority';
import { SecondFactors } from './identity/mfa/secondFactors';
import { SecretsResealing } from './identity/mfa/secretsResealing';
import type { KeyEncryptionKeys } from './identity/sealing/keyEncryptionKeys';
import { TotpVault } from './identity/sealing/totpVault';
import type { Sessions } from './identity/sessions';
import type { LoginThrottle } from './security/loginThrottle';
import type { Storage } from './storage/storage';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { Logger } from './telemetry/logger';

export interface SecondFactorsStart {
  readonly sealingKeys: KeyEncryptionKeys;
  readonly storage: Storage;
  readonly sessions: Sessions;
  readonly authority: Authority;
  readonly throttle: LoginThrottle;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly runner: BackgroundRunner;
}

export interface StartedSecondFactors {
  readonly secondFactors: SecondFactors;
  /** To be called whenever the keys that seal can be used: other ones are taken up, and what was cut off goes on. */
  readonly reseal: () => void;
}

/** Second factors, their secrets sealed with the same keys as those of exchanges. */
export function startSecondFactors(parts: SecondFactorsStart): StartedSecondFactors {
  const { storage, sessions, authority, throttle, clock, logger, runner } = parts;
  const vault = new TotpVault(parts.sealingKeys);
  const store = storage.secondFactors;
  const resealing = new SecretsResealing({ store, vault, logger });
  const reseal = (): void => {
    runner.run('resealing of second factors', () => resealing.goOn());
  };
  reseal();
  const { users } = storage;
  const secondFactors = new SecondFactors({
    store,
    users,
    vault,
    sessions,
    authority,
    throttle,
    audit: (entry) => storage.auditEntries.write(entry),
    clock,
  });
  return { secondFactors, reseal };
}
