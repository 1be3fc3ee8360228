import type { Secret } from '../domain/secret';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { HealthState } from '../telemetry/health';
import type { Logger } from '../telemetry/logger';
import type { SecretAges } from './secretAges';
import { SecretError } from './secretError';

/** changedAt: since when it is the value, in ms; null where that is not known. */
export interface DatedSecret {
  readonly text: Secret;
  readonly changedAt: number | null;
}

/** `used`: from now on. `needsRestart`: it can be read at a start alone. */
export type Taken = 'used' | 'needsRestart';

export interface WatchedSecret {
  /** Of the setting. */
  readonly name: string;
  /** As it is in use. */
  readonly first: DatedSecret;
  /** As it is now. Throws SecretError, whose message is a sentence for the operator and repeats nothing of it. */
  read(): Promise<DatedSecret>;
  /** Lets another value be used, once it is known to be good. Throws likewise where it is not: then nothing has changed. */
  take(value: Secret): Promise<Taken>;
}

/** `refused`: another value is there, and is not good. */
type Standing =
  { readonly kind: 'current' } | { readonly kind: 'unreadable' | 'refused' | 'needsRestart'; readonly reason: string };

const current: Standing = { kind: 'current' };

/**
 * Reads secrets again and again, and lets another value be used once it is known to be good. Until then, and where one cannot be read, the
 * last good one stays: what is running never becomes worse by what somebody else has lost.
 */
export class SecretWatch {
  readonly #inUse: Map<string, Secret>;
  readonly #standings = new Map<string, Standing>();
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #isStopped = false;

  constructor(
    private readonly parts: {
      readonly secrets: readonly WatchedSecret[];
      readonly ages: Pick<SecretAges, 'note'>;
      /** At most between two readings. */
      readonly refreshMs: number;
      readonly runner: BackgroundRunner;
      readonly logger: Logger;
      /** 0 inclusive to 1 exclusive. */
      readonly random: () => number;
    },
  ) {
    this.#inUse = new Map(parts.secrets.map(({ name, first }) => [name, first.text]));
  }

  start(): void {
    if (this.parts.secrets.length > 0) this.#schedule();
  }

  /** Resolves once nothing is being read or taken any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#reading;
  }

  check(): HealthState {
    const wrong = [...this.#standings].flatMap(([name, standing]) =>
      standing.kind === 'current' ? [] : [`${name}: ${standing.reason}`],
    );
    const detail = wrong.length > 0 ? wrong.join(' ') : `${this.parts.secrets.length} are read again and again`;
    return { name: 'secrets', healthy: wrong.length === 0, detail };
  }

  /** Between three quarters of the pause and all of it, so that nodes which started together do not ask together. */
  #schedule(): void {
    const { refreshMs, random, runner } = this.parts;
    this.#timer = setTimeout(
      () => {
        this.#reading = this.#readAll().finally(() => {
          this.#reading = null;
          if (!this.#isStopped) this.#schedule();
        });
        runner.run('reading of secrets', () => this.#reading ?? Promise.resolve());
      },
      refreshMs * (0.75 + random() / 4),
    );
  }

  async #readAll(): Promise<void> {
    // Taken one after the other: what one changes, the check of another may rest on.
    const read = await Promise.all(
      this.parts.secrets.map(async (secret) => ({ secret, value: await readNow(secret) })),
    );
    for (const { secret, value } of read) {
      const standing = 'failed' in value ? unreadable(value.failed) : await this.#take(secret, value);
      this.#note(secret.name, standing);
    }
  }

  async #take(secret: WatchedSecret, { text, changedAt }: DatedSecret): Promise<Standing> {
    const { name } = secret;
    if (text.reveal() === this.#inUse.get(name)?.reveal()) return current;
    try {
      const taken = await secret.take(text);
      if (taken === 'needsRestart') {
        return { kind: 'needsRestart', reason: 'has another value, which is read at a start alone: restart needed.' };
      }
    } catch (error) {
      return { kind: 'refused', reason: `its new value is not used: ${messageOf(error)}` };
    }
    this.#inUse.set(name, text);
    this.parts.ages.note(name, changedAt);
    this.parts.logger.info({ setting: name }, 'another value of a secret is in use');
    return current;
  }

  #note(name: string, standing: Standing): void {
    const before = this.#standings.get(name) ?? current;
    this.#standings.set(name, standing);
    if (before.kind === standing.kind) return;
    if (standing.kind === 'current') this.parts.logger.info({ setting: name }, 'a secret is as it should be again');
    else this.parts.logger.warn({ setting: name, reason: standing.reason }, 'the last good value of a secret stays');
  }
}

function unreadable(message: string): Standing {
  return { kind: 'unreadable', reason: `its last good value is used: ${message}` };
}

async function readNow(secret: WatchedSecret): Promise<DatedSecret | { readonly failed: string }> {
  try {
    return await secret.read();
  } catch (error) {
    return { failed: messageOf(error) };
  }
}

/** What an error says that is not one of ours may repeat a value. */
function messageOf(error: unknown): string {
  if (error instanceof SecretError) return error.message;
  return `unknown failure (${error instanceof Error ? error.name : typeof error}).`;
}
