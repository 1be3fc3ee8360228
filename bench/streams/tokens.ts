import { randomUUID } from 'node:crypto';
import { AccessTokens } from '../../src/identity/accessTokens';
import { SigningKey } from '../../src/identity/signing/signingKey';
import { soleKey } from '../../src/identity/signing/soleKey';

const ttlS = 3_600;
const userCount = 1_000;

/** Readers are of a thousand users, in turn. */
export const userIdOf = (reader: number): string => `user-${String(reader % userCount).padStart(3, '0')}`;

export function openTokens(signingKeyPem: string): AccessTokens {
  return new AccessTokens({
    keys: soleKey(SigningKey.fromPem(signingKeyPem)),
    issuer: 'tickgate',
    audience: 'tickgate',
    ttlS,
    clock: Date.now,
    newId: randomUUID,
  });
}

/** One for each user. */
export function issueTokens(signingKeyPem: string): readonly string[] {
  const tokens = openTokens(signingKeyPem);
  return Array.from(
    { length: userCount },
    (_, user) => tokens.issue({ userId: userIdOf(user), roles: ['VIEWER'] }).accessToken,
  );
}
