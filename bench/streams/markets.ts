import { toMarketId, type MarketId } from '../../src/domain/market';

/** Names of one length, so that every market's frames are as long. */
export function marketIdOf(market: number): MarketId {
  return toMarketId('simulator', `M${String(market).padStart(2, '0')}/USDT`);
}
