import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import type { ApiKeyRecord, ApiKeyStore } from '../../storage/identity/apiKeyStore';
import type { Principal, Scope } from '../principal';
import { makeApiKey } from './apiKeyText';
import type { LiveApiKeys } from './liveApiKeys';
import { parseIpRange } from './ipRanges';
import { parsePublicKey } from './publicKey';

const dayMs = 86_400_000;
const maxLifeMs = 90 * dayMs;
const maxKeysPerUser = 50;
const maxRanges = 20;
/** Not a range but everywhere. */
const minPrefix = 8;
const labelShape = /^(?=.*\S)[^\p{Cc}]{1,80}$/u;

export interface ApiKeyWish {
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly allowedIps: readonly string[];
  /** PEM; null: its requests need no signature. */
  readonly publicKey: string | null;
  readonly expiresAt: EpochMs;
}

export interface ApiKeysParts {
  readonly store: Pick<ApiKeyStore, 'create' | 'revoke' | 'live' | 'liveOne'>;
  readonly liveKeys: Pick<LiveApiKeys, 'revoke' | 'untilKnown'>;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
}

/** What users do with their API keys. */
export class ApiKeys {
  constructor(private readonly parts: ApiKeysParts) {}

  /** secret: the key, which nobody can be shown again. Throws AppError BAD_USER_INPUT with what to do. */
  async create(
    { userId, roles }: Pick<Principal, 'userId' | 'roles'>,
    wish: ApiKeyWish,
    ip: string,
  ): Promise<{ readonly apiKey: ApiKeyRecord; readonly secret: string }> {
    const { store, liveKeys, clock, newId } = this.parts;
    const at = clock();
    assertWish(wish, at);
    const publicKey = wish.publicKey === null ? null : parsePublicKey(wish.publicKey);
    const trades = wish.scopes.some((scope) => scope === 'TRADE_PAPER' || scope === 'TRADE_LIVE');
    if (trades && !roles.includes('TRADER')) throw badInput('A key cannot trade for you: you are no TRADER.');
    const { text, prefix, hash } = makeApiKey();
    const apiKey = await store.create(
      { ...wish, publicKey, id: newId(), userId, prefix, hash, at, ip },
      maxKeysPerUser,
    );
    if (apiKey === null) throw badInput(`You have ${maxKeysPerUser} keys: revoke one first.`);
    await liveKeys.untilKnown(apiKey.id);
    return { apiKey, secret: text };
  }

  /** False where the user has no such key: another's is not told from none. */
  async revoke(userId: string, id: string, ip: string): Promise<boolean> {
    const isRevoked = await this.parts.store.revoke({ userId, id, at: this.parts.clock(), ip });
    if (isRevoked) this.parts.liveKeys.revoke(id);
    return isRevoked;
  }

  /** Those of the user that are good, the newest first. */
  async live(userId: string): Promise<readonly ApiKeyRecord[]> {
    return this.parts.store.live(userId, this.parts.clock());
  }

  /** Null where the user has no such key that is good. */
  async liveOne(userId: string, id: string): Promise<ApiKeyRecord | null> {
    return this.parts.store.liveOne(userId, id, this.parts.clock());
  }
}

function assertWish({ label, scopes, allowedIps, expiresAt }: ApiKeyWish, now: EpochMs): void {
  if (!labelShape.test(label)) throw badInput('`label` says what the key is for, in 1 to 80 characters.');
  if (scopes.length === 0) throw badInput('`scopes` says what the key may do: name one at least.');
  if (new Set(scopes).size < scopes.length) throw badInput('`scopes` names something twice.');
  if (!(expiresAt > now && expiresAt <= now + maxLifeMs)) {
    throw badInput('`expiresAt` lies in the future, no more than 90 days ahead.');
  }
  if (allowedIps.length > maxRanges) throw badInput(`\`allowedIps\` takes ${maxRanges} addresses and ranges.`);
  const wrong = allowedIps.findIndex((text) => (parseIpRange(text)?.prefix ?? 0) < minPrefix);
  if (wrong >= 0) {
    throw badInput(`\`allowedIps.${wrong}\` is neither an address nor a range like 203.0.113.0/24.`);
  }
  if (scopes.includes('TRADE_LIVE') && allowedIps.length === 0) {
    throw badInput('A key with TRADE_LIVE says in `allowedIps` where it is used from.');
  }
}

function badInput(publicMessage: string): AppError {
  return new AppError('BAD_USER_INPUT', { publicMessage });
}
