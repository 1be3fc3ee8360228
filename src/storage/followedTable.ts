import { setTimeout as delay } from 'node:timers/promises';
import type { EpochMs } from '../domain/marketData';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import type { ConnectionUrl } from './connectionOptions';
import { NotificationListener, type ListenerTiming } from './notificationListener';
import { StorageError } from './storageError';
import type { RunQuery } from './userStanding';

export interface FollowedTableTiming extends ListenerTiming {
  /** Between two readings; how long one may take. */
  readonly pollMs: number;
}

export interface FollowedTableOptions<Reading> {
  /** Told what is there, each time it was read; readAt: a moment at which it was so, by our own clock. */
  readonly onReading: (reading: Reading, readAt: EpochMs) => void;
  /** Told what the trigger says of a change, before it is read. */
  readonly onNotification: (payload: string) => void;
  readonly clock: () => EpochMs;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly timing: FollowedTableTiming;
}

interface FollowedTableParts<Reading> extends FollowedTableOptions<Reading> {
  /** What is read, for the log. */
  readonly name: string;
  /** What the trigger of the migration tells changes on. */
  readonly channel: string;
  readonly read: (query: RunQuery) => Promise<Reading>;
  readonly url: ConnectionUrl;
  readonly pool: RunQuery;
}

/**
 * A small table as the database says it from one moment to the next: read as a whole whenever a change is heard, and every `pollMs`
 * besides, so that whoever goes by it knows how old that is. Readings follow each other: the last one told is the newest.
 */
export class FollowedTable<Reading> {
  readonly #listener: NotificationListener;
  #mustRead = false;
  #reading: Promise<void> | null = null;
  #poll: NodeJS.Timeout | null = null;
  #isRead = false;

  constructor(private readonly parts: FollowedTableParts<Reading>) {
    const { url, pool, channel, onNotification, timing, runner, logger, random } = parts;
    this.#listener = new NotificationListener({
      url,
      channel,
      queryElsewhere: pool,
      onNotification: (payload) => {
        onNotification(payload);
        this.#wake();
      },
      onUp: () => {
        this.#wake();
      },
      timing,
      runner,
      logger,
      random,
    });
  }

  /** Listens, then reads. Throws StorageError where it cannot be read. */
  async start(): Promise<void> {
    await this.#listener.start();
    this.#wake();
    await this.#reading;
    if (!this.#isRead) throw new StorageError(`The ${this.parts.name} cannot be read: see the log.`);
    this.#poll = setInterval(() => {
      this.#wake();
      this.parts.runner.run(this.parts.name, () => this.#listener.check());
    }, this.parts.timing.pollMs);
  }

  async stop(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll);
    await this.#listener.stop();
    await this.#reading;
  }

  #wake(): void {
    this.#mustRead = true;
    this.#reading ??= this.#read();
  }

  /** Never rejects: what cannot be read is read at the next poll. */
  async #read(): Promise<void> {
    const { clock, onReading, logger, name } = this.parts;
    try {
      while (this.#mustRead) {
        this.#mustRead = false;
        const readAt = clock();
        onReading(await this.#readInTime(), readAt);
        this.#isRead = true;
      }
    } catch (error) {
      logger.warn({ err: error }, `the ${name} cannot be read`);
    } finally {
      this.#reading = null;
    }
  }

  /** A connection of the pool that hangs must not hold up the one reader: what comes too late is passed over. */
  async #readInTime(): Promise<Reading> {
    const { pool, read, timing } = this.parts;
    const late = Symbol('late');
    const reading = await Promise.race([read(pool), delay(timing.pollMs, late, { ref: false })]);
    if (typeof reading === 'symbol')
      throw new StorageError(`The database has not answered within ${timing.pollMs} ms.`);
    return reading;
  }
}
