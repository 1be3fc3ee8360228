import type { Logger } from '../telemetry/logger';
import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import { Backoff } from './backoff';
import { BadMarketData } from './badMarketData';
import type { ChannelHandler, HandledSource } from './channels/channelHandler';
import type { Upstream, UpstreamEvent } from './exchangePort';
import { WatchLoop, type LoopFailure, type LoopSurroundings } from './watchLoop';

export interface LiveUpstreamParts {
  readonly around: LoopSurroundings;
  readonly logger: Logger;
  readonly listener: (event: UpstreamEvent) => void;
  /** Finds the market and makes the handler of the channel; rejects while the exchange does not answer. */
  readonly prepare: (emit: (event: UpstreamEvent) => void) => Promise<ChannelHandler>;
  readonly onBadData: () => void;
  /** Ends the subscriptions at the exchange, where `isConnected` says that there is someone to tell. */
  readonly release: (upstream: LiveUpstream, sources: readonly HandledSource[]) => Promise<void>;
}

const refreshRetries = { baseMs: 500, capMs: 10_000 };

/** One open channel: its watch loops, the REST answer after every connect, and whether the connection is there. */
export class LiveUpstream implements Upstream {
  readonly #refreshBackoff: Backoff;
  #handler: ChannelHandler | null = null;
  #loops: readonly WatchLoop[] = [];
  #isClosed = false;
  #isLost = false;
  #wasConnected = false;
  #leaveGate = (): void => undefined;
  #refreshTimer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(private readonly parts: LiveUpstreamParts) {
    this.#refreshBackoff = new Backoff({ random: parts.around.random, limits: refreshRetries });
  }

  start(): void {
    this.parts
      .prepare((event) => {
        this.#emit(event);
      })
      .then(
        (handler) => {
          this.#begin(handler);
        },
        (error: unknown) => {
          this.#failToPrepare(error);
        },
      );
  }

  aliveAt(): EpochMs | null {
    if (this.#loops.length === 0) return null;
    const times = this.#loops.map((loop) => loop.aliveAt());
    return times.reduce((oldest, time) => (oldest === null || time === null ? null : Math.min(oldest, time)));
  }

  /** A connection of the exchange has opened; perhaps ours. */
  connected(url: string): void {
    if (this.#isClosed || !this.#loops.some((loop) => loop.url === url) || this.aliveAt() === null) return;
    // A lost connection that no pending call noticed: what was missed in between is missed all the same.
    if (!this.#isLost && this.#wasConnected) this.#lose(new Error('the connection was replaced'));
    const isReturn = this.#isLost && this.#wasConnected;
    const mustRefresh = this.#isLost;
    this.#isLost = false;
    this.#wasConnected = true;
    if (isReturn) this.#emit({ type: 'reconnected' });
    if (mustRefresh) this.#refresh();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#leaveGate();
    if (this.#refreshTimer !== null) clearTimeout(this.#refreshTimer);
    this.#handler?.stop();
    for (const loop of this.#loops) loop.stop();
    await this.parts.release(this, this.aliveAt() === null ? [] : (this.#handler?.sources ?? []));
  }

  #emit(event: UpstreamEvent): void {
    if (!this.#isClosed) this.parts.listener(event);
  }

  #begin(handler: ChannelHandler): void {
    if (this.#isClosed) return;
    this.#handler = handler;
    this.#loops = handler.sources.map((source) => {
      const onFailure = (failure: LoopFailure, error: unknown): void => {
        this.#fail(failure, error);
      };
      return new WatchLoop(this.parts.around, source, {
        onData: (data) => {
          source.onData(data);
        },
        onFailure,
      });
    });
    for (const loop of this.#loops) loop.start();
    this.#wasConnected = this.aliveAt() !== null;
    this.#refresh();
  }

  #failToPrepare(error: unknown): void {
    if (this.#isClosed) return;
    if (error instanceof AppError && error.code === 'MARKET_NOT_FOUND') {
      this.#emit({ type: 'refused', error });
      return;
    }
    this.#lose(error);
    this.parts.around.gate.failed();
    this.#leaveGate = this.parts.around.gate.pass(() => {
      this.start();
    });
  }

  #fail(failure: LoopFailure, error: unknown): void {
    if (failure === 'refused') {
      this.#emit({ type: 'refused', error: new AppError('MARKET_NOT_FOUND', { cause: error }) });
      return;
    }
    if (failure === 'badData') this.#noteBadData(error);
    if (failure === 'network') this.#lose(error);
    this.#handler?.failed(failure);
  }

  #noteBadData(error: unknown): void {
    this.parts.onBadData();
    const what =
      error instanceof BadMarketData ? 'exchange sent impossible data' : 'exchange sent a frame that cannot be read';
    this.parts.logger.warn({ err: error }, what);
  }

  #lose(error: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.parts.logger.warn({ reason: reasonOf(error) }, 'connection to the exchange is lost');
    this.#handler?.interrupted();
    this.#emit({ type: 'disconnected' });
  }

  /** Asks again until it succeeds, the connection is lost, or no one listens any more. */
  #refresh(): void {
    if (this.#refreshTimer !== null) clearTimeout(this.#refreshTimer);
    this.#refreshTimer = null;
    if (this.#isClosed || this.#isLost || this.#handler === null) return;
    this.#handler.refresh().then(
      () => {
        this.#refreshBackoff.reset();
      },
      (error: unknown) => {
        if (this.#isClosed) return;
        if (error instanceof BadMarketData) this.#noteBadData(error);
        else this.parts.logger.debug({ err: error }, 'exchange did not tell the current state');
        this.#refreshTimer ??= setTimeout(() => {
          this.#refresh();
        }, this.#refreshBackoff.nextMs());
      },
    );
  }
}

/** One line: the stack of a broken connection tells nothing, and every channel on it loses it at once. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
