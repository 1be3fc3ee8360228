import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../../domain/secret';
import { IdentityError } from '../identityError';
import { keyBytes } from './aesGcm';

/** A key-encryption key by the name that sealed records carry. key: 32 bytes in base64. */
export interface CredentialKey {
  readonly id: string;
  readonly key: Secret;
}

/** The key-encryption keys of this server: the first seals, all of them open. */
export class KeyEncryptionKeys {
  readonly newestId: string;
  readonly #keys = new Map<string, KeyObject>();

  /** keys: newest first. Throws IdentityError where there is none, one is not 32 bytes long, or two have one id. */
  constructor(keys: readonly CredentialKey[]) {
    const [newest] = keys;
    if (newest === undefined) throw new IdentityError('There is no key that seals exchange credentials.');
    this.newestId = newest.id;
    for (const { id, key } of keys) {
      if (this.#keys.has(id)) throw new IdentityError(`Two keys that seal exchange credentials have the id ${id}.`);
      this.#keys.set(id, toKeyObject(id, key));
    }
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** Throws RangeError where it is not known. */
  get(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) throw new RangeError('the key-encryption key is not known');
    return key;
  }
}

/** A KeyObject keeps its bytes outside of JavaScript's memory, and shows none of them. */
function toKeyObject(id: string, key: Secret): KeyObject {
  const bytes = Buffer.from(key.reveal(), 'base64');
  try {
    if (bytes.length !== keyBytes) {
      throw new IdentityError(`The key ${id} that seals exchange credentials must be ${keyBytes} bytes in base64.`);
    }
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}
