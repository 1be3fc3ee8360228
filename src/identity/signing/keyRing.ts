import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { LiveSigningKey, RingReading } from '../../storage/identity/signingKeyRecords';
import type { HealthState } from '../../telemetry/health';
import type { Logger } from '../../telemetry/logger';
import type { SigningKeyVault } from '../sealing/signingKeyVault';
import { KeyRingError } from './keyRingError';
import type { KeyTimes } from './keyTimes';
import type { PublicJwk, SigningKey, VerificationKey } from './signingKey';

/** What access tokens are signed and checked with. */
export interface TokenKeys {
  /** Throws KeyRingError where there is none that may sign now. */
  signingKey(): SigningKey;
  /** Null of a key that is not, or no more, trusted. Throws KeyRingError where it is not known which are. */
  verificationKey(kid: string): VerificationKey | null;
}

export interface KeyRingParts {
  readonly vault: Pick<SigningKeyVault, 'open'>;
  readonly times: KeyTimes;
  readonly clock: () => EpochMs;
  /** All keys were replaced at once: no token from before is good. */
  readonly onRevoked: () => void;
  readonly logger: Logger;
}

interface OpenedKey {
  readonly key: SigningKey;
  /** Since when this node publishes it, and checks with it. */
  readonly since: EpochMs;
}

const nothingRead = { readAt: -Infinity, signUntil: -Infinity, revokedCount: null };

/**
 * The ring as it was read last. What was read grows old, and then counts for nothing:
 *
 * - A key may sign until another one can have taken its place unseen, for whoever did that waits no longer for its tokens than it
 *   knows of: no earlier than `publishMs` after the reading, or after a pending key was published.
 * - Keys may be trusted for as long as tokens live that were issued before the reading; what comes later may be forged
 *   with a key that was revoked.
 */
export class KeyRing implements TokenKeys {
  /** By their ids. One that does not open may be anybody's: it is not trusted for anything. */
  readonly #keys = new Map<string, OpenedKey>();
  /** Those that do not open, by their ids, to tell each once: once more where one turns out to be no key of ours. */
  readonly #closed = new Map<string, 'warn' | 'fatal'>();
  readonly #opening = new Map<string, Promise<void>>();
  /** Those of the last reading. */
  #wanted: ReadonlySet<string> = new Set();
  /** Heard of as retired: a reading that began before must not bring them back. */
  readonly #gone = new Set<string>();
  /** When an emergency was heard of that was not read yet. */
  #revocationHeardAt: EpochMs | null = null;
  #activeKid: string | null = null;
  #read: { readonly readAt: EpochMs; readonly signUntil: EpochMs; readonly revokedCount: number | null } = nothingRead;

  constructor(private readonly parts: KeyRingParts) {}

  /** Unwell where this node could not sign. */
  check(): HealthState {
    const name = 'signing keys';
    try {
      return { name, healthy: true, detail: `signs with ${this.signingKey().kid}` };
    } catch (error) {
      return { name, healthy: false, detail: error instanceof Error ? error.message : 'unknown failure' };
    }
  }

  signingKey(): SigningKey {
    const key = this.#keys.get(this.#activeKid ?? '')?.key;
    if (key === undefined) throw new KeyRingError('no key that signs access tokens can be opened');
    if (this.parts.clock() > this.#read.signUntil)
      throw new KeyRingError('the signing keys were not read for too long: another one may be active');
    return key;
  }

  verificationKey(kid: string): VerificationKey | null {
    this.#assertTrusted();
    return this.#keys.get(kid)?.key ?? null;
  }

  /** Whatever checks tokens by itself should know the pending key before it signs. Throws KeyRingError like `verificationKey`. */
  publicJwks(): { readonly keys: readonly PublicJwk[] } {
    this.#assertTrusted();
    return { keys: [...this.#keys.values()].map(({ key }) => key.jwk) };
  }

  /** For how long this node has published the key; null where it cannot open it. */
  publishedForMs(kid: string): number | null {
    const opened = this.#keys.get(kid);
    return opened === undefined ? null : this.parts.clock() - opened.since;
  }

  /** What was read counts at once; resolves when the keys that are new in it were opened, as far as they can be. */
  async take(ring: RingReading, readAt: EpochMs): Promise<void> {
    const { publishMs, graceMs } = this.parts.times;
    const keys = ring.keys.filter(({ kid }) => !this.#gone.has(kid));
    this.#wanted = new Set(keys.map(({ kid }) => kid));
    for (const kid of this.#keys.keys()) if (!this.#wanted.has(kid)) this.#keys.delete(kid);
    this.#activeKid = keys.find(({ state }) => state === 'active')?.kid ?? null;
    const pending = keys.find(({ state }) => state === 'pending');
    const untilReplacedMs = Math.max(publishMs - (pending?.stateAgeMs ?? 0), 0);
    const known = this.#read.revokedCount;
    this.#read = { readAt, signUntil: readAt + untilReplacedMs + graceMs, revokedCount: ring.revokedCount };
    const isNewRevocation = known !== null && ring.revokedCount > known;
    if (isNewRevocation && this.#revocationHeardAt === null) this.parts.onRevoked();
    if (readAt > (this.#revocationHeardAt ?? readAt)) this.#revocationHeardAt = null;
    await Promise.all(keys.filter(({ kid }) => !this.#keys.has(kid)).map((key) => this.#open(key)));
  }

  /** Told before the ring is read: the key is trusted no more from this moment on. */
  retire(kid: string): void {
    this.#gone.add(kid);
    const wasActive = kid === this.#activeKid;
    this.#keys.delete(kid);
    if (!wasActive) return;
    // Only an emergency retires a key that still signs.
    this.#activeKid = null;
    this.#revocationHeardAt = this.parts.clock();
    this.parts.onRevoked();
  }

  /** One at a time of each: whoever keeps the key-encryption key may take a while to answer. */
  #open(key: LiveSigningKey): Promise<void> {
    const opening =
      this.#opening.get(key.kid) ??
      this.#openNow(key).finally(() => {
        this.#opening.delete(key.kid);
      });
    this.#opening.set(key.kid, opening);
    return opening;
  }

  async #openNow(key: LiveSigningKey): Promise<void> {
    const { vault, clock } = this.parts;
    let opened: SigningKey | null;
    try {
      opened = await vault.open(key);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#tellClosed(key, 'warn', 'a signing key cannot be opened now');
      return;
    }
    if (opened === null) {
      this.#tellClosed(key, 'fatal', 'a signing key does not open');
      return;
    }
    // It may have been retired meanwhile.
    if (!this.#wanted.has(key.kid) || this.#gone.has(key.kid)) return;
    this.#keys.set(key.kid, { key: opened, since: clock() });
    this.#closed.delete(key.kid);
  }

  #tellClosed({ kid, sealed }: LiveSigningKey, level: 'warn' | 'fatal', message: string): void {
    const told = this.#closed.get(kid);
    if (told === level || told === 'fatal') return;
    this.#closed.set(kid, level);
    const alarm = level === 'fatal' ? { alarm: 'CRITICAL' } : {};
    this.parts.logger[level]({ ...alarm, kid, sealedWith: sealed.keyId }, message);
  }

  #assertTrusted(): void {
    if (this.parts.clock() > this.#read.readAt + this.parts.times.retireMs)
      throw new KeyRingError('the signing keys were not read for too long: some of them may be revoked');
  }
}
