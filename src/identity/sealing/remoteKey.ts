import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { AppError } from '../../errors/appError';
import { IdentityError } from '../identityError';
import { keyBytes } from './aesGcm';
import { UnwrappedKeys } from './unwrappedKeys';
import type { KeyEncryptionKey, WrappedKey } from './wrappedKey';

/** Wraps and unwraps with a key that it keeps. Each rejects with an IdentityError for the operator where the service cannot be asked, or refuses. */
export interface KeyService {
  /** Which key of which service: two that say the same are one. */
  readonly place: string;
  /** version: of the key, from 1 on. */
  encrypt(
    plaintext: Uint8Array,
    context: Uint8Array,
  ): Promise<{ readonly version: number; readonly ciphertext: Buffer }>;
  /** Null where it is nothing that a version in use of this key made with this context. */
  decrypt(
    wrapped: { readonly version: number; readonly ciphertext: Uint8Array },
    context: Uint8Array,
  ): Promise<Buffer | null>;
}

/** sysexits.h: the settings name what is not fit for it. */
const configExitStatus = 78;

/** What was unwrapped is used for so long without being asked for again, and for longer while the service is away. */
const freshForMs = 5 * 60_000;
const maxUnwrapped = 1_000;

/**
 * A key-encryption key that a service keeps: it sees each data key, this server never sees the key. Records carry its id and the version that
 * wrapped them, `id:v3`. What was unwrapped once goes on to open while the service is away; nothing else takes its place.
 */
export class RemoteKey implements KeyEncryptionKey {
  readonly id: string;
  readonly #service: KeyService;
  readonly #unwrapped: UnwrappedKeys;
  /** Before the service was asked: none of what it wraps is older. */
  #latest = 0;
  #failure: string | null = null;
  /** Whether it is known to bind contexts. */
  #isBinding = false;

  constructor(parts: { readonly id: string; readonly service: KeyService; readonly clock: () => number }) {
    const { id, service, clock } = parts;
    this.id = id;
    this.#service = service;
    this.#unwrapped = new UnwrappedKeys({ clock, freshForMs, maxEntries: maxUnwrapped });
  }

  get recordId(): string {
    return `${this.id}:v${this.#latest}`;
  }

  get failure(): string | null {
    return this.#failure;
  }

  owns(recordId: string): boolean {
    return this.#versionOf(recordId) !== null;
  }

  isNewest(recordId: string): boolean {
    return (this.#versionOf(recordId) ?? -1) >= this.#latest;
  }

  isSame(other: KeyEncryptionKey): boolean {
    return other instanceof RemoteKey && other.#service.place === this.#service.place;
  }

  /**
   * Lets the service wrap and unwrap something that is worth nothing. Throws IdentityError where it does not, or where it takes any context for
   * the right one, as servers do that do not know of contexts.
   */
  async prove(): Promise<void> {
    const [plaintext, context, foreign] = [randomBytes(keyBytes), randomBytes(keyBytes), randomBytes(keyBytes)];
    await this.#noting(async () => {
      const wrapped = await this.#service.encrypt(plaintext, context);
      const opened = await this.#service.decrypt(wrapped, context);
      if (opened?.equals(plaintext) !== true) throw this.#unfit('does not unwrap what it wraps');
      if (!this.#isBinding && (await this.#service.decrypt(wrapped, foreign)) !== null) {
        throw this.#unfit('does not bind associated data, which takes Vault 1.13 and a key of type aes256-gcm96');
      }
      this.#isBinding = true;
      this.#latest = wrapped.version;
    });
  }

  async wrap(dataKey: Buffer, context: Buffer): Promise<WrappedKey> {
    const { version, ciphertext } = await this.#ask(() => this.#service.encrypt(dataKey, context));
    this.#latest = Math.max(this.#latest, version);
    return { keyId: `${this.id}:v${version}`, wrappedKey: ciphertext };
  }

  async unwrap(wrapped: WrappedKey, context: Buffer): Promise<KeyObject> {
    const known = this.#unwrapped.find(wrapped, context);
    if (known?.isFresh === true) return known.dataKey;
    const version = this.#versionOf(wrapped.keyId);
    if (version === null) throw new RangeError('the version of the key-encryption key is not known');
    let bytes: Buffer | null;
    try {
      bytes = await this.#ask(() => this.#service.decrypt({ version, ciphertext: wrapped.wrappedKey }, context));
      // Whether it is the record or the key: one that was deleted, or withdrawn, says nothing of any record.
      if (bytes === null) await this.#ask(() => this.prove());
    } catch (error) {
      if (known !== null) return known.dataKey;
      throw error;
    }
    if (bytes === null) {
      this.#unwrapped.forget(wrapped, context);
      throw new RangeError('the service does not unwrap it');
    }
    try {
      const dataKey = createSecretKey(bytes);
      this.#unwrapped.keep(wrapped, context, dataKey);
      return dataKey;
    } finally {
      bytes.fill(0);
    }
  }

  async #ask<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#noting(work);
    } catch (error) {
      throw new AppError('SEALING_UNAVAILABLE', { cause: error });
    }
  }

  async #noting<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      this.#failure = null;
      return result;
    } catch (error) {
      // What an error says that is not one of ours may repeat what was sent.
      this.#failure = error instanceof IdentityError ? error.message : `The key ${this.id} cannot be used.`;
      throw error;
    }
  }

  #unfit(why: string): IdentityError {
    return new IdentityError(`The key ${this.id} (${this.#service.place}) ${why}.`, { exitStatus: configExitStatus });
  }

  #versionOf(recordId: string): number | null {
    const [, id, version] = /^([^:]+):v([1-9]\d{0,8})$/.exec(recordId) ?? [];
    return id === this.id ? Number(version) : null;
  }
}
