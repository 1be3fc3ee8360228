/** A secret as it is stored: nothing of it is secret without the key-encryption key. */
export interface SealedRecord {
  /** Names the key-encryption key, and its version where a service keeps it. */
  readonly keyId: string;
  /** The data key under the key-encryption key: nonce (12 bytes), ciphertext (32), tag (16); of a service: what it gives. */
  readonly wrappedKey: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** The secret under the data key; the last 16 bytes are the tag. */
  readonly ciphertext: Uint8Array;
}
