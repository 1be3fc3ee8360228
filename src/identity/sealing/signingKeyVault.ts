import { createPrivateKey } from 'node:crypto';
import type { SealedRecord } from '../../domain/sealedRecord';
import { AppError } from '../../errors/appError';
import type { StoredSigningKey } from '../../storage/identity/signingKeyRecords';
import { SigningKey } from '../signing/signingKey';
import type { KeyEncryptionKeys } from './keyEncryptionKeys';
import { RecordSealer } from './recordSealer';

/** The name of the table, and the layout: PKCS #8, DER. */
const purpose = 'tickgate/signing_keys/v1';

/** Seals the private halves of signing keys. The table and the key's id are bound in: under another key's id they do not open. */
export class SigningKeyVault {
  readonly #sealer: RecordSealer;

  constructor(keys: KeyEncryptionKeys) {
    this.#sealer = new RecordSealer({ keys, purpose });
  }

  /** Throws AppError SEALING_UNAVAILABLE. */
  async seal(key: SigningKey): Promise<StoredSigningKey> {
    const { kid, algorithm, privateKey } = key;
    const plaintext = privateKey.export({ type: 'pkcs8', format: 'der' });
    try {
      return { kid, algorithm, sealed: await this.#sealer.seal([kid], plaintext) };
    } finally {
      plaintext.fill(0);
    }
  }

  /** Null where it does not open, whatever the reason. Throws AppError SEALING_UNAVAILABLE where nobody can tell now. */
  async open({ kid, sealed }: Pick<StoredSigningKey, 'kid' | 'sealed'>): Promise<SigningKey | null> {
    try {
      const plaintext = await this.#sealer.open([kid], sealed);
      try {
        const key = new SigningKey(createPrivateKey({ key: plaintext, format: 'der', type: 'pkcs8' }));
        return key.kid === kid ? key : null;
      } finally {
        plaintext.fill(0);
      }
    } catch (error) {
      if (error instanceof AppError) throw error;
      return null;
    }
  }

  /** The same under the newest key-encryption key; null where it is, or that is not known. Throws AppError SEALING_UNAVAILABLE. */
  async reseal({ kid, sealed }: Pick<StoredSigningKey, 'kid' | 'sealed'>): Promise<SealedRecord | null> {
    if (!this.#sealer.needsReseal(sealed) || !this.#sealer.hasKeyOf(sealed)) return null;
    return this.#sealer.reseal([kid], sealed);
  }

  /** False where the key-encryption key was taken out of the settings. */
  hasKeyOf({ sealed }: Pick<StoredSigningKey, 'sealed'>): boolean {
    return this.#sealer.hasKeyOf(sealed);
  }
}
