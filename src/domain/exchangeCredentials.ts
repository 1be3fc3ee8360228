import type { SealedRecord } from './sealedRecord';
import type { Secret } from './secret';

/** What an exchange knows one of its customers by. All of it is kept secret; only the hint of the API key is ever shown. */
export interface ExchangeCredentials {
  readonly apiKey: Secret;
  readonly secret: Secret;
  /** Null where the exchange asks for none. */
  readonly passphrase: Secret | null;
}

/** Whose credentials they are. What was sealed for one owner and account opens for no other. */
export interface CredentialHolder {
  readonly ownerId: string;
  readonly accountId: string;
}

/** Credentials as they are stored. */
export type SealedCredentials = SealedRecord;
