import type { ErrorCode } from '../errors/catalogue';
import { parseMarketId, type MarketId } from '../domain/market';
import {
  timeframes,
  type CandleUpdate,
  type EpochMs,
  type OrderBook,
  type PublicTrade,
  type Ticker,
  type Timeframe,
} from '../domain/marketData';
import type { Topic } from './bus';

export type StaleCause = 'disconnected' | 'silent' | 'outOfSync';

/** What is published about one channel of one market. */
export type FeedMessage<Data> =
  /** isRestart: whole state that does not continue what came before (the first, or the first after STALE). */
  | { readonly kind: 'data'; readonly data: Data; readonly isRestart: boolean }
  /** The source is silent since `since`; `last` is what was last known, if anything. */
  | { readonly kind: 'stale'; readonly cause: StaleCause; readonly since: EpochMs; readonly last: Data | null }
  /** Nothing will ever come. */
  | { readonly kind: 'refused'; readonly code: ErrorCode };

export interface TradeBatch {
  /** In order, each once. Retained: the latest of the market. */
  readonly trades: readonly PublicTrade[];
  /** False where trades between the last batch and this one are lost. */
  readonly isComplete: boolean;
}

export type TickerMessage = FeedMessage<Ticker>;
export type OrderBookMessage = FeedMessage<OrderBook>;
export type TradeMessage = FeedMessage<TradeBatch>;
export type CandleMessage = FeedMessage<CandleUpdate>;

export const tickerTopic = (id: MarketId): Topic<TickerMessage> => ({ name: `ticker:${id}` });
export const orderBookTopic = (id: MarketId): Topic<OrderBookMessage> => ({ name: `orderBook:${id}` });
export const tradesTopic = (id: MarketId): Topic<TradeMessage> => ({ name: `trades:${id}` });
export const candlesTopic = (id: MarketId, timeframe: Timeframe): Topic<CandleMessage> => ({
  name: `candles-${timeframe}:${id}`,
});

export type MarketTopic = { readonly marketId: MarketId; readonly exchange: string; readonly symbol: string } & (
  { readonly kind: 'ticker' | 'orderBook' | 'trades' } | { readonly kind: 'candles'; readonly timeframe: Timeframe }
);

/** Which channel of which market a topic stands for; null where it is none of these. */
export function parseMarketTopic(name: string): MarketTopic | null {
  const colon = name.indexOf(':');
  const market = parseMarketId(name.slice(colon + 1));
  if (colon === -1 || market === null) return null;
  const { id: marketId, exchange, symbol } = market;
  const head = name.slice(0, colon);
  if (head === 'ticker' || head === 'orderBook' || head === 'trades') return { kind: head, marketId, exchange, symbol };
  const timeframe = timeframes.find((candidate) => head === `candles-${candidate}`);
  return timeframe === undefined ? null : { kind: 'candles', timeframe, marketId, exchange, symbol };
}
