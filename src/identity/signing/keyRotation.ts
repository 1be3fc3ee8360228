import type { EpochMs } from '../../domain/marketData';
import type { SigningAlgorithm, StoredSigningKey } from '../../storage/identity/signingKeyRecords';
import type { AddedKey, SigningKeyStore } from '../../storage/identity/signingKeyStore';
import type { SigningKeyVault } from '../sealing/signingKeyVault';
import { assertActiveOpens } from './assertActiveOpens';
import { generateSigningKey } from './generateSigningKey';

export interface KeyRotationParts {
  readonly store: SigningKeyStore;
  readonly vault: SigningKeyVault;
  /** Of the next key. */
  readonly algorithm: SigningAlgorithm;
  readonly clock: () => EpochMs;
}

/** Makes keys and puts them into the ring. */
export class KeyRotation {
  constructor(private readonly parts: KeyRotationParts) {}

  /**
   * Makes the key that follows the active one, unless there is one already, or the active one is younger than that.
   * Throws IdentityError (78) where the active one does not open: the nodes might not open the next one.
   */
  async rotate(change: {
    readonly actor: string;
    readonly minAgeMs: number;
  }): Promise<AddedKey & { readonly made: string }> {
    const { store, vault, clock } = this.parts;
    await assertActiveOpens(await store.read(), vault);
    const key = await this.#make();
    return { ...(await store.addPending(key, { ...change, at: clock() })), made: key.kid };
  }

  /** An emergency: see `SigningKeyStore.revokeAll`. */
  async revokeAll(actor: string): Promise<{ readonly kid: string; readonly keys: number; readonly sessions: number }> {
    const { store, clock } = this.parts;
    const key = await this.#make();
    return { kid: key.kid, ...(await store.revokeAll(key, { actor, at: clock() })) };
  }

  async #make(): Promise<StoredSigningKey> {
    const { vault, algorithm } = this.parts;
    return vault.seal(await generateSigningKey(algorithm));
  }
}
