import { randomUUID } from 'node:crypto';
import { AppError } from '../../src/errors/appError';
import type { Credential, Principal, Role, Scope } from '../../src/identity/principal';
import type { TokenVerifier } from '../../src/security/authentication';

export interface StandInToken {
  readonly authorization: string;
  readonly principal: Principal;
}

export interface TokenWishes {
  readonly userId?: string;
  readonly roles?: readonly Role[];
  readonly credential?: Credential;
  /** When a second factor was proven; left out, now, of a session, as `npm run token` says. */
  readonly verifiedAt?: number | null;
  /** Of an API key; left out, it is a session. */
  readonly scopes?: readonly Scope[];
  /** From now. */
  readonly lifeMs?: number;
}

/** Credentials of any kind and any length of life, API keys too, which the real issuer does not give yet. */
export class StandInTokens implements TokenVerifier {
  readonly #principals = new Map<string, Principal>();

  constructor(private readonly clock: () => number = Date.now) {}

  issue({ userId, roles, credential, verifiedAt, scopes, lifeMs }: TokenWishes = {}): StandInToken {
    const token = randomUUID();
    const principal: Principal = {
      userId: userId ?? randomUUID(),
      roles: roles ?? ['VIEWER'],
      tokenId: token,
      credential: credential ?? { kind: scopes === undefined ? 'session' : 'apiKey', id: randomUUID() },
      scopes: scopes ?? null,
      verifiedAt: scopes === undefined ? (verifiedAt === undefined ? this.clock() : verifiedAt) : null,
      issuedAt: this.clock(),
      expiresAt: this.clock() + (lifeMs ?? 3_600_000),
    };
    this.#principals.set(token, principal);
    return { authorization: `Bearer ${token}`, principal };
  }

  verify(token: string): Principal {
    const principal = this.#principals.get(token);
    if (principal === undefined) throw new AppError('UNAUTHENTICATED');
    if (this.clock() < principal.expiresAt) return principal;
    throw new AppError('UNAUTHENTICATED', { extensions: { reason: 'TOKEN_EXPIRED' } });
  }
}
