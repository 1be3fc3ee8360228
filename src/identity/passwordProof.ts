import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { AuditEntry } from '../storage/trading/audit';
import type { User, UserRepository } from '../storage/user.repository';
import type { LoginThrottle } from './loginService';
import type { PasswordHasher } from './passwordHasher';

/** Who is signed in and asked for their password, from where, and what for. */
interface Proving {
  readonly userId: string;
  readonly ip: string | null;
  /** Of the entry in the audit log. */
  readonly action: string;
  /** What they are told where it is wrong. */
  readonly ifWrong: string;
}

export interface PasswordProofParts {
  readonly users: Pick<UserRepository, 'findById'>;
  readonly hasher: Pick<PasswordHasher, 'verify'>;
  readonly throttle: Pick<LoginThrottle, 'admit'>;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly clock: () => EpochMs;
}

/**
 * The password of somebody who is signed in, for what a token alone is not enough. Counted as attempts to sign in are, together with
 * them: whoever has only a token must not guess here what they may not guess there.
 */
export class PasswordProof {
  constructor(private readonly parts: PasswordProofParts) {}

  /** Whose it is. Throws AppError RATE_LIMITED; LOGIN_FAILED where it is wrong, which is in the audit log then. */
  async take(proving: Proving, password: string): Promise<User> {
    const { users, hasher, throttle } = this.parts;
    const user = await users.findById(proving.userId);
    if (user !== null) await throttle.admit(user.email, proving.ip);
    const isRight = await hasher.verify(user?.passwordHash ?? null, password);
    if (user === null || !isRight) return this.refuse(proving);
    return user;
  }

  /** Also of a password that was right, where it was changed before it could be used. */
  async refuse({ userId, ip, action, ifWrong }: Proving): Promise<never> {
    const { audit, clock } = this.parts;
    await audit({ at: clock(), actor: userId, ip, action, target: userId, outcome: 'refused: LOGIN_FAILED' });
    throw new AppError('LOGIN_FAILED', { publicMessage: ifWrong });
  }
}
