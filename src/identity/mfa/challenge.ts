import { createHash, randomBytes } from 'node:crypto';

const prefix = 'tgm_';
const shape = /^tgm_([\w-]{43})$/;

/** 256 random bits that say of somebody that they know a password: `tgm_` and base64url. The database knows the hash alone. */
export function newChallenge(): { readonly text: string; readonly hash: Buffer } {
  const bytes = randomBytes(32);
  return { text: `${prefix}${bytes.toString('base64url')}`, hash: hashOf(bytes) };
}

/** What the database knows a challenge by; null where the text is none. */
export function hashOfChallenge(text: string): Buffer | null {
  const encoded = shape.exec(text)?.[1];
  return encoded === undefined ? null : hashOf(Buffer.from(encoded, 'base64url'));
}

function hashOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
