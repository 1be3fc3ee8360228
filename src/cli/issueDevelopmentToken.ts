import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config';
import { AccessTokens, type IssuedToken } from '../identity/accessTokens';
import { readDemoUsers } from '../identity/demoUsers';
import { IdentityError } from '../identity/identityError';
import { openSigningKey } from '../identity/openSigningKey';
import type { Role } from '../identity/principal';

/**
 * An access token of the demo user who holds the role, made from the files of the data folder alone: no server is asked.
 * Throws IdentityError in production, and before the first start.
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
  const signingKey = await openSigningKey({
    pem: config.tokens.privateKeyPem?.reveal() ?? null,
    dataDir: config.dataDir,
    mayGenerate: false,
    onProgress: () => undefined,
  });
  const tokens = new AccessTokens({ ...config.tokens, signingKey, clock: Date.now, newId: randomUUID });
  return tokens.issue({ userId: user.id, roles: [role] });
}
