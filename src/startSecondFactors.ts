import type { Config } from './config/config';
import type { Authority } from './identity/authority';
import { resealSecrets } from './identity/mfa/resealSecrets';
import { SecondFactors } from './identity/mfa/secondFactors';
import { openTotpVault } from './identity/sealing/openCredentialVault';
import type { Sessions } from './identity/sessions';
import type { LoginThrottle } from './security/loginThrottle';
import type { Storage } from './storage/storage';
import type { BackgroundRunner } from './telemetry/backgroundRunner';
import type { Logger } from './telemetry/logger';

export interface SecondFactorsStart {
  readonly config: Pick<Config, 'mode' | 'dataDir' | 'credentials'>;
  readonly storage: Storage;
  readonly sessions: Sessions;
  readonly authority: Authority;
  readonly throttle: LoginThrottle;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly runner: BackgroundRunner;
  readonly onProgress: (message: string) => void;
}

/** Second factors, their secrets sealed with the same keys as those of exchanges. */
export function startSecondFactors(parts: SecondFactorsStart): SecondFactors {
  const { config, storage, sessions, authority, throttle, clock, logger, runner, onProgress } = parts;
  const { dataDir, mode } = config;
  const mayGenerate = mode === 'development';
  const vault = openTotpVault({ keys: config.credentials.keys, dataDir, mayGenerate, onProgress });
  const store = storage.secondFactors;
  runner.run('resealing of second factors', () => resealSecrets({ store, vault, logger }));
  const { users } = storage;
  return new SecondFactors({
    store,
    users,
    vault,
    sessions,
    authority,
    throttle,
    audit: (entry) => storage.auditEntries.write(entry),
    clock,
  });
}
