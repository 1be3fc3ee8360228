import type { SealedRecord } from '../../domain/sealedRecord';
import { AppError } from '../../errors/appError';
import type { KeyEncryptionKeys } from './keyEncryptionKeys';
import { RecordSealer } from './recordSealer';

/** The name of the table, and the layout: the secret in base32, ASCII. */
const purpose = 'tickgate/totp_secrets/v1';

/** Seals the secrets of authenticator apps. The table and the user are bound in: under another user's id they do not open. */
export class TotpVault {
  readonly #sealer: RecordSealer;

  constructor(private readonly keys: KeyEncryptionKeys) {
    this.#sealer = new RecordSealer({ keys, purpose });
  }

  get newestKeyId(): string {
    return this.keys.newestId;
  }

  /** Of every key that opens, as the settings name it. */
  get keyIds(): readonly string[] {
    return this.keys.ids;
  }

  /** Throws AppError SEALING_UNAVAILABLE. */
  async seal(userId: string, secret: string): Promise<SealedRecord> {
    const plaintext = Buffer.from(secret, 'ascii');
    try {
      return await this.#sealer.seal([userId], plaintext);
    } finally {
      plaintext.fill(0);
    }
  }

  /** Throws where it does not open; AppError SEALING_UNAVAILABLE where nobody can tell now. */
  async open(userId: string, sealed: SealedRecord): Promise<string> {
    const plaintext = await this.#sealer.open([userId], sealed);
    try {
      return plaintext.toString('ascii');
    } finally {
      plaintext.fill(0);
    }
  }

  /** The same under the newest key-encryption key; null where it does not open. Throws AppError SEALING_UNAVAILABLE. */
  async reseal(userId: string, sealed: SealedRecord): Promise<SealedRecord | null> {
    try {
      return await this.#sealer.reseal([userId], sealed);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return null;
    }
  }
}
