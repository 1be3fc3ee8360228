import { randomBytes } from 'node:crypto';
import type { CredentialHolder, ExchangeCredentials, SealedCredentials } from '../../../src/domain/exchangeCredentials';
import { Secret } from '../../../src/domain/secret';
import { CredentialVault } from '../../../src/identity/sealing/credentialVault';
import { KeyEncryptionKeys, type CredentialKey } from '../../../src/identity/sealing/keyEncryptionKeys';

export const holder: CredentialHolder = {
  ownerId: '6f1c1f0e-5f0b-4a53-9d0c-0f5f6f9f1a01',
  accountId: '0b7b2d9c-3c55-4a0b-8a5e-5d7f2f1f2b02',
};

/** What two `Secret`s hold, for comparison: jest takes all of them for equal. */
export interface Revealed {
  readonly apiKey: string;
  readonly secret: string;
  readonly passphrase: string | null;
}

export const plain: Revealed = { apiKey: 'vmPUZE6mv9SD5VNH', secret: 'NhqPtmdSJYdKjVHj', passphrase: 'pass wörd' };

export function toCredentials({ apiKey, secret, passphrase }: Revealed): ExchangeCredentials {
  return {
    apiKey: new Secret(apiKey),
    secret: new Secret(secret),
    passphrase: passphrase === null ? null : new Secret(passphrase),
  };
}

export function reveal({ apiKey, secret, passphrase }: ExchangeCredentials): Revealed {
  return { apiKey: apiKey.reveal(), secret: secret.reveal(), passphrase: passphrase?.reveal() ?? null };
}

export function makeKey(id: string, bytes: Uint8Array = randomBytes(32)): CredentialKey {
  return { id, key: new Secret(Buffer.from(bytes).toString('base64')) };
}

/** keys: newest first. */
export function vaultWith(...keys: readonly CredentialKey[]): CredentialVault {
  return new CredentialVault(new KeyEncryptionKeys(keys));
}

export type ByteField = 'wrappedKey' | 'nonce' | 'ciphertext';
export const byteFields: readonly ByteField[] = ['wrappedKey', 'nonce', 'ciphertext'];

/** Every record that differs from it in one bit of one field. */
export function* flippedRecords(sealed: SealedCredentials): Generator<SealedCredentials> {
  for (const field of byteFields) {
    for (let bit = 0; bit < sealed[field].length * 8; bit += 1) {
      const bytes = Buffer.from(sealed[field]);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      yield { ...sealed, [field]: bytes };
    }
  }
}

/** What the attempt throws; fails where it throws nothing. */
export async function errorOf(attempt: () => unknown): Promise<Error> {
  try {
    await attempt();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
