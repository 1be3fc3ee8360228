import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import { limits } from './limits';
import type { RequestContext } from './requestContext';

/** An entry of the audit log, as far as a denied call has one. */
export interface DenialEntry {
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly target: null;
  readonly outcome: string;
  readonly ip: string | null;
}

export interface DeniedCallsParts {
  readonly write: (entry: DenialEntry) => Promise<void>;
  readonly clock: () => number;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
}

function actorOf({ principal }: Caller): string {
  if (principal === null) return 'anonymous';
  return principal.credential.kind === 'apiKey' ? principal.credential.id : principal.userId;
}

type Caller = Pick<RequestContext, 'principal' | 'rateKey' | 'ip'>;

/** Denied calls of one caller that were counted and not written. */
interface Counted {
  readonly actor: string;
  readonly ip: string | null;
  count: number;
}

const { windowMs, maxPerCaller, maxWritten, maxCallers } = limits.denials;

/**
 * Writes mutations that were denied to the audit log. A flood of them fills no disk: of each caller a few a minute are written as they
 * come, the others as a number once the minute is over; of all callers together, no more than so many.
 */
export class DeniedCalls {
  #written = new Map<string, number>();
  #total = 0;
  #counted = new Map<string, Counted>();
  #others = 0;
  #endsAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: DeniedCallsParts) {}

  /** Returns once it is written, where it is written as it comes. Whoever is denied stays denied where it cannot be. */
  async record(caller: Caller, action: string, code: string): Promise<void> {
    const now = this.parts.clock();
    if (now >= this.#endsAt) await this.#begin(now);
    const actor = actorOf(caller);
    const own = this.#written.get(caller.rateKey) ?? 0;
    if (own >= maxPerCaller || this.#total >= maxWritten) {
      this.#count(caller, actor);
      return;
    }
    this.#written.set(caller.rateKey, own + 1);
    this.#total += 1;
    await this.#write({ at: now, actor, action, target: null, outcome: `refused: ${code}`, ip: caller.ip });
  }

  /** Writes what was only counted so far. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#tellCounted();
  }

  async #begin(now: number): Promise<void> {
    this.#endsAt = now + windowMs;
    this.#written = new Map();
    this.#total = 0;
    await this.#tellCounted();
  }

  #count(caller: Caller, actor: string): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.parts.runner.run('denied calls', () => this.#tellCounted());
    }, windowMs).unref();
    const known = this.#counted.get(caller.rateKey);
    if (known !== undefined) known.count += 1;
    else if (this.#counted.size < maxCallers) this.#counted.set(caller.rateKey, { actor, ip: caller.ip, count: 1 });
    else this.#others += 1;
  }

  async #tellCounted(): Promise<void> {
    const callers = [...this.#counted.values()];
    const others = this.#others;
    this.#counted = new Map();
    this.#others = 0;
    const shared = { at: this.parts.clock(), action: 'mutation.denied', target: null };
    for (const { actor, ip, count } of callers) await this.#write({ ...shared, actor, ip, outcome: `${count} more` });
    if (others > 0) await this.#write({ ...shared, actor: 'others', ip: null, outcome: `${others} more` });
  }

  async #write(entry: DenialEntry): Promise<void> {
    try {
      await this.parts.write(entry);
    } catch (error) {
      this.parts.logger.error({ err: error, action: entry.action }, 'a denied call is not in the audit log');
    }
  }
}
