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
  #newestId: string;
  #keys: ReadonlyMap<string, KeyObject>;

  /** keys: newest first. Throws IdentityError where there is none, one is not 32 bytes long, or two have one id. */
  constructor(keys: readonly CredentialKey[]) {
    ({ newestId: this.#newestId, byId: this.#keys } = read(keys));
  }

  get newestId(): string {
    return this.#newestId;
  }

  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** Lets these take the place of those before. Throws IdentityError where they are not fit, or an id has become another key's: then nothing has changed. */
  replace(keys: readonly CredentialKey[]): void {
    const { newestId, byId } = read(keys);
    const changed = [...byId].find(([id, key]) => !(this.#keys.get(id)?.equals(key) ?? true));
    if (changed !== undefined) {
      throw new IdentityError(`The id ${changed[0]} is another key's than before: give a new key an id of its own.`);
    }
    this.#newestId = newestId;
    this.#keys = byId;
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

function read(keys: readonly CredentialKey[]) {
  const [newest] = keys;
  if (newest === undefined) throw new IdentityError('There is no key that seals exchange credentials.');
  const byId = new Map<string, KeyObject>();
  for (const { id, key } of keys) {
    if (byId.has(id)) throw new IdentityError(`Two keys that seal exchange credentials have the id ${id}.`);
    byId.set(id, toKeyObject(id, key));
  }
  return { newestId: newest.id, byId };
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
