import type { CredentialHolder, ExchangeCredentials, SealedCredentials } from '../../domain/exchangeCredentials';
import { AppError } from '../../errors/appError';
import type { CredentialStore } from '../../storage/trading/credentialStore';
import type { AccountRecord } from '../../storage/trading/records';

/** What opens and closes the sealed keys of exchanges. */
export interface KeyVault {
  /** Throws AppError BAD_USER_INPUT where a text is not well-formed Unicode; SEALING_UNAVAILABLE. */
  seal(holder: CredentialHolder, credentials: ExchangeCredentials): Promise<SealedCredentials>;
  /** Throws where it does not open, whatever the reason; AppError SEALING_UNAVAILABLE where nobody can tell now. */
  open(holder: CredentialHolder, sealed: SealedCredentials): Promise<ExchangeCredentials>;
  /** Throws likewise. */
  reseal(holder: CredentialHolder, sealed: SealedCredentials): Promise<SealedCredentials>;
  needsReseal(sealed: SealedCredentials): boolean;
  hasKeyOf(sealed: SealedCredentials): boolean;
  hintOf(credentials: Pick<ExchangeCredentials, 'apiKey'>): string;
}

export type OpenedKey =
  | { readonly kind: 'open'; readonly credentials: ExchangeCredentials; readonly sealed: SealedCredentials }
  /** For its owner and the operator to read. */
  | { readonly kind: 'closed'; readonly code: string; readonly reason: string };

/** Opens the keys of LIVE accounts. One that was sealed under an older key-encryption key is kept under the newest from then on. */
export class SealedKeys {
  constructor(private readonly parts: { readonly vault: KeyVault; readonly store: CredentialStore }) {}

  /** Throws AppError SEALING_UNAVAILABLE: that says nothing of the key, which may open the next time. */
  async open(account: AccountRecord): Promise<OpenedKey> {
    const { vault, store } = this.parts;
    const holder = { ownerId: account.ownerId, accountId: account.id };
    const record = await store.find(account.id);
    if (record === null) return closed('CREDENTIALS_MISSING', 'No key of an exchange is stored for this account.');
    const { sealed } = record;
    if (!vault.hasKeyOf(sealed))
      return closed(
        'CREDENTIALS_KEY_MISSING',
        `The exchange key of this account was sealed with ${sealed.keyId}, which CREDENTIAL_KEYS does not hold any more. Put it back, or replace the exchange key.`,
      );
    const credentials = await openOrNull(vault.open(holder, sealed));
    if (credentials === null)
      return closed(
        'CREDENTIALS_DAMAGED',
        `The sealed exchange key of this account does not open with ${sealed.keyId}. Replace it.`,
      );
    if (vault.needsReseal(sealed)) await this.#reseal(account.id, holder, sealed);
    return { kind: 'open', credentials, sealed };
  }

  /** A key that is open is worth more than one that has moved: where it cannot move now, it does the next time. */
  async #reseal(accountId: string, holder: CredentialHolder, sealed: SealedCredentials): Promise<void> {
    let resealed: SealedCredentials;
    try {
      resealed = await this.parts.vault.reseal(holder, sealed);
    } catch (error) {
      if (error instanceof AppError) return;
      throw error;
    }
    await this.parts.store.reseal(accountId, sealed, resealed);
  }
}

function closed(code: string, reason: string): OpenedKey {
  return { kind: 'closed', code, reason };
}

/** Which of the reasons it is, the vault does not tell on purpose. */
async function openOrNull(opening: Promise<ExchangeCredentials>): Promise<ExchangeCredentials | null> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof AppError) throw error;
    return null;
  }
}
