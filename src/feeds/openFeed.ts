import type { Bus, Topic } from '../bus/bus';
import {
  candlesTopic,
  orderBookTopic,
  tickerTopic,
  tradesTopic,
  type FeedMessage,
  type MarketTopic,
} from '../bus/marketTopics';
import type { EpochMs } from '../domain/marketData';
import type { Channel, ExchangePort, UpstreamEvent } from '../exchanges/exchangePort';
import type { Metrics } from '../telemetry/metrics';
import { rememberLast, rememberTrades, type ChannelMemory } from './channelMemory';
import { Feed } from './feed';
import type { MarketHealth } from './marketHealth';

/** Trades of a market kept for queries and for readers who join. */
export const recentTradesKept = 1_000;

export interface OpenFeedParts {
  readonly bus: Bus;
  readonly exchange: ExchangePort;
  readonly market: MarketTopic;
  readonly health: MarketHealth;
  readonly metrics: Metrics;
  readonly clock: () => EpochMs;
}

/** A feed with its upstream, whatever it carries. */
export interface OpenFeed {
  check(now: EpochMs): void;
  /** Ends the upstream and forgets what was retained. Never rejects. */
  close(): Promise<void>;
}

/** Opens the upstream of a market's channel and publishes what it tells. */
export function openFeed(parts: OpenFeedParts): OpenFeed {
  const { market } = parts;
  const { marketId } = market;
  switch (market.kind) {
    case 'ticker': {
      const memory = rememberLast((event) => (event.type === 'ticker' ? event.ticker : null));
      return run(parts, { topic: tickerTopic(marketId), channel: { kind: 'ticker' }, memory });
    }
    case 'orderBook': {
      const memory = rememberLast((event) => (event.type === 'orderBook' ? event.book : null));
      return run(parts, { topic: orderBookTopic(marketId), channel: { kind: 'orderBook' }, memory });
    }
    case 'trades': {
      const memory = rememberTrades(recentTradesKept);
      return run(parts, { topic: tradesTopic(marketId), channel: { kind: 'trades' }, memory });
    }
    case 'candles': {
      const memory = rememberLast((event) => (event.type === 'candle' ? event.update : null));
      const channel = { kind: 'candles', timeframe: market.timeframe } as const;
      return run(parts, { topic: candlesTopic(marketId, market.timeframe), channel, memory });
    }
  }
}

interface Carried<Data> {
  readonly topic: Topic<FeedMessage<Data>>;
  readonly channel: Channel;
  readonly memory: ChannelMemory<Data>;
}

function run<Data>(parts: OpenFeedParts, { topic, channel, memory }: Carried<Data>): OpenFeed {
  const { bus, exchange, market, health, metrics, clock } = parts;
  const labels = { exchange: exchange.id, channel: channel.kind };
  let isOutOfSequence = false;
  const listener = (event: UpstreamEvent): void => {
    const data = memory.take(event);
    if (data !== null) {
      metrics.feedEvents.inc(labels);
      if (isOutOfSequence) health.counters(market.marketId).resyncs += 1;
      if (isOutOfSequence) metrics.feedResyncs.inc({ exchange: exchange.id });
      isOutOfSequence = false;
      feed.tell(data);
      return;
    }
    switch (event.type) {
      case 'disconnected':
        feed.disconnected();
        return;
      case 'reconnected':
        feed.reconnected();
        return;
      case 'gap':
        isOutOfSequence = true;
        metrics.feedGaps.inc({ exchange: exchange.id });
        feed.lostSequence();
        return;
      case 'refused':
        feed.refuse();
        return;
      case 'ticker':
      case 'orderBook':
      case 'trades':
      case 'candle':
        throw new Error(`the channel ${channel.kind} told a ${event.type}`);
    }
  };
  const upstream = exchange.watch({ symbol: market.symbol, channel, listener });
  const feed = new Feed({
    bus,
    topic,
    clock,
    counters: health.counters(market.marketId),
    upstream: () => upstream,
    memory,
  });
  const unregister = health.register(market.marketId, () => feed.vitals());
  metrics.feedsOpen.inc(labels);
  return {
    check: (now) => {
      feed.check(now);
    },
    close: async () => {
      unregister();
      metrics.feedsOpen.dec(labels);
      bus.forget(topic);
      await upstream.close();
    },
  };
}
