import { holds, type LockdownLevel } from '../domain/lockdown';
import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { Principal } from '../identity/principal';
import { actingRoles } from '../identity/stepUp';
import type { FieldPermission } from './permissions';

/** It is read every 5 s (`startLockdown.ts`); what is missed once or twice is no reason to stop anybody. */
const maxReadingAgeMs = 20_000;

export type LockdownListener = (level: LockdownLevel) => void;

/**
 * How far the operator has locked the service, as this node knows it, and what that takes from whom. Trading is stopped where orders are
 * taken in and sent; here is what is asked at the door of each transport, and of each field.
 */
export class Lockdown {
  #level: LockdownLevel = 'NONE';
  #readAt: EpochMs;
  readonly #listeners = new Set<{ readonly tell: LockdownListener }>();

  constructor(private readonly parts: { readonly clock: () => EpochMs }) {
    this.#readAt = parts.clock();
  }

  get level(): LockdownLevel {
    return this.#level;
  }

  /** Takes what the database said then, and tells of a change. */
  take(level: LockdownLevel, readAt: EpochMs): void {
    this.#readAt = readAt;
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

  /**
   * Whether a field may be used. Admins whom FULL lets in change no more than READONLY lets them, and nobody does where nobody can tell:
   * a database that does not answer this may still do what it is asked.
   */
  decide(
    field: Pick<FieldPermission, 'openIn'> & { readonly isMutation: boolean },
    principal: Principal | null,
  ): true | AppError {
    const openIn = field.openIn ?? (field.isMutation ? 'NO_TRADING' : 'READONLY');
    const level = this.#level === 'FULL' && isAdmin(principal) ? 'READONLY' : this.#level;
    if (!holds(openIn, level)) return this.#locked();
    return holds(openIn, 'READONLY') || this.#isKnown ? true : unknown();
  }

  get #isKnown(): boolean {
    return this.parts.clock() - this.#readAt <= maxReadingAgeMs;
  }

  #locked(): AppError {
    return new AppError('SERVICE_LOCKED', { extensions: { level: this.#level } });
  }
}

function unknown(): AppError {
  return new AppError('SERVICE_LOCKED', {
    publicMessage:
      'This server cannot tell just now whether it is locked, and changes nothing until it can. Try again in a moment.',
    extensions: { level: 'UNKNOWN' },
  });
}

/** As they act: with a second factor, which no API key has. */
function isAdmin(principal: Principal | null): boolean {
  return principal !== null && actingRoles(principal).includes('ADMIN');
}
