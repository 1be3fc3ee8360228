import fc from 'fast-check';
import type { Bus, Topic } from '../../src/bus/bus';
import {
  candlesTopic,
  orderBookTopic,
  tickerTopic,
  tradesTopic,
  type FeedMessage,
  type StaleCause,
} from '../../src/bus/marketTopics';
import type { MarketId } from '../../src/domain/market';
import type { PublicTrade } from '../../src/domain/marketData';
import { makeBook, makeCandle, makeTicker, makeTrade } from './fakeExchange';
import { documentMarkets } from './streamDocuments';

/** Text that JSON, UTF-8 and JavaScript each write in another way. */
const unusualText = 'é \u2028 價 💹 \ud800 "\\\u0000';
const keptTrades = 100;

export interface BusStep {
  readonly channel: 'ticker' | 'orderBook' | 'trades' | 'M1' | 'M5';
  readonly marketId: MarketId;
  /** broken: data that the schema does not allow. */
  readonly kind: 'data' | 'restart' | 'stale' | 'broken' | 'refused';
  readonly cause: StaleCause;
  readonly value: number;
}

const step: fc.Arbitrary<BusStep> = fc.record({
  channel: fc.constantFrom('ticker', 'orderBook', 'trades', 'M1', 'M5'),
  marketId: fc.constantFrom(...(documentMarkets as readonly string[] as readonly MarketId[])),
  kind: fc.oneof(
    { weight: 60, arbitrary: fc.constant('data' as const) },
    { weight: 15, arbitrary: fc.constantFrom('restart' as const, 'stale' as const, 'broken' as const) },
    { weight: 1, arbitrary: fc.constant('refused' as const) },
  ),
  cause: fc.constantFrom('disconnected', 'silent', 'outOfSync'),
  value: fc.integer({ min: 1, max: 9 }),
});

/** Messages that come at once: a reader finds those after the first together. */
export const bursts: fc.Arbitrary<readonly BusStep[]> = fc.array(step, { minLength: 1, maxLength: 6 });

/** Every channel of every market has something to tell. */
export const openingBurst: readonly BusStep[] = documentMarkets.flatMap((marketId) =>
  (['ticker', 'orderBook', 'trades', 'M1', 'M5'] as const).map((channel): BusStep => {
    return { channel, marketId: marketId as MarketId, kind: 'data', cause: 'silent', value: 1 };
  }),
);

function topicOf({ channel, marketId }: Pick<BusStep, 'channel' | 'marketId'>): Topic<FeedMessage<unknown>> {
  switch (channel) {
    case 'ticker':
      return tickerTopic(marketId);
    case 'orderBook':
      return orderBookTopic(marketId);
    case 'trades':
      return tradesTopic(marketId);
    case 'M1':
    case 'M5':
      return candlesTopic(marketId, channel);
  }
}

/** Publishes as feeds do, about markets of which nothing is known in the beginning. */
export class MarketCourse {
  readonly #last = new Map<string, unknown>();
  readonly #trades = new Map<MarketId, readonly PublicTrade[]>();
  #count = 0;

  constructor(private readonly bus: Bus) {
    for (const one of openingBurst) bus.forget(topicOf(one));
  }

  publish(step: BusStep): void {
    this.#count += 1;
    const { kind, cause } = step;
    const topic = topicOf(step);
    if (kind === 'refused') {
      this.bus.publish(topic, { kind, code: 'MARKET_NOT_FOUND' });
    } else if (kind === 'stale') {
      this.bus.publish(topic, { kind, cause, since: 1, last: this.#last.get(topic.name) ?? null });
    } else {
      const { data, state } = this.#dataOf(step);
      const messageOf = (content: object): FeedMessage<unknown> => {
        return { kind: 'data', data: content, isRestart: kind === 'restart' };
      };
      this.#last.set(topic.name, state);
      this.bus.publish(topic, messageOf(data), () => messageOf(state));
    }
  }

  /** What is told, and what somebody who joins later is told in its place. */
  #dataOf(step: BusStep): { readonly data: object; readonly state: object } {
    if (step.channel === 'trades') return this.#trade(step);
    const { sound, broken } = this.#stateOf(step);
    const data = step.kind === 'broken' ? { ...sound, ...broken } : sound;
    return { data, state: data };
  }

  #stateOf({ channel, marketId, value }: BusStep): { readonly sound: object; readonly broken: object } {
    const symbol = marketId.replace('fake:', '');
    if (channel === 'ticker') {
      const broken = value < 5 ? { last: 5 } : { marketId: 5 };
      return { sound: makeTicker('fake', { symbol, last: String(value) }), broken };
    }
    if (channel === 'orderBook') {
      const bids = [3, 2, 1].map((price) => [String(price), String(1 + (value % (price + 1)))] as const);
      const nonce = `${this.#count} ${unusualText}`;
      // No two alike: an update that changes nothing but the nonce is not told.
      const asks = [['20', String(this.#count)]] as const;
      return { sound: makeBook('fake', { symbol, bids, asks, nonce }), broken: { nonce: {} } };
    }
    const candle = makeCandle(this.#count * 60_000, String(value));
    const sound = { marketId, timeframe: channel, candle, exchangeTime: null, receivedTime: 1 };
    return { sound, broken: { candle: { ...candle, close: null } } };
  }

  #trade({ marketId, value }: BusStep): { readonly data: object; readonly state: object } {
    const symbol = marketId.replace('fake:', '');
    const ids = Array.from({ length: value % 4 }, (_, index) => this.#count * 10 + index);
    const trades = ids.map((id) => makeTrade('fake', id, symbol));
    const latest = [...(this.#trades.get(marketId) ?? []), ...trades].slice(-keptTrades);
    this.#trades.set(marketId, latest);
    return { data: { trades, isComplete: value !== 9 }, state: { trades: latest, isComplete: true } };
  }
}
