import { createHash, randomBytes } from 'node:crypto';
import type { EpochMs } from '../domain/marketData';
import type { PasswordStore } from '../storage/identity/passwordStore';

/**
 * How long a token is good for. An operator's goes from hand to hand. One in a mail was asked for by somebody who is waiting for it, and
 * lies in a mailbox, its backups and whatever it is forwarded to for years.
 */
export const resetLives = { operatorMs: 24 * 3_600_000, mailMs: 3_600_000 } as const;
const prefix = 'tgp_';
const shape = /^tgp_([\w-]{43})$/;

/**
 * A one-time token that lets whoever holds it choose a user's password; an earlier one is void.
 * actor: who gives it, for the audit log. ip: from where it was asked for; null: on the host.
 * nobodysHash: voids the password of before at once, and ends its sessions. For operators alone: with it, whoever may ask for a mail
 * could keep anybody out.
 */
export async function issueReset(
  store: Pick<PasswordStore, 'saveReset'>,
  asked: {
    readonly userId: string;
    readonly actor: string;
    readonly at: EpochMs;
    readonly ip: string | null;
    readonly lifeMs: number;
    readonly nobodysHash?: string;
  },
): Promise<{ readonly token: string; readonly expiresAt: EpochMs }> {
  const secret = randomBytes(32);
  const { lifeMs, ...asking } = asked;
  const expiresAt = asked.at + lifeMs;
  await store.saveReset({ ...asking, hash: hashOf(secret), expiresAt });
  return { token: `${prefix}${secret.toString('base64url')}`, expiresAt };
}

/** As a fragment, which browsers send to no server and name in no Referer. */
export function resetLink(pageUrl: string, token: string): string {
  return `${pageUrl}#${token}`;
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
