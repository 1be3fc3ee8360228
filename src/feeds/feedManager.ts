import { interestTopic, type Bus, type Interest } from '../bus/bus';
import { parseMarketTopic } from '../bus/marketTopics';
import type { EpochMs, FeedHealth } from '../domain/marketData';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import type { ExchangeRegistry } from '../exchanges/exchangeRegistry';
import { MarketHealth } from './marketHealth';
import { openFeed, type OpenFeed } from './openFeed';

/** How long an upstream outlives its last reader: a page that reloads must not cost a new subscription. */
export const graceMs = 1_000;

const checkEveryMs = 250;

/** A check that comes this late was held up by our own process, as was every sign of life. It proves nothing. */
const lateCheckMs = 750;

interface Running {
  readonly feed: OpenFeed;
  grace: NodeJS.Timeout | null;
}

export interface FeedManagerParts {
  readonly bus: Bus;
  readonly exchanges: ExchangeRegistry;
  readonly clock: () => EpochMs;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly runner: BackgroundRunner;
}

/** Starts an upstream with the first listener of a topic on the bus, shares it, and stops it with the last. */
export class FeedManager {
  readonly #health = new MarketHealth();
  readonly #running = new Map<string, Running>();
  #unsubscribe: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #checkedAt = 0;

  constructor(private readonly parts: FeedManagerParts) {}

  start(): void {
    this.#unsubscribe = this.parts.bus.subscribe(interestTopic, (interest) => {
      this.#follow(interest);
    });
    for (const interest of this.parts.bus.interests()) this.#follow(interest);
  }

  /** Ends every upstream. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    const topics = [...this.#running.keys()];
    await Promise.all(topics.map((topic) => this.#close(topic)));
  }

  health(marketId: string): FeedHealth {
    return this.#health.read(marketId);
  }

  #follow({ topic, listeners }: Interest): void {
    const running = this.#running.get(topic);
    if (listeners === 0) {
      if (running !== undefined)
        running.grace ??= setTimeout(() => {
          this.#end(topic);
        }, graceMs);
      return;
    }
    if (running === undefined) {
      this.#open(topic);
      return;
    }
    if (running.grace !== null) clearTimeout(running.grace);
    running.grace = null;
  }

  #open(topic: string): void {
    const market = parseMarketTopic(topic);
    const exchange = market === null ? null : this.parts.exchanges.find(market.exchange);
    // Readers are checked before they subscribe; another room's topics are not ours.
    if (market === null || exchange === null) return;
    const feed = openFeed({ ...this.parts, exchange, market, health: this.#health });
    this.#running.set(topic, { feed, grace: null });
    this.parts.logger.info({ topic }, 'upstream opened');
    if (this.#timer !== null) return;
    this.#checkedAt = this.parts.clock();
    this.#timer = setInterval(() => {
      this.#check();
    }, checkEveryMs);
  }

  #end(topic: string): void {
    this.parts.runner.run('close-upstream', () => this.#close(topic));
  }

  async #close(topic: string): Promise<void> {
    const running = this.#running.get(topic);
    if (running === undefined) return;
    if (running.grace !== null) clearTimeout(running.grace);
    this.#running.delete(topic);
    if (this.#running.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    await running.feed.close();
    this.parts.logger.info({ topic }, 'upstream closed');
  }

  #check(): void {
    const now = this.parts.clock();
    const isLate = now - this.#checkedAt > checkEveryMs + lateCheckMs;
    this.#checkedAt = now;
    if (isLate) return;
    for (const { feed } of this.#running.values()) feed.check(now);
  }
}
