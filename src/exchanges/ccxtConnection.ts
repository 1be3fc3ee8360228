import type { EpochMs } from '../domain/marketData';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import type { CcxtExchange, CcxtModule } from './ccxtTypes';
import { ConnectionTap } from './connectionTap';
import type { ExchangeDifferences, WatchSource } from './exchangeDifferences';
import type { ExchangeSettings } from './exchangeSettings';
import { createCcxtExchange, type AccountAccess } from './createCcxtExchange';
import { loadCcxt } from './loadCcxt';
import { ReconnectGate } from './reconnectGate';
import { RestAccess } from './restAccess';
import type { LoopSurroundings } from './watchLoop';
import { within } from './within';

export interface CcxtConnectionParts {
  readonly settings: ExchangeSettings;
  readonly differences: ExchangeDifferences;
  readonly clock: () => EpochMs;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly onConnected: (url: string) => void;
  /** Signs its calls with these keys. */
  readonly account?: AccountAccess;
}

const reconnectLimits = { baseMs: 250, capMs: 10_000 };

/** How long an exchange may take to confirm an ending before we go on without it. */
const endingTimeoutMs = 2_000;

/** One ccxt object with all its sockets: made on first use, hung up while no one listens. */
export class CcxtConnection {
  readonly rest: RestAccess;
  readonly surroundings: LoopSurroundings;
  readonly #seenUrls = new Set<string>();
  #ccxt: CcxtModule | null = null;
  #exchange: CcxtExchange | null = null;
  #making: Promise<CcxtExchange> | null = null;

  constructor(private readonly parts: CcxtConnectionParts) {
    const { random, clock } = parts;
    this.rest = new RestAccess({ ccxt: () => this.#module(), clock });
    const gate = new ReconnectGate({ random, limits: reconnectLimits });
    const tap = new ConnectionTap({
      clock,
      onConnected: (url) => {
        this.#noteConnected(url);
      },
      onRateLimited: (retryAfterMs) => {
        this.rest.pause(retryAfterMs);
        gate.failed(this.rest.pauseMs);
      },
      onSendFailed: (url, error) => {
        this.#debug({ url, err: error }, 'a subscription could not be sent');
      },
      onLog: (lines) => {
        this.#debug({ lines: lines.map(String) }, 'ccxt says');
      },
    });
    const module = (): CcxtModule => this.#module();
    this.surroundings = {
      get ccxt() {
        return module();
      },
      tap,
      gate,
      random,
      clients: () => this.#exchange?.clients ?? {},
    };
  }

  exchange(): Promise<CcxtExchange> {
    this.#making ??= this.#make();
    return this.#making;
  }

  countBadData(channel: string): void {
    this.parts.metrics.badMarketData.inc({ exchange: this.parts.settings.id, channel });
  }

  /** Ends subscriptions over connections that go on serving others. Never rejects. */
  async unsubscribe(sources: readonly WatchSource[]): Promise<void> {
    for (const client of Object.values(this.#exchange?.clients ?? {})) {
      // ccxt keeps the mark of an earlier ending of the same channel, and then sends no second one.
      for (const hash of Object.keys(client.subscriptions)) {
        if (hash.startsWith('unsubscribe')) Reflect.deleteProperty(client.subscriptions, hash);
      }
    }
    await Promise.all(sources.map((source) => this.#end(() => source.unwatch())));
  }

  /** Closes every socket; the next watch call dials again. Never rejects. */
  async hangUp(): Promise<void> {
    const exchange = this.#exchange;
    if (exchange === null) return;
    const clients = Object.values(exchange.clients);
    // ccxt rejects what is still waited for; where nobody waits any more, that would end the process.
    for (const { connected, futures } of clients)
      for (const waiting of [connected, ...Object.values(futures)]) Promise.resolve(waiting).catch(() => undefined);
    await this.#end(() => exchange.close());
    // A peer that does not answer the closing handshake would keep its socket for half a minute.
    for (const client of clients) client.connection?.terminate();
  }

  async destroy(): Promise<void> {
    this.surroundings.gate.close();
    await this.hangUp();
    await this.#end(async () => this.#exchange?.fetchDispatcher?.destroy());
  }

  async #end(call: () => Promise<unknown>): Promise<void> {
    try {
      await within(call(), endingTimeoutMs);
    } catch (error) {
      this.#debug({ err: error }, 'an ending was not confirmed');
    }
  }

  async #make(): Promise<CcxtExchange> {
    const { settings, differences, account } = this.parts;
    const { tap } = this.surroundings;
    const exchange = createCcxtExchange({ ccxt: this.#module(), settings, differences, tap, account });
    // ccxt refuses `ws://` addresses until this was called.
    await exchange.loadHttpProxyAgent();
    this.#exchange = exchange;
    return exchange;
  }

  #module(): CcxtModule {
    this.#ccxt ??= loadCcxt();
    return this.#ccxt;
  }

  #noteConnected(url: string): void {
    const exchange = this.parts.settings.id;
    if (this.#seenUrls.has(url)) this.parts.metrics.feedReconnects.inc({ exchange });
    this.#seenUrls.add(url);
    this.parts.onConnected(url);
  }

  #debug(facts: object, message: string): void {
    this.parts.logger.debug({ ...facts, exchange: this.parts.settings.id }, message);
  }
}
