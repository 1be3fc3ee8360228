import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { AuditEntry } from '../storage/trading/audit';
import type { User, UserRepository } from '../storage/user.repository';
import type { Logger } from '../telemetry/logger';
import type { PasswordStore } from '../storage/identity/passwordStore';
import type { Proven } from '../storage/identity/sessionStore';
import type { PasswordHasher } from './passwordHasher';
import type { SecondFactors } from './mfa/secondFactors';
import type { Client, Sessions, SignedIn } from './sessions';

/** RFC 5321's longest path, and no control characters: the database refuses some of them. */
const addressShape = /^[^\p{Cc}]{1,254}$/u;

/** Who may try, and how often. */
export interface LoginThrottle {
  /** Throws AppError RATE_LIMITED. The same for an account that there is and one that there is not. */
  admit(email: string, ip: string | null): Promise<void>;
  /** To be told of whoever has proven who they are, and from where. */
  remember(userId: string, ip: string | null): Promise<void>;
}

/** A password is proven, and a second factor is not: `SecondFactors.verify` takes it. */
export interface Challenged {
  readonly mfaChallenge: string;
}

export interface LoginServiceParts {
  readonly users: Pick<UserRepository, 'findByEmail'>;
  readonly hasher: Pick<PasswordHasher, 'verify' | 'isOutdated' | 'hash'>;
  /** Where the password of a user is kept. */
  readonly store: Pick<PasswordStore, 'rehash'>;
  readonly sessions: Pick<Sessions, 'generationOf' | 'begin'>;
  readonly secondFactors: Pick<SecondFactors, 'challenge'>;
  readonly throttle: LoginThrottle;
  /** An attempt that is refused is written down; one that is not begins a session, which is. */
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly clock: () => EpochMs;
  readonly logger: Logger;
}

/** Turns e-mail and password into a session, or, for whoever has a second factor, into a question for it. */
export class LoginService {
  constructor(private readonly parts: LoginServiceParts) {}

  /**
   * Throws AppError LOGIN_FAILED, the same for an unknown address, a wrong password and a disabled user; each costs one argon2
   * verification. RATE_LIMITED where the throttle says so: then no password is looked at.
   */
  async login(
    credentials: { readonly email: string; readonly password: string },
    client: Client,
  ): Promise<SignedIn | Challenged> {
    const { users, hasher, sessions, secondFactors, throttle, logger } = this.parts;
    const { email, password } = credentials;
    await throttle.admit(email, client.ip);
    const user = addressShape.test(email) ? await users.findByEmail(email) : null;
    const isRight = await hasher.verify(user?.passwordHash ?? null, password);
    const proven = user !== null && isRight && !user.disabled ? await this.#asOfNow(user, password) : null;
    if (proven !== null) await this.#renewHash(proven.user, password);
    if (proven?.user.mfaEnabled === true) {
      logger.info({ userId: proven.userId, outcome: 'challenged' }, 'login');
      return { mfaChallenge: await secondFactors.challenge(proven, client) };
    }
    const signedIn = proven === null ? null : await sessions.begin(proven, client);
    if (signedIn === null) {
      logger.warn({ userId: user?.id ?? null, outcome: 'refused' }, 'login');
      await this.#noteRefusal(user, client);
      throw new AppError('LOGIN_FAILED');
    }
    if (proven !== null) await throttle.remember(proven.userId, client.ip);
    logger.info({ userId: proven?.userId, outcome: 'ok' }, 'login');
    return signedIn;
  }

  /** Without the address: people type passwords into the wrong field. */
  #noteRefusal(user: User | null, { ip, userAgent }: Client): Promise<void> {
    const { audit, clock } = this.parts;
    const shared = { at: clock(), actor: 'anonymous', action: 'login', target: user?.id ?? null };
    return audit({ ...shared, outcome: 'refused: LOGIN_FAILED', ip, userAgent });
  }

  /**
   * The verification may have waited: a token must not carry what was true before it. What changes from here on is seen by who begins the
   * session. Null where they may not sign in any more.
   */
  async #asOfNow(user: User, password: string): Promise<(Proven & { readonly user: User }) | null> {
    const { users, hasher, sessions } = this.parts;
    const generation = await sessions.generationOf(user.id);
    const current = await users.findByEmail(user.email);
    if (generation === null || current?.id !== user.id || current.disabled) return null;
    // Another sign-in at the same moment may have renewed the hash.
    const isSame = current.passwordHash === user.passwordHash || (await hasher.verify(current.passwordHash, password));
    return isSame ? { userId: user.id, generation, user: current } : null;
  }

  /** Only now is the password at hand. Where it fails, the next sign-in does it. */
  async #renewHash({ id, passwordHash }: User, password: string): Promise<void> {
    const { hasher, store, logger } = this.parts;
    if (!hasher.isOutdated(passwordHash)) return;
    try {
      const isRenewed = await store.rehash({ userId: id, from: passwordHash, to: await hasher.hash(password) });
      logger.info({ userId: id, isRenewed }, 'password hashed anew');
    } catch (error) {
      logger.warn({ err: error, userId: id }, 'a password could not be hashed anew');
    }
  }
}
