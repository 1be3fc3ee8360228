import type { EpochMs } from '../domain/marketData';
import type { CcxtClass, CcxtClient } from './ccxtTypes';

/** What one exchange object tells about its own connections and answers. */
export interface ConnectionListener {
  readonly clock: () => EpochMs;
  /** A socket is open; its subscriptions are sent from now on. */
  onConnected(url: string): void;
  /** The exchange answers 418 or 429 and wants this pause; null where it does not say how long. */
  onRateLimited(retryAfterMs: number | null): void;
  /** A subscription could not be sent. */
  onSendFailed(url: string, error: unknown): void;
  /** What ccxt would print on standard output. */
  onLog(parts: readonly unknown[]): void;
}

/** Follows the connections of one ccxt object: which are up, and when each last proved that it lives. */
export class ConnectionTap {
  readonly #heardAt = new WeakMap<CcxtClient, EpochMs>();
  #dialled: string | null = null;

  constructor(readonly listener: ConnectionListener) {}

  heard(client: CcxtClient): void {
    this.#heardAt.set(client, this.listener.clock());
  }

  dialled(url: string): void {
    this.#dialled = url;
  }

  /**
   * Runs a watch call and tells the URL of the connection that it uses; null where the call did not get so far at once.
   * With markets loaded, every watch method of ccxt reaches the connection before its first await.
   */
  trace<T>(call: () => T): { readonly result: T; readonly url: string | null } {
    this.#dialled = null;
    const result = call();
    return { result, url: this.#dialled };
  }

  /** The last proof of life of a connection (opened, a frame, a pong); null while it is not open. */
  aliveAt(client: CcxtClient | undefined): EpochMs | null {
    if (client?.isConnected !== true || client.error !== undefined || client.connection?.readyState !== openState)
      return null;
    return Math.max(client.connectionEstablished ?? 0, this.#heardAt.get(client) ?? 0);
  }
}

/** WebSocket.OPEN */
const openState = 1;

/**
 * A subclass of a ccxt.pro class that reports to the tap, and closes four holes by which ccxt would leak or bring down the process:
 * a failed send is a promise that nobody holds; a connection given up in `onError` or `loadOrderBook` keeps its socket;
 * its own pauses between dials would come on top of ours; its log goes to standard output.
 */
export function tapConnections(base: CcxtClass, tap: ConnectionTap): CcxtClass {
  return class extends base {
    override client(url: string): CcxtClient {
      const isNew = !(url in this.clients);
      const client = super.client(url);
      if (isNew) adopt(client, tap);
      return client;
    }

    override watch(url: string, ...rest: readonly unknown[]): Promise<unknown> {
      tap.dialled(url);
      return super.watch(url, ...rest);
    }

    override watchMultiple(url: string, ...rest: readonly unknown[]): Promise<unknown> {
      tap.dialled(url);
      return super.watchMultiple(url, ...rest);
    }

    override handleMessage(client: CcxtClient, message: unknown): void {
      // What a given-up connection still delivers must not reach the books of its successor.
      if (this.clients[client.url] !== client) return;
      tap.heard(client);
      super.handleMessage(client, message);
    }

    override onConnected(client: CcxtClient, message?: unknown): void {
      super.onConnected(client, message);
      tap.listener.onConnected(client.url);
    }

    override onError(client: CcxtClient, error: unknown): void {
      super.onError(client, error);
      client.connection?.terminate();
    }

    override handleErrors(...response: readonly unknown[]): unknown {
      const [status, , , , headers] = response;
      if (status === 418 || status === 429) tap.listener.onRateLimited(readRetryAfterMs(headers));
      return super.handleErrors(...response);
    }

    /** Dials are paced by our ReconnectGate, for all connections of the exchange together. */
    override calculateWsBackoffDelay(): number {
      return 0;
    }

    override log(...parts: readonly unknown[]): void {
      tap.listener.onLog(parts);
    }
  };
}

function adopt(client: CcxtClient, tap: ConnectionTap): void {
  // ccxt drops the promise of `send`: without a handler of ours, a socket that closes just before would end the process.
  const send = client.send.bind(client);
  client.send = (message) => {
    const sent = send(message);
    sent.catch((error: unknown) => {
      tap.listener.onSendFailed(client.url, error);
      client.reject(error);
    });
    return sent;
  };
  // Its `lastPong` proves nothing: ccxt sets it at the first ping, before any pong has come.
  const onPong = client.onPong.bind(client);
  client.onPong = () => {
    tap.heard(client);
    onPong();
  };
}

/** Seconds in the header, as RFC 9110 10.2.3 and Binance have it. */
function readRetryAfterMs(headers: unknown): number | null {
  const value =
    typeof headers === 'object' && headers !== null && 'Retry-After' in headers ? headers['Retry-After'] : null;
  if (typeof value !== 'string' || !/^\d{1,6}$/.test(value)) return null;
  return Number.parseInt(value, 10) * 1000;
}
