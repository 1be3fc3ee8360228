import type { Secret } from '../../domain/secret';
import type { HealthState } from '../../telemetry/health';
import { IdentityError } from '../identityError';
import { Succession, type SuccessionTiming } from '../succession';
import { LocalKey } from './localKey';
import { RemoteKey, type KeyService } from './remoteKey';
import type { KeyEncryptionKey, WrappedKey } from './wrappedKey';

/** A key-encryption key by the name that sealed records carry. key: 32 bytes in base64. */
export interface CredentialKey {
  readonly id: string;
  readonly key: Secret;
}

/** One that a service keeps, and never gives away. */
export interface ServedKey {
  readonly id: string;
  readonly service: KeyService;
}

export type SealingKey = CredentialKey | ServedKey;

/** Each kind of record binds the id of the key into what it wraps. */
export type ContextOf = (id: string) => Buffer;

/** The key-encryption keys of this server: the first seals, one that is new as soon as `Succession` lets it; all of them open. */
export class KeyEncryptionKeys {
  #keys: ReadonlyMap<string, KeyEncryptionKey>;
  readonly #clock: () => number;
  readonly #succession: Succession;

  /**
   * keys: newest first. isUsed: true of the ids that records are sealed with. Throws IdentityError where there is none, one is not 32 bytes
   * long, or two have one id.
   */
  constructor(keys: readonly SealingKey[], timing: SuccessionTiming = {}, isUsed?: (id: string) => boolean) {
    this.#clock = timing.clock ?? Date.now;
    this.#keys = read(keys, this.#clock);
    this.#succession = new Succession(this.ids, timing, isUsed);
  }

  /** What the records carry that are sealed from now on. */
  get newestId(): string {
    return this.#newest.recordId;
  }

  /** As the settings name them. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** The one that seals, as the settings name it. */
  get sealingId(): string {
    return this.#newest.id;
  }

  /** True of the one that seals, and of the one before it for as long as another node may seal with that. */
  maySeal(id: string): boolean {
    return this.#succession.mayLead(id);
  }

  /**
   * Lets these take the place of those before: they open at once. Throws IdentityError where they are not fit, an id has become another
   * key's, or a service that is new does not do what it is for: then nothing has changed.
   */
  async replace(keys: readonly SealingKey[]): Promise<void> {
    const byId = read(keys, this.#clock);
    const changed = [...byId].find(([id, key]) => !(this.#keys.get(id)?.isSame(key) ?? true));
    if (changed !== undefined) {
      throw new IdentityError(`The id ${changed[0]} is another key's than before: give a new key an id of its own.`);
    }
    await Promise.all([...byId.values()].filter(({ id }) => !this.#keys.has(id)).map((key) => key.prove()));
    // Those that stay know what they have unwrapped.
    this.#keys = new Map([...byId].map(([id, key]) => [id, this.#keys.get(id) ?? key]));
    this.#succession.replace([...byId.keys()]);
  }

  /** Makes sure that every key can be used, and learns which version of it is the newest. Throws IdentityError. */
  async prove(): Promise<void> {
    await Promise.all([...this.#keys.values()].map((key) => key.prove()));
  }

  /** The same of the one that seals alone. */
  async proveSealing(): Promise<void> {
    await this.#newest.prove();
  }

  /** Unwell where what is sealed with one of them may not open now. */
  check(): HealthState {
    const failures = [...this.#keys.values()].flatMap(({ failure }) => (failure === null ? [] : [failure]));
    const detail = failures.length > 0 ? failures.join(' ') : `${this.newestId} seals`;
    return { name: 'keys that seal', healthy: failures.length === 0, detail };
  }

  /** keyId: of a record. */
  has(keyId: string): boolean {
    return this.#find(keyId)?.owns(keyId) ?? false;
  }

  /** False where a record with this one is to be sealed anew. */
  isNewest(keyId: string): boolean {
    return this.#newest.isNewest(keyId);
  }

  /** Throws AppError SEALING_UNAVAILABLE. */
  wrap(dataKey: Buffer, contextOf: ContextOf): Promise<WrappedKey> {
    const newest = this.#newest;
    return newest.wrap(dataKey, contextOf(newest.id));
  }

  /** Throws AppError SEALING_UNAVAILABLE where nobody can tell now; another error where it does not open. */
  async unwrap(wrapped: WrappedKey, contextOf: ContextOf): ReturnType<KeyEncryptionKey['unwrap']> {
    const key = this.#find(wrapped.keyId);
    if (!key?.owns(wrapped.keyId)) throw new RangeError('the key-encryption key is not known');
    return key.unwrap(wrapped, contextOf(key.id));
  }

  get #newest(): KeyEncryptionKey {
    const newest = this.#keys.get(this.#succession.leader ?? '');
    if (newest === undefined) throw new RangeError('no key-encryption key seals');
    return newest;
  }

  #find(keyId: string): KeyEncryptionKey | undefined {
    return this.#keys.get(settingIdOf(keyId));
  }
}

/** Of the key that a record names, as the settings name it: a version of a key stands behind a colon, which no id holds. */
export function settingIdOf(keyId: string): string {
  return keyId.split(':', 1)[0] ?? '';
}

function read(keys: readonly SealingKey[], clock: () => number): ReadonlyMap<string, KeyEncryptionKey> {
  const byId = new Map<string, KeyEncryptionKey>();
  for (const key of keys) {
    if (byId.has(key.id)) throw new IdentityError(`Two keys that seal exchange credentials have the id ${key.id}.`);
    byId.set(key.id, 'key' in key ? new LocalKey(key) : new RemoteKey({ ...key, clock }));
  }
  if (byId.size === 0) throw new IdentityError('There is no key that seals exchange credentials.');
  return byId;
}
