import { setTimeout as delay } from 'node:timers/promises';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import type { ConnectionUrl } from './connectionOptions';
import { NotificationListener, type ListenerTiming } from './notificationListener';
import { StorageError } from './storageError';
import { readEndedSessions } from './identity/sessionStore';
import { readChangedStandings, readStandings, type RunQuery, type UserStanding } from './userStanding';

/** What the trigger of the migration tells changes on. */
const channel = 'tickgate_users';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const sessionPrefix = 'session ';

export interface UserChangesOptions {
  /** How far back a change still matters to someone: the life of an access token and a margin. */
  readonly lookBackMs: number;
  /** Told what the database says of a user now, each time it was asked; the same may be told again. */
  readonly onUser: (user: UserStanding) => void;
  /** Told of a user who has changed and who could not be read in time. `onUser` follows once it is known how. */
  readonly onDoubt: (userId: string) => void;
  /** Told of a session that has ended, perhaps more than once. */
  readonly onSessionEnd: (sessionId: string) => void;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly timing?: UserChangesTiming;
}

export interface UserChangesTiming extends ListenerTiming {
  /** Between two proofs that changes are heard; between two readings where they are not; how long a reading may take. */
  readonly pollMs: number;
  /** How long a change may be known of and not be read before there is doubt. */
  readonly doubtAfterMs: number;
}

const usualTiming: UserChangesTiming = {
  pollMs: 5_000,
  doubtAfterMs: 1_000,
  answerWithinMs: 2_000,
  firstRetryMs: 200,
  longestRetryMs: 10_000,
};

/**
 * Who is disabled, who has which roles and which sessions have ended, as the database says it from one moment to the next.
 * Changes are heard at once on a connection of its own, on which nothing else runs: PostgreSQL passes no notification on
 * in the middle of a statement. While that is lost, whatever changed of late is read every 5 s, and once more when it is back.
 * Readings follow each other, so the last one told is the newest.
 */
export class UserChanges {
  readonly #listener: NotificationListener;
  readonly #timing: UserChangesTiming;
  /** Users who have changed and have not been read since, each with the timer of its doubt; null: there is doubt. */
  readonly #changed = new Map<string, NodeJS.Timeout | null>();
  /** True where changes may have been missed. */
  #mustCatchUp = true;
  #working: Promise<void> | null = null;
  #poll: NodeJS.Timeout | null = null;

  constructor(private readonly parts: UserChangesOptions & { readonly url: ConnectionUrl; readonly pool: RunQuery }) {
    const { url, pool, timing = usualTiming, runner, logger, random } = parts;
    this.#timing = timing;
    this.#listener = new NotificationListener({
      url,
      channel,
      queryElsewhere: pool,
      onNotification: (payload) => {
        if (payload.startsWith(sessionPrefix)) parts.onSessionEnd(payload.slice(sessionPrefix.length));
        else this.#note(payload);
        this.#wake();
      },
      onUp: () => {
        this.#mustCatchUp = true;
        this.#wake();
      },
      timing,
      runner,
      logger,
      random,
    });
  }

  /** Listens, then reads what was before. Throws StorageError where the users cannot be read: nobody is to be let in unseen. */
  async start(): Promise<void> {
    await this.#listener.start();
    this.#wake();
    await this.#working;
    if (this.#mustCatchUp) throw new StorageError('The users cannot be read: see the log.');
    this.#poll = setInterval(() => {
      this.parts.runner.run('user changes', () => this.#check());
    }, this.#timing.pollMs);
  }

  async stop(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
    await this.#listener.stop();
    await this.#working;
    for (const timer of this.#changed.values()) clearTimeout(timer ?? undefined);
  }

  /** The timer begins with the notification: the reader may be waiting for an answer to something else. */
  #note(payload: string): void {
    if (!uuid.test(payload) || this.#changed.has(payload)) return;
    const timer = setTimeout(() => {
      this.parts.onDoubt(payload);
    }, this.#timing.doubtAfterMs);
    this.#changed.set(payload, timer);
  }

  async #check(): Promise<void> {
    await this.#listener.check();
    const isStopped = this.#poll === null;
    if (isStopped) return;
    if (!this.#listener.isUp) this.#mustCatchUp = true;
    this.#wake();
  }

  /** Lets the one reader work, if there is anything to read. */
  #wake(): void {
    if (this.#working !== null || !this.#hasWork) return;
    this.#working = this.#work();
  }

  get #hasWork(): boolean {
    return this.#mustCatchUp || this.#changed.size > 0;
  }

  /** Never rejects. What cannot be read stays to be read: at the next poll, or when the listener is up again. */
  async #work(): Promise<void> {
    try {
      while (this.#hasWork) {
        if (this.#changed.size > 0) await this.#readChanged();
        else await this.#catchUp();
      }
    } catch (error) {
      this.parts.logger.warn({ err: error }, 'users cannot be read');
    } finally {
      this.#working = null;
    }
  }

  async #readChanged(): Promise<void> {
    const reading = [...this.#changed];
    this.#changed.clear();
    const ids = reading.map(([id]) => id);
    try {
      this.#tell(await this.#read(readStandings(this.parts.pool, ids)));
    } catch (error) {
      for (const id of ids) {
        this.parts.onDoubt(id);
        if (!this.#changed.has(id)) this.#changed.set(id, null);
      }
      throw error;
    } finally {
      for (const [, timer] of reading) clearTimeout(timer ?? undefined);
    }
  }

  async #catchUp(): Promise<void> {
    const { pool, lookBackMs, onSessionEnd } = this.parts;
    this.#mustCatchUp = false;
    try {
      this.#tell(await this.#read(readChangedStandings(pool, lookBackMs)));
      for (const sessionId of await this.#read(readEndedSessions(pool, lookBackMs))) onSessionEnd(sessionId);
    } catch (error) {
      this.#mustCatchUp = true;
      throw error;
    }
  }

  #tell(users: readonly UserStanding[]): void {
    for (const user of users) this.parts.onUser(user);
  }

  /** A connection of the pool that hangs must not hold up the one reader: what comes too late is passed over. */
  async #read<Row>(reading: Promise<readonly Row[]>): Promise<readonly Row[]> {
    const { pollMs } = this.#timing;
    const rows = await Promise.race([reading, delay(pollMs, null, { ref: false })]);
    if (rows === null) throw new StorageError(`The database has not answered within ${pollMs} ms.`);
    return rows;
  }
}
