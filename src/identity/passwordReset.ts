import { createHash, randomBytes } from 'node:crypto';
import type { EpochMs } from '../domain/marketData';
import type { PasswordStore } from '../storage/identity/passwordStore';

const lifeMs = 24 * 3_600_000;
const prefix = 'tgp_';
const shape = /^tgp_([\w-]{43})$/;

/**
 * A one-time token, good for a day, that lets whoever holds it choose a user's password; an earlier one is void.
 * actor: who gives it, for the audit log.
 */
export async function issueReset(
  store: Pick<PasswordStore, 'saveReset'>,
  asked: { readonly userId: string; readonly actor: string; readonly at: EpochMs },
): Promise<{ readonly token: string; readonly expiresAt: EpochMs }> {
  const secret = randomBytes(32);
  const expiresAt = asked.at + lifeMs;
  await store.saveReset({ ...asked, hash: hashOf(secret), expiresAt, ip: null });
  return { token: `${prefix}${secret.toString('base64url')}`, expiresAt };
}

/** What the database knows a token by; null where the text is none. */
export function hashOfReset(token: string): Buffer | null {
  const encoded = shape.exec(token)?.[1];
  return encoded === undefined ? null : hashOf(Buffer.from(encoded, 'base64url'));
}

/** SHA-256: there is nothing to guess in 256 random bits. */
function hashOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
