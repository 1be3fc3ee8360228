import jwt from 'jsonwebtoken';
import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import { tokenExpired } from './endedCredentials';
import { roles as allRoles, type Principal, type Role } from './principal';
import type { TokenKeys } from './signing/keyRing';
import { KeyRingError } from './signing/keyRingError';
import type { VerificationKey } from './signing/signingKey';

/** RFC 9068: the type of an access token, so that no other token of the same issuer is taken for one. */
const tokenType = 'at+jwt';
/** The only header members that we write; another (jku, jwk, x5u, crit, …) would have us trust what the sender chose. */
const allowedHeaders = new Set(['alg', 'typ', 'kid']);

export interface IssuedToken {
  readonly accessToken: string;
  readonly expiresAt: EpochMs;
}

export interface AccessTokensParts {
  readonly keys: TokenKeys;
  readonly issuer: string;
  readonly audience: string;
  readonly ttlS: number;
  readonly clock: () => EpochMs;
  /** A new id for a token or a session: random, never the same twice. */
  readonly newId: () => string;
}

/** Issues and checks the tokens that a request carries. */
export class AccessTokens {
  constructor(private readonly parts: AccessTokensParts) {}

  /**
   * sessionId: the session that goes on with this token; left out, a new one begins. verifiedAt: when a second factor was proven in it;
   * left out, none was. Throws KeyRingError where no key may sign now.
   */
  issue(user: {
    readonly userId: string;
    readonly roles: readonly Role[];
    readonly sessionId?: string;
    readonly verifiedAt?: EpochMs | null;
  }): IssuedToken {
    const { keys, issuer, audience, ttlS, clock, newId } = this.parts;
    const { privateKey, algorithm, kid } = keys.signingKey();
    const issuedAtS = clock() / 1000;
    const claims = {
      iss: issuer,
      aud: audience,
      sub: user.userId,
      jti: newId(),
      sid: user.sessionId ?? newId(),
      // To the millisecond (RFC 7519 allows a fraction): it is compared with the moment at which authority ended.
      iat: issuedAtS,
      exp: Math.floor(issuedAtS) + ttlS,
      roles: user.roles,
      ...(user.verifiedAt == null ? {} : { mfa_time: user.verifiedAt / 1000 }),
    };
    const header = { alg: algorithm, typ: tokenType, kid };
    const accessToken = jwt.sign(claims, privateKey, { algorithm, header });
    return { accessToken, expiresAt: claims.exp * 1000 };
  }

  /** Throws AppError UNAUTHENTICATED for anything but a token of ours that is good now, and KeyRingError where that cannot be told. */
  verify(token: string): Principal {
    try {
      return this.#read(token);
    } catch (cause) {
      if (cause instanceof KeyRingError) throw cause;
      if (cause instanceof jwt.TokenExpiredError) throw tokenExpired(cause);
      throw new AppError('UNAUTHENTICATED', { cause });
    }
  }

  #read(token: string): Principal {
    const { issuer, audience, ttlS, clock } = this.parts;
    const key = this.#keyOf(token);
    const claims = jwt.verify(token, key.publicKey, {
      algorithms: [key.algorithm],
      issuer,
      audience,
      clockTimestamp: Math.floor(clock() / 1000),
      // A token of a start with a longer life ends with ours: `Authority` forgets what no token can need any more.
      maxAge: ttlS,
    });
    if (typeof claims === 'string') throw new Error('the token holds no claims');
    const { sub, jti, iat, exp } = claims;
    const { roles, sid, mfa_time: mfaTime = null } = claims as Readonly<Record<string, unknown>>;
    if (sub === undefined || jti === undefined || iat === undefined || exp === undefined || !isRoles(roles)) {
      throw new Error('the token lacks a claim');
    }
    if (typeof sid !== 'string' || sid === '') throw new Error('the token belongs to no session');
    if (mfaTime !== null && typeof mfaTime !== 'number') throw new Error('no time of a second factor');
    const issuedAt = Math.round(iat * 1000);
    const expiresAt = Math.min(exp * 1000, issuedAt + ttlS * 1000);
    return {
      userId: sub,
      roles,
      tokenId: jti,
      credential: { kind: 'session', id: sid },
      scopes: null,
      verifiedAt: mfaTime === null ? null : Math.round(mfaTime * 1000),
      issuedAt,
      expiresAt,
    };
  }

  /** The header names the key, and the key the algorithm. */
  #keyOf(token: string): VerificationKey {
    const header = jwt.decode(token, { complete: true })?.header;
    if (header === undefined) throw new Error('not a token');
    if (header.typ !== tokenType) throw new Error('another type of token');
    const foreign = Object.keys(header).find((name) => !allowedHeaders.has(name));
    if (foreign !== undefined) throw new Error(`the header member ${foreign} is not allowed`);
    const key = typeof header.kid === 'string' ? this.parts.keys.verificationKey(header.kid) : null;
    if (key === null) throw new Error('another key');
    if (header.alg !== key.algorithm) throw new Error('another algorithm');
    return key;
  }
}

function isRoles(value: unknown): value is Role[] {
  return Array.isArray(value) && value.length > 0 && value.every((role) => allRoles.some((known) => known === role));
}
