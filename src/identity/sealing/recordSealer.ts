import { randomBytes, type KeyObject } from 'node:crypto';
import type { SealedRecord } from '../../domain/sealedRecord';
import { decrypt, encrypt, keyBytes } from './aesGcm';
import type { KeyEncryptionKeys } from './keyEncryptionKeys';
import { encodeTexts } from './textList';
import type { WrappedKey } from './wrappedKey';

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

  /** place: the names by which the record's row is known. Throws RangeError where one is not well-formed Unicode; AppError SEALING_UNAVAILABLE. */
  async seal(place: readonly string[], plaintext: Uint8Array): Promise<SealedRecord> {
    const dataKey = randomBytes(keyBytes);
    try {
      const record = encrypt({ key: dataKey, plaintext, context: this.#recordContext(place) });
      return { ...(await this.#wrap(place, dataKey)), ...record };
    } finally {
      dataKey.fill(0);
    }
  }

  /** The plaintext, in a buffer for the caller to clear. Throws where it does not open; AppError SEALING_UNAVAILABLE where nobody can tell now. */
  async open(place: readonly string[], sealed: SealedRecord): Promise<Buffer> {
    const key = await this.#unwrap(place, sealed);
    const { nonce, ciphertext } = sealed;
    return decrypt({ key, nonce, ciphertext, context: this.#recordContext(place) });
  }

  /** The same record under the newest key-encryption key: what it holds stays sealed. Throws like `open`. */
  async reseal(place: readonly string[], sealed: SealedRecord): Promise<SealedRecord> {
    const dataKey = (await this.#unwrap(place, sealed)).export();
    try {
      return { ...(await this.#wrap(place, dataKey)), nonce: sealed.nonce, ciphertext: sealed.ciphertext };
    } finally {
      dataKey.fill(0);
    }
  }

  /** True where a newer key-encryption key than the record's is known. */
  needsReseal(sealed: Pick<SealedRecord, 'keyId'>): boolean {
    return !this.#keys.isNewest(sealed.keyId);
  }

  /** False where the record's key-encryption key was taken out of the settings: it cannot be opened until that is back. */
  hasKeyOf(sealed: Pick<SealedRecord, 'keyId'>): boolean {
    return this.#keys.has(sealed.keyId);
  }

  #wrap(place: readonly string[], dataKey: Buffer): Promise<WrappedKey> {
    return this.#keys.wrap(dataKey, (id) => this.#keyContext(place, id));
  }

  #unwrap(place: readonly string[], sealed: SealedRecord): Promise<KeyObject> {
    return this.#keys.unwrap(sealed, (id) => this.#keyContext(place, id));
  }

  #keyContext(place: readonly string[], keyId: string): Buffer {
    return encodeTexts([`${this.#purpose}/data-key`, keyId, ...place]);
  }

  /** Without the key id, so that a record changes hands between key-encryption keys unopened. */
  #recordContext(place: readonly string[]): Buffer {
    return encodeTexts([`${this.#purpose}/record`, ...place]);
  }
}
