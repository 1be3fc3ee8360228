import { createHash, randomInt } from 'node:crypto';

const count = 10;
const groups = 5;
const groupLength = 5;
/** Crockford's base32: no letter that is taken for a digit or for another letter. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * One-time codes for whoever has lost their authenticator. 125 bits each: enough (OWASP ASVS 6.5.2 asks for 112) that a plain hash gives
 * nothing away, be the table copied.
 */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: count }, newCode);
}

/** What the database knows a code by. Case, spaces and hyphens say nothing. The same code of another user has another hash. */
export function hashOfRecoveryCode(userId: string, code: string): Buffer {
  const plain = code.toUpperCase().replace(/[\s-]/g, '');
  return createHash('sha256').update(`${userId} ${plain}`).digest();
}

function newCode(): string {
  return Array.from({ length: groups }, () =>
    Array.from({ length: groupLength }, () => alphabet[randomInt(alphabet.length)]).join(''),
  ).join('-');
}
