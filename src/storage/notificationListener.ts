import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { Client } from 'pg';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import { connectionOptions, type ConnectionUrl } from './connectionOptions';
import type { RunQuery } from './userStanding';

/** A payload that begins so proves the connection to whoever sent it, and says nothing to others who hear it. */
const probePrefix = 'probe ';

export interface ListenerTiming {
  /** How long a connection, a statement or a notification may take before the connection counts as lost. */
  readonly answerWithinMs: number;
  /** The first pause before another attempt; it doubles up to the longest one, and any part of it may be waited. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

export interface NotificationListenerParts {
  readonly url: ConnectionUrl;
  /** Lower case letters and underscores. */
  readonly channel: string;
  /** Runs a statement on another connection: what it sends has to arrive at this one. */
  readonly queryElsewhere: RunQuery;
  readonly onNotification: (payload: string) => void;
  /** Notifications are heard from now on; what was sent before may have been missed. */
  readonly onUp: () => void;
  readonly timing: ListenerTiming;
  readonly runner: BackgroundRunner;
  readonly logger: Logger;
  readonly random: () => number;
}

interface Connection {
  readonly client: Client;
  /** Destroyed where the other side may not answer any more. */
  readonly socket: Socket;
}

/**
 * A connection of its own that hears the notifications of one channel, and is made again for as long as it takes.
 * It counts as up only after a notification sent on another connection has come through: one that a firewall has dropped
 * without a word, or a pooler that gives every statement to another connection, hears nothing and reports no failure.
 */
export class NotificationListener {
  #connection: Connection | null = null;
  #isUp = false;
  #isStopped = false;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #awaited: { readonly payload: string; readonly arrived: () => void } | null = null;

  constructor(private readonly parts: NotificationListenerParts) {}

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Ends with the first attempt, be it good or bad: those after a bad one go on by themselves. */
  async start(): Promise<void> {
    const { url, channel, onNotification, onUp, timing, logger } = this.parts;
    const socket = new Socket();
    const client = new Client({
      application_name: `tickgate ${channel}`,
      connectionTimeoutMillis: timing.answerWithinMs,
      query_timeout: timing.answerWithinMs,
      ...connectionOptions(url),
      stream: () => socket,
    });
    const connection = { client, socket };
    this.#connection = connection;
    client.on('error', (error) => {
      this.#drop(connection, error);
    });
    client.on('notification', ({ payload = '' }) => {
      if (payload === this.#awaited?.payload) this.#awaited.arrived();
      else if (!payload.startsWith(probePrefix)) onNotification(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      await this.#prove();
    } catch (error) {
      this.#drop(connection, error);
    }
    if (this.#connection !== connection) return;
    this.#isUp = true;
    this.#failures = 0;
    logger.info({ channel }, 'notifications are heard');
    onUp();
  }

  /** Proves that notifications still come through, or begins to connect anew. To be called now and then. */
  async check(): Promise<void> {
    const connection = this.#connection;
    if (connection === null || !this.#isUp) return;
    try {
      await this.#prove();
    } catch (error) {
      this.#drop(connection, error);
    }
  }

  async stop(): Promise<void> {
    const wasUp = this.#isUp;
    this.#isStopped = true;
    this.#isUp = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) return;
    if (!wasUp) {
      // pg would leave whoever waits for a connection that is ended on its way waiting for ever, and with it what waits for our end.
      connection.socket.destroy();
      return;
    }
    connection.socket.setTimeout(this.parts.timing.answerWithinMs, () => connection.socket.destroy());
    await connection.client.end();
  }

  async #prove(): Promise<void> {
    const { channel, queryElsewhere, timing } = this.parts;
    const payload = `${probePrefix}${randomUUID()}`;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((arrived, failed) => {
        timer = setTimeout(() => {
          failed(new Error(`no notification came through within ${timing.answerWithinMs} ms`));
        }, timing.answerWithinMs);
        this.#awaited = { payload, arrived };
        queryElsewhere('SELECT pg_notify($1, $2)', [channel, payload]).catch(failed);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the connection up, if it is still the one in use, and tries again later. */
  #drop(connection: Connection, error: unknown): void {
    if (this.#connection !== connection) return;
    const { channel, logger, random, runner, timing } = this.parts;
    this.#connection = null;
    this.#isUp = false;
    connection.socket.destroy();
    if (this.#isStopped) return;
    const pauseMs = random() * Math.min(timing.longestRetryMs, timing.firstRetryMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    logger.warn({ channel, err: error, pauseMs }, 'notifications are not heard');
    this.#retry = setTimeout(() => {
      runner.run('listening for notifications', () => this.start());
    }, pauseMs);
  }
}
