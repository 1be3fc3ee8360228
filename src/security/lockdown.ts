import { holds, type LockdownLevel } from '../domain/lockdown';
import { AppError } from '../errors/appError';
import type { Principal } from '../identity/principal';
import { actingRoles } from '../identity/stepUp';
import type { FieldPermission } from './permissions';

export type LockdownListener = (level: LockdownLevel) => void;

/**
 * How far the operator has locked the service, as this node knows it, and what that takes from whom. Trading is stopped where orders are
 * taken in and sent; here is what is asked at the door of each transport, and of each field.
 */
export class Lockdown {
  #level: LockdownLevel = 'NONE';
  readonly #listeners = new Set<{ readonly tell: LockdownListener }>();

  get level(): LockdownLevel {
    return this.#level;
  }

  /** Takes what the database says now, and tells of a change. */
  take(level: LockdownLevel): void {
    if (level === this.#level) return;
    this.#level = level;
    for (const { tell } of [...this.#listeners]) tell(level);
  }

  /** Told of every change from now on, at once; the answer ends that. */
  subscribe(listener: LockdownListener): () => void {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Whether somebody, or nobody (null), is let in at all. Throws AppError SERVICE_LOCKED. */
  assertAdmits(principal: Principal | null): void {
    if (this.#level === 'FULL' && !isAdmin(principal)) throw this.#locked();
  }

  /** Whether a field may be used. Admins whom FULL lets in change no more than READONLY lets them. */
  decide(
    field: Pick<FieldPermission, 'openIn'> & { readonly isMutation: boolean },
    principal: Principal | null,
  ): true | AppError {
    const openIn = field.openIn ?? (field.isMutation ? 'NO_TRADING' : 'READONLY');
    const level = this.#level === 'FULL' && isAdmin(principal) ? 'READONLY' : this.#level;
    return holds(openIn, level) ? true : this.#locked();
  }

  #locked(): AppError {
    return new AppError('SERVICE_LOCKED', { extensions: { level: this.#level } });
  }
}

/** As they act: with a second factor, which no API key has. */
function isAdmin(principal: Principal | null): boolean {
  return principal !== null && actingRoles(principal).includes('ADMIN');
}
