import { createHash } from 'node:crypto';
import { AppError } from '../errors/appError';
import { rateKeyOf } from './authentication';
import { limits, type Rate } from './limits';
import type { Crowd, Reservations } from './reservations';

export interface LoginThrottleParts {
  readonly reservations: Reservations;
  /** Where users have signed in from. */
  readonly addresses: {
    isKnown(email: string, address: string, since: number): Promise<boolean>;
    remember(userId: string, address: string, at: number): Promise<void>;
  };
  readonly clock: () => number;
}

/**
 * Slows guesses of passwords down, and never locks anybody out: attempts at an account are counted for each address that its user has
 * signed in from by itself, and for all other addresses of the world together, so that whoever guesses from there uses up nobody's
 * attempts but their own. The delay grows: so many a minute, fewer a quarter of an hour, fewer still an hour. Attempts are
 * counted before a password is looked at, good ones too; an account that does not exist is counted as one that does.
 */
export class LoginThrottle {
  constructor(private readonly parts: LoginThrottleParts) {}

  /** Throws AppError RATE_LIMITED with `retryAfterMs`. ip: null counts as an address that nobody has signed in from. */
  async admit(email: string, ip: string | null): Promise<void> {
    const { addresses, clock } = this.parts;
    const { knownForMs, ofKnownAddress, ofAllOthers } = limits.loginThrottle;
    const account = accountKey(email);
    const address = placeOf(ip);
    const isKnown = address !== null && (await addresses.isKnown(email, address, clock() - knownForMs));
    const key = isKnown ? `login|${account}|${address}` : `login|${account}`;
    const rates = isKnown ? ofKnownAddress : ofAllOthers;
    for (const rate of rates)
      await this.#take(`${key}|${rate.windowMs}`, rate, isKnown ? asked.fromKnown : asked.fromElsewhere);
  }

  /** Codes of a second factor, right ones too, wherever they are asked for. Throws AppError RATE_LIMITED with `retryAfterMs`. */
  async admitCode(userId: string): Promise<void> {
    await this.#take(`code|${userId}`, limits.loginThrottle.codes, asked.forCode);
  }

  /**
   * Mails that anybody may ask for, to the address of one account, or to one that nobody has. False where there were too many: nobody
   * is told, because the owner has as many mails then as they need, and whoever asked for them in their place learns nothing.
   */
  async admitResetMail(email: string, { isAccount }: { readonly isAccount: boolean }): Promise<boolean> {
    const rate = limits.loginThrottle.resetMails;
    const crowd = isAccount ? 'owners' : 'elsewhere';
    const counted = await this.parts.reservations.take(`reset|${accountKey(email)}`, rate, crowd);
    return counted.length < rate.max;
  }

  /** To be told of whoever has proven who they are. */
  async remember(userId: string, ip: string | null): Promise<void> {
    const address = placeOf(ip);
    if (address !== null) await this.parts.addresses.remember(userId, address, this.parts.clock());
  }

  async #take(key: string, rate: Rate, { crowd, publicMessage }: Asked): Promise<void> {
    const counted = await this.parts.reservations.take(key, rate, crowd);
    if (counted.length < rate.max) return;
    const now = this.parts.clock();
    throw new AppError('RATE_LIMITED', {
      publicMessage,
      extensions: { retryAfterMs: Math.max(1, (counted[0] ?? now) + rate.windowMs - now) },
    });
  }
}

interface Asked {
  readonly crowd: Crowd;
  /** Where it was asked too often. */
  readonly publicMessage: string;
}

const asked = {
  fromKnown: { crowd: 'owners', publicMessage: 'Too many attempts to sign in. Wait, then try again.' },
  fromElsewhere: {
    crowd: 'elsewhere',
    publicMessage:
      'Too many attempts to sign in to this account from addresses that it was not used from before. Wait, sign in from one that it was, or ask the operator for a one-time token.',
  },
  forCode: { crowd: 'owners', publicMessage: 'Too many codes. Wait, then try again.' },
} as const satisfies Record<string, Asked>;

/** Not the address itself: these keys are kept elsewhere. */
function accountKey(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('base64url');
}

function placeOf(ip: string | null): string | null {
  return ip === null ? null : rateKeyOf(null, ip).slice('ip:'.length);
}
