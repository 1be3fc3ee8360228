import type { CredentialHolder, ExchangeCredentials, SealedCredentials } from '../../domain/exchangeCredentials';
import { Secret } from '../../domain/secret';
import { AppError } from '../../errors/appError';
import type { KeyEncryptionKeys } from './keyEncryptionKeys';
import { RecordSealer } from './recordSealer';
import { SealedCredentialsError } from './sealedCredentialsError';
import { decodeTexts, encodeTexts } from './textList';

/** What the bytes are for: a record of another purpose, or of another layout of this one, does not open here. */
const purpose = 'tickgate/exchange-credentials/v1';

const hintChars = 4;
/** The hint of a shorter key would tell more than half of it. */
const minCharsForHint = 2 * hintChars;

/**
 * Seals exchange credentials. Owner and account are bound in (`RecordSealer`), so a record copied to another row or owner opens nowhere.
 * Buffers are cleared after use; texts live on until they are collected, which JavaScript leaves no choice about.
 */
export class CredentialVault {
  readonly #sealer: RecordSealer;

  constructor(keys: KeyEncryptionKeys) {
    this.#sealer = new RecordSealer({ keys, purpose });
  }

  /** Throws BAD_USER_INPUT where a text is not well-formed Unicode; SEALING_UNAVAILABLE. */
  async seal(holder: CredentialHolder, credentials: ExchangeCredentials): Promise<SealedCredentials> {
    const plaintext = encodeCredentials(credentials);
    try {
      return await this.#sealer.seal(placeOf(holder), plaintext);
    } finally {
      plaintext.fill(0);
    }
  }

  /** Throws SealedCredentialsError, whatever the reason; SEALING_UNAVAILABLE where nobody can tell now whether it opens. */
  open(holder: CredentialHolder, sealed: SealedCredentials): Promise<ExchangeCredentials> {
    return failAlike(async () => {
      const plaintext = await this.#sealer.open(placeOf(holder), sealed);
      try {
        return decodeCredentials(plaintext);
      } finally {
        plaintext.fill(0);
      }
    });
  }

  /** The same record under the newest key-encryption key: the credentials themselves stay sealed. Throws like `open`. */
  reseal(holder: CredentialHolder, sealed: SealedCredentials): Promise<SealedCredentials> {
    return failAlike(() => this.#sealer.reseal(placeOf(holder), sealed));
  }

  /** True where a newer key-encryption key than the record's is known. */
  needsReseal(sealed: Pick<SealedCredentials, 'keyId'>): boolean {
    return this.#sealer.needsReseal(sealed);
  }

  /** False where the record's key-encryption key was taken out of the settings: it cannot be opened until that is back. */
  hasKeyOf(sealed: Pick<SealedCredentials, 'keyId'>): boolean {
    return this.#sealer.hasKeyOf(sealed);
  }

  /** The last four characters of the API key, for its owner to know it by; empty where it has fewer than eight. */
  hintOf(credentials: Pick<ExchangeCredentials, 'apiKey'>): string {
    const characters = Array.from(credentials.apiKey.reveal());
    return characters.length < minCharsForHint ? '' : characters.slice(-hintChars).join('');
  }
}

function placeOf(holder: CredentialHolder): readonly string[] {
  return [holder.ownerId, holder.accountId];
}

function encodeCredentials({ apiKey, secret, passphrase }: ExchangeCredentials): Buffer {
  const texts = [apiKey, secret, ...(passphrase === null ? [] : [passphrase])].map((part) => part.reveal());
  try {
    return encodeTexts(texts);
  } catch {
    throw new AppError('BAD_USER_INPUT', { publicMessage: 'The credentials hold characters that no exchange gives.' });
  }
}

function decodeCredentials(plaintext: Buffer): ExchangeCredentials {
  const [apiKey, secret, passphrase] = decodeTexts(plaintext);
  if (apiKey === undefined || secret === undefined) throw new RangeError('the record is incomplete');
  return {
    apiKey: new Secret(apiKey),
    secret: new Secret(secret),
    passphrase: passphrase === undefined ? null : new Secret(passphrase),
  };
}

/** One failure for all reasons: what exactly does not fit would help only whoever tries. */
async function failAlike<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new SealedCredentialsError();
  }
}
