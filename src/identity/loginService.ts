import { AppError } from '../errors/appError';
import type { User, UserRepository } from '../storage/user.repository';
import type { Logger } from '../telemetry/logger';
import type { AccessTokens, IssuedToken } from './accessTokens';
import type { PasswordHasher } from './passwordHasher';

/** RFC 5321's longest path, and no control characters: the database refuses some of them. */
const addressShape = /^[^\p{Cc}]{1,254}$/u;

export interface LoginServiceParts {
  readonly users: Pick<UserRepository, 'findByEmail'>;
  readonly hasher: Pick<PasswordHasher, 'verify'>;
  readonly tokens: Pick<AccessTokens, 'issue'>;
  readonly logger: Logger;
}

/** Turns e-mail and password into an access token. */
export class LoginService {
  constructor(private readonly parts: LoginServiceParts) {}

  /**
   * Throws AppError LOGIN_FAILED, the same for an unknown address, a wrong password, a disabled user and one who needs a second factor;
   * each costs one argon2 verification.
   */
  async login(credentials: { readonly email: string; readonly password: string }): Promise<IssuedToken> {
    const { users, hasher, tokens, logger } = this.parts;
    const { email, password } = credentials;
    const user = addressShape.test(email) ? await users.findByEmail(email) : null;
    const isRight = await hasher.verify(user?.passwordHash ?? null, password);
    const current = user !== null && isRight && maySignIn(user) ? await this.#asOfNow(user) : null;
    if (current === null) {
      logger.warn({ userId: user?.id ?? null, outcome: 'refused' }, 'login');
      throw new AppError('LOGIN_FAILED');
    }
    logger.info({ userId: current.id, outcome: 'ok' }, 'login');
    return tokens.issue({ userId: current.id, roles: current.roles });
  }

  /** The verification may have waited: a token must not carry what was true before it. Null where they may not sign in any more. */
  async #asOfNow(user: User): Promise<User | null> {
    const current = await this.parts.users.findByEmail(user.email);
    const isSame = current?.id === user.id && current.passwordHash === user.passwordHash;
    return isSame && maySignIn(current) ? current : null;
  }
}

/** There is no second factor to ask for yet: whoever has one switched on does not get in on a password alone. */
function maySignIn(user: User): boolean {
  return !user.disabled && !user.mfaEnabled;
}
