import { Backoff } from './backoff';
import type { CcxtClient, CcxtModule } from './ccxtTypes';
import type { ConnectionTap } from './connectionTap';
import type { WatchSource } from './exchangeDifferences';
import type { ReconnectGate } from './reconnectGate';
import { classifyWatchFailure, type WatchFailure } from './translateError';

/** What all loops of one exchange share. */
export interface LoopSurroundings {
  readonly ccxt: CcxtModule;
  readonly tap: ConnectionTap;
  readonly gate: ReconnectGate;
  readonly random: () => number;
  readonly clients: () => Readonly<Record<string, CcxtClient | undefined>>;
}

/** network: the connection is gone. request: something asked over a connection that lives has failed. */
export type LoopFailure = Exclude<WatchFailure, 'unsubscribed'> | 'request';

export interface LoopListener {
  /** One answer of the watch call; throws BadMarketData where it cannot be true. */
  onData(data: unknown): void;
  onFailure(failure: LoopFailure, error: unknown): void;
}

const retryLimits = { baseMs: 250, capMs: 10_000 };

/** Calls one watch method of ccxt again and again until it is stopped, whatever goes wrong in between. */
export class WatchLoop {
  readonly #backoff: Backoff;
  #url: string | null = null;
  #isStopped = false;
  #hasFailed = false;
  #leaveGate = (): void => undefined;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly around: LoopSurroundings,
    private readonly source: WatchSource,
    private readonly listener: LoopListener,
  ) {
    this.#backoff = new Backoff({ random: around.random, limits: retryLimits });
  }

  /** The connection that carries it, once known. */
  get url(): string | null {
    return this.#url;
  }

  start(): void {
    if (!this.#isStopped)
      this.#leaveGate = this.around.gate.pass(() => {
        this.#call();
      });
  }

  /** Nothing is told any more. A call that is still pending inside ccxt is left to it. */
  stop(): void {
    this.#isStopped = true;
    this.#leaveGate();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The last proof of life of its connection. Where ccxt hid which one that is: of any connection of the exchange. */
  aliveAt(): number | null {
    const clients = this.around.clients();
    if (this.#url !== null) return this.around.tap.aliveAt(clients[this.#url]);
    const times = Object.values(clients).flatMap((client) => this.around.tap.aliveAt(client) ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }

  // Callbacks instead of an async loop: a pending call then holds nothing that `stop` would have to wake up.
  #call(): void {
    if (this.#isStopped) return;
    const { result, url } = this.around.tap.trace(async () => this.source.watch());
    this.#url = url ?? this.#url;
    result.then(
      (data) => {
        this.#receive(data);
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  #receive(data: unknown): void {
    if (this.#isStopped) return;
    try {
      this.listener.onData(data);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.around.gate.succeeded();
    this.#backoff.reset();
    this.#hasFailed = false;
    this.#call();
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    const failure = classifyWatchFailure(error, this.around.ccxt);
    if (failure === 'unsubscribed') {
      this.#call();
      return;
    }
    const isConnected = this.aliveAt() !== null;
    this.listener.onFailure(failure === 'network' && isConnected ? 'request' : failure, error);
    this.#retry(failure, isConnected);
  }

  #retry(failure: WatchFailure, isConnected: boolean): void {
    if (failure === 'refused' || this.#isStopped) return;
    if (failure === 'network' && !isConnected) {
      this.around.gate.failed();
      this.start();
      return;
    }
    // The first call again comes at once (one broken frame, one gap); only a failure that repeats is waited out.
    const delayMs = this.#hasFailed ? this.#backoff.nextMs() : 0;
    this.#hasFailed = true;
    this.#timer = setTimeout(() => {
      this.start();
    }, delayMs);
  }
}
