import type { TradeBatch } from '../bus/marketTopics';
import type { UpstreamEvent } from '../exchanges/exchangePort';
import type { FeedMemory } from './feed';
import { RecentTrades } from './recentTrades';

/** Takes from an upstream's events those of one channel, and remembers. */
export interface ChannelMemory<Data> extends FeedMemory<Data> {
  /** The event as it is to be published; null where it is not of this channel. */
  take(event: UpstreamEvent): Data | null;
}

/** For channels whose every event is the whole state: remembers the last one. */
export function rememberLast<Data>(pick: (event: UpstreamEvent) => Data | null): ChannelMemory<Data> {
  let last: Data | null = null;
  const current = (): Data | null => last;
  return {
    take: (event) => {
      const data = pick(event);
      if (data !== null) last = data;
      return data;
    },
    current,
    resume: current,
  };
}

/** For trades, where every event adds to the state: remembers the latest. capacity: trades. */
export function rememberTrades(capacity: number): ChannelMemory<TradeBatch> {
  const recent = new RecentTrades(capacity);
  return {
    take: (event) => {
      if (event.type !== 'trades') return null;
      recent.add(event.trades);
      return { trades: event.trades, isComplete: event.isComplete };
    },
    current: () => ({ trades: recent.latest(), isComplete: true }),
    resume: () => ({ trades: [], isComplete: true }),
  };
}
