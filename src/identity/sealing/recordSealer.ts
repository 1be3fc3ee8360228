import { randomBytes } from 'node:crypto';
import type { SealedRecord } from '../../domain/sealedRecord';
import { decrypt, encrypt, keyBytes, nonceBytes } from './aesGcm';
import type { KeyEncryptionKeys } from './keyEncryptionKeys';
import { encodeTexts } from './textList';

/**
 * Seals each record under a data key of its own, that under the newest key-encryption key. The purpose and the place of a record are bound
 * into both, so that a record copied to another place opens nowhere. An older record put back into its own place does open.
 */
export class RecordSealer {
  readonly #keys: KeyEncryptionKeys;
  readonly #purpose: string;

  /** purpose: what the bytes are for, with the version of their layout; no two kinds of records have the same. */
  constructor(parts: { readonly keys: KeyEncryptionKeys; readonly purpose: string }) {
    this.#keys = parts.keys;
    this.#purpose = parts.purpose;
  }

  /** place: the names by which the record's row is known. Throws RangeError where one is not well-formed Unicode. */
  seal(place: readonly string[], plaintext: Uint8Array): SealedRecord {
    const dataKey = randomBytes(keyBytes);
    try {
      const record = encrypt({ key: dataKey, plaintext, context: this.#recordContext(place) });
      return { ...this.#wrap(place, dataKey), ...record };
    } finally {
      dataKey.fill(0);
    }
  }

  /** The plaintext, in a buffer for the caller to clear. Throws where it does not open. */
  open(place: readonly string[], sealed: SealedRecord): Buffer {
    const dataKey = this.#unwrap(place, sealed);
    try {
      const { nonce, ciphertext } = sealed;
      return decrypt({ key: dataKey, nonce, ciphertext, context: this.#recordContext(place) });
    } finally {
      dataKey.fill(0);
    }
  }

  /** The same record under the newest key-encryption key: what it holds stays sealed. Throws where it does not open. */
  reseal(place: readonly string[], sealed: SealedRecord): SealedRecord {
    const dataKey = this.#unwrap(place, sealed);
    try {
      return { ...this.#wrap(place, dataKey), nonce: sealed.nonce, ciphertext: sealed.ciphertext };
    } finally {
      dataKey.fill(0);
    }
  }

  /** True where a newer key-encryption key than the record's is known. */
  needsReseal(sealed: Pick<SealedRecord, 'keyId'>): boolean {
    return sealed.keyId !== this.#keys.newestId;
  }

  /** False where the record's key-encryption key was taken out of the settings: it cannot be opened until that is back. */
  hasKeyOf(sealed: Pick<SealedRecord, 'keyId'>): boolean {
    return this.#keys.has(sealed.keyId);
  }

  #wrap(place: readonly string[], dataKey: Buffer): Pick<SealedRecord, 'keyId' | 'wrappedKey'> {
    const keyId = this.#keys.newestId;
    const context = this.#keyContext(place, keyId);
    const wrapped = encrypt({ key: this.#keys.get(keyId), plaintext: dataKey, context });
    return { keyId, wrappedKey: Buffer.concat([wrapped.nonce, wrapped.ciphertext]) };
  }

  #unwrap(place: readonly string[], sealed: SealedRecord): Buffer {
    return decrypt({
      key: this.#keys.get(sealed.keyId),
      nonce: sealed.wrappedKey.subarray(0, nonceBytes),
      ciphertext: sealed.wrappedKey.subarray(nonceBytes),
      context: this.#keyContext(place, sealed.keyId),
    });
  }

  #keyContext(place: readonly string[], keyId: string): Buffer {
    return encodeTexts([`${this.#purpose}/data-key`, keyId, ...place]);
  }

  /** Without the key id, so that a record changes hands between key-encryption keys unopened. */
  #recordContext(place: readonly string[]): Buffer {
    return encodeTexts([`${this.#purpose}/record`, ...place]);
  }
}
