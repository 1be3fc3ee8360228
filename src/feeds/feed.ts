import type { Bus, Topic } from '../bus/bus';
import type { FeedMessage, StaleCause } from '../bus/marketTopics';
import type { EpochMs } from '../domain/marketData';
import type { Upstream } from '../exchanges/exchangePort';
import type { FeedCounters, FeedVitals } from './marketHealth';

/** A source that is not proven alive for longer than this is stale. */
export const silenceLimitMs = 2_000;

export interface FeedParts<Data> {
  readonly bus: Bus;
  readonly topic: Topic<FeedMessage<Data>>;
  readonly clock: () => EpochMs;
  readonly counters: FeedCounters;
  readonly upstream: () => Upstream;
  readonly memory: FeedMemory<Data>;
}

/** What a feed remembers of its channel. */
export interface FeedMemory<Data> {
  /** What a reader who joins now begins with; null where nothing is known. */
  current(): Data | null;
  /** The same for readers who were there all the time: what they need when the source goes on with nothing lost. */
  resume(): Data | null;
}

/**
 * The state of one channel of one market as its readers may know it:
 * waiting → live ⇄ stale, or refused. Publishes each change.
 */
export class Feed<Data> {
  #state: 'waiting' | 'live' | 'stale' | 'refused' = 'waiting';
  #lastEventAt: EpochMs | null = null;
  #lastAliveAt: EpochMs;
  /** Since when there is no trustworthy state; null while there is. */
  #withoutStateSince: EpochMs | null;

  constructor(private readonly parts: FeedParts<Data>) {
    this.#lastAliveAt = parts.clock();
    this.#withoutStateSince = this.#lastAliveAt;
  }

  vitals(): FeedVitals {
    return {
      lastEventAt: this.#lastEventAt,
      aliveAt: this.#aliveAt(),
      isStale: this.#state === 'stale',
      isRefused: this.#state === 'refused',
    };
  }

  tell(data: Data): void {
    this.#lastEventAt = this.parts.clock();
    this.#withoutStateSince = null;
    this.#publish(data);
  }

  disconnected(): void {
    this.#withoutStateSince ??= this.parts.clock();
    this.#goStale('disconnected');
  }

  reconnected(): void {
    this.parts.counters.reconnects += 1;
  }

  /** The state is lost; readers keep the last good one for a moment, in which it usually returns. */
  lostSequence(): void {
    this.parts.counters.gaps += 1;
    this.#withoutStateSince ??= this.parts.clock();
  }

  refuse(): void {
    this.#state = 'refused';
    this.parts.bus.publish(this.parts.topic, { kind: 'refused', code: 'MARKET_NOT_FOUND' });
  }

  /** Looks whether the source still lives. */
  check(now: EpochMs): void {
    if (this.#state === 'refused') return;
    const aliveAt = this.#aliveAt() ?? this.#lastAliveAt;
    this.#lastAliveAt = aliveAt;
    if (now - aliveAt > silenceLimitMs) this.#goStale('silent');
    else if (this.#withoutStateSince !== null) {
      if (now - this.#withoutStateSince > silenceLimitMs) this.#goStale('outOfSync');
    } else if (this.#state === 'stale') this.#goOn();
  }

  #aliveAt(): EpochMs | null {
    return this.parts.upstream().aliveAt();
  }

  #goStale(cause: StaleCause): void {
    if (this.#state === 'stale') return;
    this.#state = 'stale';
    const last = this.parts.memory.current();
    this.parts.bus.publish(this.parts.topic, { kind: 'stale', cause, since: this.#lastAliveAt, last });
  }

  /** The connection was silent and lives again, with nothing lost: what was known is still the state. */
  #goOn(): void {
    const data = this.parts.memory.resume();
    if (data !== null) this.#publish(data);
  }

  #publish(data: Data): void {
    const { bus, topic, memory } = this.parts;
    const isRestart = this.#state !== 'live';
    this.#state = 'live';
    const retain = (): FeedMessage<Data> => ({ kind: 'data', data: memory.current() ?? data, isRestart: true });
    bus.publish(topic, { kind: 'data', data, isRestart }, retain);
  }
}
