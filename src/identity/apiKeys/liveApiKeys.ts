import { setTimeout as delay } from 'node:timers/promises';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { ApiKeyStore, LiveApiKey } from '../../storage/identity/apiKeyStore';
import type { Authority } from '../authority';
import type { CredentialedRequest } from '../credentialedRequest';
import { apiKeyEnded } from '../endedCredentials';
import { scopes as allScopes, type Principal } from '../principal';
import { hashOfApiKey } from './apiKeyText';
import { IpRanges } from './ipRanges';
import type { RequestSignatures } from './requestSignatures';

/** What was read longer ago is not known any more: a key may have been revoked since. */
const maxReadingAgeMs = 60_000;
const knownWithinMs = 2_000;

export interface LiveApiKeysParts {
  readonly store: Pick<ApiKeyStore, 'markUsed'>;
  readonly authority: Pick<Authority, 'change'>;
  readonly signatures: Pick<RequestSignatures, 'assertSigned'>;
  readonly clock: () => EpochMs;
}

interface OpenKey {
  readonly key: LiveApiKey;
  /** Null: from anywhere. */
  readonly from: IpRanges | null;
}

/** The API keys that are good now, in memory: a request asks no database. They follow the table from one moment to the next. */
export class LiveApiKeys {
  /** By the hash, in hex. */
  #byHash = new Map<string, OpenKey>();
  #byId = new Map<string, string>();
  /** Since when each is revoked that was heard of and not read: a reading that began earlier must not bring it back. */
  readonly #revoked = new Map<string, EpochMs>();
  readonly #awaited = new Map<string, () => void>();
  #readAt = -Infinity;
  #used = new Map<string, EpochMs>();

  constructor(private readonly parts: LiveApiKeysParts) {}

  /**
   * Throws AppError UNAUTHENTICATED for what is no key that is good now, FORBIDDEN where it is used from elsewhere than it may be,
   * SIGNATURE_… where its requests are to be signed and this one is not.
   */
  async verify(text: string, request: CredentialedRequest): Promise<Principal> {
    const now = this.parts.clock();
    const hash = hashOfApiKey(text)?.toString('hex');
    const known = hash === undefined || now - this.#readAt > maxReadingAgeMs ? undefined : this.#byHash.get(hash);
    if (known === undefined || now >= known.key.expiresAt.getTime()) throw apiKeyEnded();
    const { key, from } = known;
    if (from !== null && !from.has(request.ip)) {
      throw new AppError('FORBIDDEN', { publicMessage: 'This API key may not be used from this address.' });
    }
    const { id, publicKey } = key;
    if (publicKey !== null) await this.parts.signatures.assertSigned({ id, publicKey }, request);
    this.#used.set(id, now);
    return {
      userId: key.userId,
      roles: key.roles,
      tokenId: id,
      credential: { kind: 'apiKey', id },
      scopes: allScopes.filter((scope) => key.scopes.includes(scope)),
      verifiedAt: null,
      issuedAt: key.createdAt.getTime(),
      expiresAt: key.expiresAt.getTime(),
    };
  }

  /** Takes what the table holds now. Keys that are not in it any more have ended. */
  take(keys: readonly LiveApiKey[], readAt: EpochMs): void {
    const good = keys.filter(({ id }) => !this.#revoked.has(id));
    const before = this.#byId;
    this.#byHash = new Map(good.map((key) => [key.hash.toString('hex'), open(key)]));
    this.#byId = new Map(good.map(({ id, hash }) => [id, hash.toString('hex')]));
    this.#readAt = readAt;
    for (const id of before.keys()) if (!this.#byId.has(id)) this.#tellEnd(id);
    for (const [id, revokedAt] of this.#revoked) if (readAt > revokedAt) this.#revoked.delete(id);
    for (const [id, known] of this.#awaited) if (this.#byId.has(id)) known();
  }

  /** Resolves once a key that was just made is good here, or after 2 s: another node may have been asked to make it. */
  async untilKnown(id: string): Promise<void> {
    if (this.#byId.has(id)) return;
    const known = new Promise<void>((resolve) => this.#awaited.set(id, resolve));
    await Promise.race([known, delay(knownWithinMs, undefined, { ref: false })]);
    this.#awaited.delete(id);
  }

  /** Told of before it is read. */
  revoke(id: string): void {
    this.#revoked.set(id, this.parts.clock());
    const hash = this.#byId.get(id);
    if (hash === undefined) return;
    this.#byId.delete(id);
    this.#byHash.delete(hash);
    this.#tellEnd(id);
  }

  /** Writes down when keys were used last. What cannot be written now is written with the next. */
  async flushUses(): Promise<void> {
    const used = this.#used;
    if (used.size === 0) return;
    this.#used = new Map();
    try {
      await this.parts.store.markUsed(used);
    } catch (error) {
      this.#used = new Map([...used, ...this.#used]);
      throw error;
    }
  }

  #tellEnd(apiKeyId: string): void {
    this.parts.authority.change({ kind: 'apiKeyRevoked', apiKeyId });
  }
}

function open(key: LiveApiKey): OpenKey {
  return { key, from: key.allowedIps.length === 0 ? null : new IpRanges(key.allowedIps) };
}
