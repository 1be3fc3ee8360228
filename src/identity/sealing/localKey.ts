import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../../domain/secret';
import { IdentityError } from '../identityError';
import { decrypt, encrypt, keyBytes, nonceBytes } from './aesGcm';
import type { KeyEncryptionKey, WrappedKey } from './wrappedKey';

/** A key-encryption key that this server holds itself: AES-256-GCM. */
export class LocalKey implements KeyEncryptionKey {
  readonly id: string;
  readonly failure = null;
  readonly #key: KeyObject;

  /** Throws IdentityError where the key is not 32 bytes in base64. */
  constructor({ id, key }: { readonly id: string; readonly key: Secret }) {
    this.id = id;
    this.#key = toKeyObject(id, key);
  }

  get recordId(): string {
    return this.id;
  }

  owns(recordId: string): boolean {
    return recordId === this.id;
  }

  isNewest(recordId: string): boolean {
    return recordId === this.id;
  }

  isSame(other: KeyEncryptionKey): boolean {
    return other instanceof LocalKey && other.#key.equals(this.#key);
  }

  prove(): Promise<void> {
    return Promise.resolve();
  }

  wrap(dataKey: Buffer, context: Buffer): Promise<WrappedKey> {
    const { nonce, ciphertext } = encrypt({ key: this.#key, plaintext: dataKey, context });
    return Promise.resolve({ keyId: this.id, wrappedKey: Buffer.concat([nonce, ciphertext]) });
  }

  // A rejection, never a throw.
  // eslint-disable-next-line @typescript-eslint/require-await
  async unwrap({ wrappedKey }: WrappedKey, context: Buffer): Promise<KeyObject> {
    const dataKey = decrypt({
      key: this.#key,
      nonce: wrappedKey.subarray(0, nonceBytes),
      ciphertext: wrappedKey.subarray(nonceBytes),
      context,
    });
    try {
      return createSecretKey(dataKey);
    } finally {
      dataKey.fill(0);
    }
  }
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
