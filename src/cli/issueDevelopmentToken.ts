import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config';
import { AccessTokens, type IssuedToken } from '../identity/accessTokens';
import { readDemoUsers } from '../identity/demoUsers';
import { IdentityError } from '../identity/identityError';
import type { Role } from '../identity/principal';
import { SigningKeyVault } from '../identity/sealing/signingKeyVault';
import type { SigningKey } from '../identity/signing/signingKey';
import { soleKey } from '../identity/signing/soleKey';
import { openProvenKeys } from '../startSealing';
import { withRunningStorage } from './runningStorage';

/**
 * An access token of the demo user who holds the role, made with the keys of the database, which has to be up: no server is asked. A
 * second factor counts as just proven: development has admins, and LIVE accounts, without an authenticator.
 * Throws IdentityError in production, and before the first start, and StorageError where the database is not up.
 */
export async function issueDevelopmentToken(parts: {
  readonly config: Config;
  readonly role: Role;
}): Promise<IssuedToken> {
  const { config, role } = parts;
  if (config.mode === 'production') {
    throw new IdentityError('There are no demo users in production: sign in with your own e-mail and password.');
  }
  const user = readDemoUsers(config.dataDir)?.find((candidate) => candidate.role === role);
  if (user === undefined) {
    throw new IdentityError(`There are no demo users in ${config.dataDir} yet: run "npm start" once.`);
  }
  const keys = soleKey(await activeKey(config));
  const tokens = new AccessTokens({ ...config.tokens, keys, clock: Date.now, newId: randomUUID });
  return tokens.issue({ userId: user.id, roles: [role], verifiedAt: Date.now() });
}

async function activeKey(config: Config): Promise<SigningKey> {
  const vault = new SigningKeyVault(
    await openProvenKeys({ config, mayGenerate: false, onProgress: () => undefined, storage: null }),
  );
  return withRunningStorage(config, async ({ signingKeys }) => {
    const { keys } = await signingKeys.read();
    const active = keys.find(({ state }) => state === 'active');
    const key = active === undefined ? null : await vault.open(active);
    if (key === null)
      throw new IdentityError('There is no signing key that opens: start the server once, and see what it says.');
    return key;
  });
}
