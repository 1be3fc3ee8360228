import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { PasswordStore } from '../storage/identity/passwordStore';
import type { Authority } from './authority';
import type { LoginThrottle } from './loginService';
import type { PasswordHasher } from './passwordHasher';
import type { PasswordPolicy } from './passwordPolicy';
import type { PasswordProof } from './passwordProof';
import { hashOfReset } from './passwordReset';
import type { Principal } from './principal';

export interface PasswordsParts {
  readonly store: Pick<PasswordStore, keyof PasswordStore>;
  readonly proof: Pick<PasswordProof, 'take' | 'refuse'>;
  readonly hasher: Pick<PasswordHasher, 'hash'>;
  readonly policy: Pick<PasswordPolicy, 'assertFit'>;
  readonly throttle: Pick<LoginThrottle, 'remember'>;
  readonly authority: Pick<Authority, 'change'>;
  readonly clock: () => EpochMs;
}

/** Lets users choose a password, and ends what was opened with the one before. */
export class Passwords {
  constructor(private readonly parts: PasswordsParts) {}

  /**
   * Sets the password of the token's user and ends their sessions. Throws AppError RESET_FAILED where the token is not good (any more),
   * PASSWORD_NOT_ACCEPTABLE, which leaves the token good.
   */
  async reset(request: { readonly token: string; readonly next: string; readonly ip: string | null }): Promise<void> {
    const { store, hasher, policy, throttle, clock } = this.parts;
    const hash = hashOfReset(request.token);
    const user = hash === null ? null : await store.findReset(hash, clock());
    if (hash === null || user === null) throw new AppError('RESET_FAILED');
    await policy.assertFit(request.next, user);
    const passwordHash = await hasher.hash(request.next);
    const ended = await store.useReset({ hash, passwordHash, at: clock(), ip: request.ip });
    if (ended === null) throw new AppError('RESET_FAILED');
    // Whoever guesses meanwhile must not keep them out.
    await throttle.remember(user.userId, request.ip);
    this.#tellEnded(ended);
  }

  /**
   * Another password for whoever knows the one of now; every other session of theirs ends. Throws AppError RATE_LIMITED as a sign-in does,
   * LOGIN_FAILED where they do not know it, PASSWORD_NOT_ACCEPTABLE.
   */
  async change(
    principal: Principal,
    request: { readonly current: string; readonly next: string; readonly ip: string | null },
  ): Promise<void> {
    const { store, proof, hasher, policy, clock } = this.parts;
    const { current, next, ip } = request;
    const { userId, credential } = principal;
    const proving = { userId, ip, action: 'password.change', ifWrong: 'The password of now is wrong.' };
    const user = await proof.take(proving, current);
    await policy.assertFit(next, user);
    const except = credential.kind === 'session' ? credential.id : null;
    const to = await hasher.hash(next);
    const ended = await store.change({ userId, from: user.passwordHash, to, except, at: clock(), ip });
    if (ended === null) return proof.refuse(proving);
    this.#tellEnded(ended);
  }

  #tellEnded(ids: readonly string[]): void {
    for (const sessionId of ids) this.parts.authority.change({ kind: 'sessionRevoked', sessionId });
  }
}
