import { toMarketId, type MarketId } from '../../src/domain/market';

/** Names of one length, so that every market's frames are as long. */
export function marketIdOf(market: number): MarketId {
  return toMarketId('simulator', `M${String(market).padStart(2, '0')}/USDT`);
}

/** The newest price is asked for last: the client finds the sequence at a fixed distance from the end of a frame. */
export const tickersDocument =
  'subscription ($m: [MarketId!]!) { tickers(markets: $m) { meta { kind seq at } tickers { marketId bid ask receivedTime last } } }';
