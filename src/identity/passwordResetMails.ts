import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import type { Mailer } from '../mail/mailer';
import type { PasswordStore } from '../storage/identity/passwordStore';
import type { AuditEntry } from '../storage/trading/audit';
import type { User, UserRepository } from '../storage/user.repository';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Metrics } from '../telemetry/metrics';
import { issueReset, resetLives } from './passwordReset';
import { resetMail } from './resetMail';

export interface PasswordResetMailsParts {
  /** Null where the server has no mail server. */
  readonly mailer: Pick<Mailer, 'deliver'> | null;
  /** Null where mails hold the token alone. */
  readonly resetPageUrl: string | null;
  readonly users: Pick<UserRepository, 'findByEmail'>;
  readonly store: Pick<PasswordStore, 'saveReset'>;
  readonly throttle: {
    admitResetMail(email: string, who: { readonly isAccount: boolean }): Promise<boolean>;
  };
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly runner: Pick<BackgroundRunner, 'run'>;
  readonly metrics: Pick<Metrics, 'mails'>;
  readonly clock: () => EpochMs;
  /** Requests that may be under way at once, their mails included. */
  readonly maxUnderWay: number;
}

interface Request {
  readonly email: string;
  readonly ip: string | null;
}

/**
 * One-time tokens for those who have lost their password, by mail. Whoever asks learns nothing: the answer is given before anything is
 * looked for, so that it takes as long, and is the same, whether there is such a user, whether too many mails were asked for, and
 * whatever becomes of the mail.
 */
export class PasswordResetMails {
  #underWay = 0;

  constructor(private readonly parts: PasswordResetMailsParts) {}

  /** Throws AppError MAIL_NOT_CONFIGURED, whoever is asked for. */
  request(request: Request): Promise<void> {
    const { mailer, runner, metrics, maxUnderWay } = this.parts;
    if (mailer === null) return Promise.reject(new AppError('MAIL_NOT_CONFIGURED'));
    if (this.#underWay >= maxUnderWay) {
      metrics.mails.inc({ outcome: 'refused' });
      return Promise.resolve();
    }
    this.#underWay += 1;
    runner.run('password reset by mail', () =>
      this.#answer(request, mailer).finally(() => {
        this.#underWay -= 1;
      }),
    );
    return Promise.resolve();
  }

  async #answer({ email, ip }: Request, mailer: Pick<Mailer, 'deliver'>): Promise<void> {
    const { users, store, throttle, metrics, clock, resetPageUrl } = this.parts;
    const user = await users.findByEmail(email);
    // Counted only now: whoever asks for invented addresses must not use up the room of those who exist.
    if (!(await throttle.admitResetMail(email, { isAccount: user !== null }))) {
      metrics.mails.inc({ outcome: 'refused' });
      return;
    }
    const isSent = user !== null && !user.disabled;
    await this.#note('password.reset.request', { user, ip, outcome: outcomeOf(user) });
    if (!isSent) return;
    const at = clock();
    const issue = { userId: user.id, actor: 'anonymous', at, ip, lifeMs: resetLives.mailMs };
    const { token, expiresAt } = await issueReset(store, issue);
    // To the address that is on record, whatever was typed to find it.
    const delivery = await mailer.deliver({
      to: user.email,
      ...resetMail({ token, expiresAt, at, ip, resetPageUrl }),
    });
    const outcome = delivery.isSent ? 'sent' : `failed: ${delivery.reason}`;
    await this.#note('password.reset.mail', { user, ip, outcome });
  }

  /** Without the address: people type passwords into the wrong field. */
  #note(
    action: string,
    { user, ip, outcome }: { readonly user: User | null; readonly ip: string | null; readonly outcome: string },
  ): Promise<void> {
    const { audit, clock } = this.parts;
    return audit({ at: clock(), actor: 'anonymous', action, target: user?.id ?? null, outcome, ip });
  }
}

function outcomeOf(user: User | null): string {
  if (user === null) return 'refused: no such user';
  return user.disabled ? 'refused: disabled' : 'accepted';
}
