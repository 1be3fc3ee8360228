import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { UserStanding } from '../storage/userStanding';
import type { Logger } from '../telemetry/logger';
import type { AuthorityChange } from './authorityChange';
import type { Credential, Principal, Role } from './principal';

/** Clocks of several nodes differ a little: what concerns a token is remembered this much longer than the token can be good. */
const memoryMarginMs = 60_000;
/** A sign-in that read the user just before a change may issue its token just after. */
const signInRaceMs = 1_000;

export type AuthorityListener = (change: AuthorityChange) => void;

interface UserMemory {
  readonly disabled: boolean;
  /** `UserStanding.endedAt` as it was read, to know a further ending by. */
  readonly endedAt: number | null;
  /** Tokens issued then or before are refused, by our own clock. */
  readonly goodAfter: EpochMs;
  /** Those of now; null where nothing has been said of them. */
  readonly roles: readonly Role[] | null;
  /** When the roles were said. */
  readonly rolesAt: EpochMs;
}

const nothingSaid: UserMemory = { disabled: false, endedAt: null, goodAfter: 0, roles: null, rolesAt: 0 };

/**
 * What has been taken from people since their access tokens were issued. In memory alone: the database is asked by others.
 * Users whose standing has changed are remembered until it changes again, so no more than there are users; sessions
 * and keys until no token issued before can still be good.
 */
export class Authority {
  /** How far back the past matters: what happened earlier, no token that is still good was issued before. */
  readonly memoryMs: number;
  readonly #users = new Map<string, UserMemory>();
  /** When each was revoked, oldest first. */
  readonly #revokedAt = new Map<string, EpochMs>();
  readonly #listeners = new Set<{ readonly tell: AuthorityListener }>();

  constructor(
    private readonly parts: { readonly clock: () => EpochMs; readonly tokenTtlMs: number; readonly logger: Logger },
  ) {
    this.memoryMs = parts.tokenTtlMs + memoryMarginMs;
  }

  /**
   * The principal as of now: the same object where nothing has changed, else one with the roles of now.
   * Throws AppError UNAUTHENTICATED where the user is disabled or deleted, the session or key is revoked, or the
   * user was disabled after this token was issued, be they enabled again or not: an account is disabled because someone
   * else may hold its tokens, and enabling it must not give them back. A new sign-in is good at once.
   */
  apply(principal: Principal): Principal {
    this.#forgetOldRevocations();
    const user = this.#users.get(principal.userId) ?? nothingSaid;
    const isOver =
      user.disabled || principal.issuedAt <= user.goodAfter || this.#revokedAt.has(keyOf(principal.credential));
    if (isOver) throw new AppError('UNAUTHENTICATED', { publicMessage: 'Your access has ended. Sign in again.' });
    const isNewer = principal.issuedAt > user.rolesAt + signInRaceMs;
    if (user.roles === null || isNewer || areSame(user.roles, principal.roles)) return principal;
    return { ...principal, roles: user.roles };
  }

  /** Remembers and tells. A user who is called disabled stays so until `learn` says otherwise. */
  change(change: AuthorityChange): void {
    this.#remember(change);
    this.#tell(change);
  }

  /** Takes what the database says of a user now, and tells what that takes from them. */
  learn(user: UserStanding): void {
    const now = this.parts.clock();
    const known = this.#users.get(user.id) ?? nothingSaid;
    const isNewEnding = user.endedAt !== null && user.endedAt !== known.endedAt && user.endedAt > now - this.memoryMs;
    // Nobody who is disabled can sign in: whatever token there is, is from before.
    const overBy = user.disabled ? now : isNewEnding ? Math.min(user.endedAt, now) : 0;
    const goodAfter = Math.max(known.goodAfter, overBy);
    const { disabled, endedAt, roles } = user;
    this.#users.set(user.id, { disabled, endedAt, goodAfter, roles, rolesAt: now });
    // Disabled and enabled again before we could look: what was open in between has ended too.
    const hasEnded = disabled ? !known.disabled : isNewEnding;
    if (hasEnded) this.#tell({ kind: 'userDisabled', userId: user.id });
    const hasOtherRoles = known.roles === null || !areSame(known.roles, roles);
    if (!disabled && hasOtherRoles) this.#tell({ kind: 'rolesChanged', userId: user.id, roles });
  }

  /** The listener is told of every change from now on, at once; the answer ends that. */
  subscribe(listener: AuthorityListener): () => void {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  #remember(change: AuthorityChange): void {
    const now = this.parts.clock();
    switch (change.kind) {
      case 'sessionRevoked':
        this.#revoke({ kind: 'session', id: change.sessionId });
        break;
      case 'apiKeyRevoked':
        this.#revoke({ kind: 'apiKey', id: change.apiKeyId });
        break;
      case 'allSessionsRevoked':
        // Nothing to remember: the keys of these tokens are gone.
        break;
      case 'userDisabled':
        this.#users.set(change.userId, { ...(this.#users.get(change.userId) ?? nothingSaid), disabled: true });
        break;
      case 'rolesChanged': {
        const known = this.#users.get(change.userId) ?? nothingSaid;
        this.#users.set(change.userId, { ...known, roles: change.roles, rolesAt: now });
        break;
      }
    }
  }

  #revoke(credential: Credential): void {
    this.#forgetOldRevocations();
    const key = keyOf(credential);
    this.#revokedAt.delete(key);
    this.#revokedAt.set(key, this.parts.clock());
  }

  /** Costs one look where none is old. */
  #forgetOldRevocations(): void {
    const oldestNeeded = this.parts.clock() - this.memoryMs;
    for (const [key, revokedAt] of this.#revokedAt) {
      if (revokedAt >= oldestNeeded) return;
      this.#revokedAt.delete(key);
    }
  }

  #tell(change: AuthorityChange): void {
    for (const { tell } of [...this.#listeners]) {
      try {
        tell(change);
      } catch (error) {
        this.parts.logger.error({ err: error, change: change.kind }, 'a listener failed at a change of authority');
      }
    }
  }
}

function keyOf(credential: Credential): string {
  return `${credential.kind}:${credential.id}`;
}

/** Roles are a set: their order says nothing. */
function areSame(some: readonly Role[], others: readonly Role[]): boolean {
  return some.length === others.length && some.every((role) => others.includes(role));
}
