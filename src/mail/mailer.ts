import { setTimeout as delay } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import type { Secret } from '../domain/secret';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';

/** Text alone. What stands in `to` is an address of ours, never what somebody has typed just now. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** reason: a code, for the audit log; no address and no text of the mail server, which may repeat one. */
export type Delivery = { readonly isSent: true } | { readonly isSent: false; readonly reason: string };

export interface MailerParts {
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** `starttls`: no mail where the server does not offer it. `none`: the server is on this machine. */
    readonly tls: 'implicit' | 'starttls' | 'none';
    readonly auth: { readonly user: string; readonly password: Secret } | null;
  };
  readonly from: { readonly name: string; readonly address: string };
  readonly limits: {
    readonly maxAttempts: number;
    readonly attemptTimeoutMs: number;
    /** Each further wait is four times as long. */
    readonly firstRetryMs: number;
    /** What is being sent when the server stops may take so long to end. */
    readonly drainTimeoutMs: number;
  };
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'mails'>;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
}

/** An RFC 5321 reply that will be the same the next time. */
const isLasting = (responseCode: number | null): boolean => responseCode !== null && responseCode >= 500;
/** One @, and nothing that ends a header or begins another address. */
const addressShape = /^[^\s@\p{Cc}<>]+@[^\s@\p{Cc}<>]+$/u;

/**
 * Hands mails to a mail server, a connection each. What it does not take is tried again a few times, in memory: a mail that is waiting
 * when the process ends is lost.
 */
export class Mailer {
  #transport: ReturnType<typeof transportTo>;
  readonly #sending = new Set<Promise<unknown>>();
  /** No further attempt begins. */
  readonly #stopping = new AbortController();
  /** Those that have begun end as well. */
  readonly #cutOff = new AbortController();

  constructor(private readonly parts: MailerParts) {
    this.#transport = transportTo(parts.server);
  }

  /** Mails go to this server from the next attempt on. */
  use(server: MailerParts['server']): void {
    this.#transport = transportTo(server);
  }

  /** Ends when the mail server has taken it, or when it is not tried any more, which is in the log then. Never throws. */
  async deliver(mail: Mail): Promise<Delivery> {
    const { maxAttempts, firstRetryMs } = this.parts.limits;
    for (let attempt = 1; ; attempt += 1) {
      const failure = await this.#attempt(mail);
      if (failure === null) {
        this.parts.metrics.mails.inc({ outcome: 'sent' });
        return { isSent: true };
      }
      const isLast = failure.isLasting || attempt >= maxAttempts;
      if (!isLast) await this.#pause(firstRetryMs * 4 ** (attempt - 1));
      if (isLast || this.#stopping.signal.aborted) return this.#giveUp(failure, attempt);
      this.parts.metrics.mails.inc({ outcome: 'retried' });
    }
  }

  /** Resolves within `drainTimeoutMs`: mails that wait for another attempt are given up at once, those on their way then. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const drained = new AbortController();
    const timeout = delay(this.parts.limits.drainTimeoutMs, undefined, { signal: drained.signal }).catch(
      () => undefined,
    );
    await Promise.race([Promise.all(this.#sending), timeout]);
    drained.abort();
    this.#cutOff.abort();
    await Promise.all(this.#sending);
  }

  async #attempt(mail: Mail): Promise<Failure | null> {
    if (this.#stopping.signal.aborted) return { reason: 'STOPPED', isLasting: true };
    if (!addressShape.test(mail.to)) return { reason: 'ADDRESS', isLasting: true };
    const sending = this.#send(mail);
    this.#sending.add(sending);
    try {
      return await sending;
    } finally {
      this.#sending.delete(sending);
    }
  }

  async #send({ to, subject, text }: Mail): Promise<Failure | null> {
    const { from, limits } = this.parts;
    const attempt = new AbortController();
    const end = (): void => {
      attempt.abort();
    };
    const timer = setTimeout(end, limits.attemptTimeoutMs);
    this.#cutOff.signal.addEventListener('abort', end);
    try {
      await this.#transport.sendMail({
        // A copy: the settings are frozen, and the library writes into what it is given.
        from: { ...from },
        // As an object: a string would be read as a list of addresses.
        to: { name: '', address: to },
        subject,
        text,
        // RFC 3834: nobody's absence is to be told to us.
        headers: { 'Auto-Submitted': 'auto-generated' },
        xMailer: false,
        signal: attempt.signal,
      });
      return null;
    } catch (error) {
      if (!attempt.signal.aborted) return failureOf(error);
      return { reason: this.#cutOff.signal.aborted ? 'STOPPED' : 'TIMEOUT', isLasting: false };
    } finally {
      clearTimeout(timer);
      this.#cutOff.signal.removeEventListener('abort', end);
    }
  }

  #giveUp({ reason }: Failure, attempts: number): Delivery {
    this.parts.metrics.mails.inc({ outcome: 'failed' });
    this.parts.logger.error({ reason, attempts }, 'a mail was not sent: the mail server did not take it');
    return { isSent: false, reason };
  }

  /** Between half of it and all of it, so that mails that failed together do not come back together. */
  async #pause(ms: number): Promise<void> {
    const pauseMs = ms * (0.5 + this.parts.random() / 2);
    await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

interface Failure {
  readonly reason: string;
  readonly isLasting: boolean;
}

function failureOf(error: unknown): Failure {
  const { code, name, responseCode } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  const reply = typeof responseCode === 'number' ? responseCode : null;
  const reason = [String(code ?? name), ...(reply === null ? [] : [String(reply)])].join(' ');
  return { reason, isLasting: isLasting(reply) };
}

function transportTo({ host, port, tls, auth }: MailerParts['server']) {
  return createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    ...(auth === null ? {} : { auth: { user: auth.user, pass: auth.password.reveal() } }),
    disableFileAccess: true,
    disableUrlAccess: true,
    dnsTimeout: 5_000,
    socketCloseTimeout: 1_000,
  });
}
