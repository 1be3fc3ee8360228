import type { FundingRate } from '../domain/fundingRate';
import type { MarketId } from '../domain/market';
import { optional, readDecimal, readPrice, readRecord, readTime } from './readNumbers';

/** Reads ccxt's funding rate structure. Throws BadMarketData. */
export function readFundingRate(value: unknown, marketId: MarketId): FundingRate {
  const raw = readRecord(value, 'funding rate');
  return {
    marketId,
    fundingRate: readDecimal(raw.fundingRate, 'funding rate'),
    nextFundingTime: optional(raw.nextFundingTimestamp ?? raw.fundingTimestamp, (time) => readTime(time)),
    markPrice: optional(raw.markPrice, (price) => readPrice(price, 'mark price')),
    indexPrice: optional(raw.indexPrice, (price) => readPrice(price, 'index price')),
  };
}
