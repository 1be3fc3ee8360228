import { createCipheriv, createDecipheriv, randomBytes, type CipherKey } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const tagBytes = 16;

/** Of AES-256. */
export const keyBytes = 32;
/** A random nonce of this size is good for 2^32 messages under one key: NIST SP 800-38D, section 8.3. */
export const nonceBytes = 12;

export interface Encrypted {
  readonly nonce: Uint8Array;
  /** The last 16 bytes are the tag. */
  readonly ciphertext: Uint8Array;
}

/** AES-256-GCM under a nonce of its own. context: authenticated and not stored. The nonce is never injected: one that repeats gives the key away. */
export function encrypt(parts: {
  readonly key: CipherKey;
  readonly plaintext: Uint8Array;
  readonly context: Uint8Array;
}): Encrypted {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, parts.key, nonce, { authTagLength: tagBytes }).setAAD(parts.context);
  const body = [cipher.update(parts.plaintext), cipher.final()];
  return { nonce, ciphertext: Buffer.concat([...body, cipher.getAuthTag()]) };
}

/** The plaintext, in a buffer for the caller to clear. Throws where key, context, nonce or ciphertext are not those of `encrypt`. */
export function decrypt(
  parts: Encrypted & {
    readonly key: CipherKey;
    readonly context: Uint8Array;
  },
): Buffer {
  // GCM takes nonces of any length; only these are ours.
  if (parts.nonce.length !== nonceBytes) throw new RangeError('the nonce has a wrong length');
  // Without authTagLength, Node takes the tag of a ciphertext that is too short as a tag of 4 bytes and more.
  const decipher = createDecipheriv(algorithm, parts.key, parts.nonce, { authTagLength: tagBytes })
    .setAAD(parts.context)
    .setAuthTag(parts.ciphertext.subarray(-tagBytes));
  const plaintext = decipher.update(parts.ciphertext.subarray(0, -tagBytes));
  try {
    decipher.final();
    return plaintext;
  } catch (error) {
    // What was decrypted before the tag was checked is nobody's to read.
    plaintext.fill(0);
    throw error;
  }
}
