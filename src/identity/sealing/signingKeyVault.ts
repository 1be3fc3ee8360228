import { createPrivateKey } from 'node:crypto';
import type { SealedRecord } from '../../domain/sealedRecord';
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

  seal(key: SigningKey): StoredSigningKey {
    const { kid, algorithm, privateKey } = key;
    const plaintext = privateKey.export({ type: 'pkcs8', format: 'der' });
    try {
      return { kid, algorithm, sealed: this.#sealer.seal([kid], plaintext) };
    } finally {
      plaintext.fill(0);
    }
  }

  /** Null where it does not open, whatever the reason. */
  open({ kid, sealed }: Pick<StoredSigningKey, 'kid' | 'sealed'>): SigningKey | null {
    try {
      const plaintext = this.#sealer.open([kid], sealed);
      try {
        const key = new SigningKey(createPrivateKey({ key: plaintext, format: 'der', type: 'pkcs8' }));
        return key.kid === kid ? key : null;
      } finally {
        plaintext.fill(0);
      }
    } catch {
      return null;
    }
  }

  /** The same under the newest key-encryption key; null where it is, or does not open. */
  reseal({ kid, sealed }: Pick<StoredSigningKey, 'kid' | 'sealed'>): SealedRecord | null {
    if (!this.#sealer.needsReseal(sealed) || !this.#sealer.hasKeyOf(sealed)) return null;
    return this.#sealer.reseal([kid], sealed);
  }

  /** False where the key-encryption key was taken out of the settings. */
  hasKeyOf({ sealed }: Pick<StoredSigningKey, 'sealed'>): boolean {
    return this.#sealer.hasKeyOf(sealed);
  }
}
