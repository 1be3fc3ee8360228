import type { SealedCredentials } from '../../domain/exchangeCredentials';
import type { EpochMs } from '../../domain/marketData';
import { AppError } from '../../errors/appError';
import { ExchangeNotNamed } from '../../exchanges/exchangeNotNamed';
import type { CredentialStore } from '../../storage/trading/credentialStore';
import type { AccountRecord } from '../../storage/trading/records';
import type { BackgroundRunner } from '../../telemetry/backgroundRunner';
import { Repeating } from '../risk/repeating';
import { haltAccount, type HaltParts } from './haltAccount';
import type { KeyCheck } from './keyCheck';
import type { SealedKeys } from './sealedKeys';

export interface KeyWatchParts extends HaltParts {
  readonly credentials: CredentialStore;
  readonly keys: SealedKeys;
  readonly check: KeyCheck;
  readonly runner: BackgroundRunner;
  /** Runs a task after so many milliseconds; gives what prevents it. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** One node asks for all. */
  readonly isLeading: () => boolean;
}

const lookEveryMs = 60_000;
/** A key was found fit for so long. */
const fitForMs = 86_400_000;
/** An exchange that did not answer is asked again, and so is one whose answer halted an account: its owner may have mended the key. */
const askAgainAfterMs = 10 * 60_000;

/**
 * Asks every day what the key of each LIVE account may do. One that has changed to the worse, or that its exchange refuses, halts its
 * account; an exchange that does not answer proves nothing, and is asked again soon.
 */
export class KeyWatch {
  readonly #rounds: Repeating;
  /** When the key of an account was asked about last, without being found fit. */
  readonly #askedAt = new Map<string, EpochMs>();

  constructor(private readonly parts: KeyWatchParts) {
    const { schedule, runner } = parts;
    this.#rounds = new Repeating({
      task: 'key watch',
      everyMs: lookEveryMs,
      schedule,
      runner,
      work: () => this.look(),
    });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Resolves when the look that is under way has ended. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Looks at every key whose day is over. One that cannot be asked about does not keep the others from it. */
  async look(): Promise<void> {
    if (!this.parts.isLeading()) return;
    const now = this.parts.clock();
    const due = await this.parts.credentials.due(now - fitForMs);
    const ids = new Set(due.map((account) => account.id));
    for (const id of this.#askedAt.keys()) if (!ids.has(id)) this.#askedAt.delete(id);
    for (const account of due) {
      if (now - (this.#askedAt.get(account.id) ?? -Infinity) < askAgainAfterMs) continue;
      this.#askedAt.set(account.id, now);
      try {
        await this.#ask(account);
      } catch (error) {
        this.parts.logger.warn(
          { ...faultOf(error), accountId: account.id },
          'the key of an account could not be asked about',
        );
      }
    }
  }

  async #ask(account: AccountRecord): Promise<void> {
    const { keys, check, credentials, clock } = this.parts;
    const key = await keys.open(account);
    if (key.kind === 'closed') {
      await haltAccount(this.parts, { accountId: account.id, ...key });
      return;
    }
    const verdict = await check.ask(account.exchange, key.credentials);
    if (verdict.kind === 'fit') {
      await credentials.noteFit(account.id, key.sealed, clock());
      return;
    }
    const stored = await credentials.find(account.id);
    // Replaced meanwhile: what was found is not true of the new one.
    if (stored === null || !isSame(stored.sealed, key.sealed)) return;
    const codes = verdict.refusals.map(({ code }) => code).join(', ');
    const reason = verdict.refusals.map(({ message }) => message).join(' ');
    await haltAccount(this.parts, { accountId: account.id, code: codes, reason });
  }
}

/** What is known of old is told without its stack. */
function faultOf(error: unknown): object {
  if (error instanceof AppError) return { code: error.code };
  return error instanceof ExchangeNotNamed ? { reason: error.message } : { err: error };
}

/** Whatever key-encryption key it is under now. */
function isSame(a: SealedCredentials, b: SealedCredentials): boolean {
  return Buffer.from(a.ciphertext).equals(b.ciphertext);
}
