import type { DecimalString } from './decimal';
import type { MarketId } from './market';
import type { EpochMs } from './marketData';

/** What the longs of a perpetual swap pay its shorts at the next funding. */
export interface FundingRate {
  readonly marketId: MarketId;
  /** As a fraction of the position's value; negative where the shorts pay. */
  readonly fundingRate: DecimalString;
  readonly nextFundingTime: EpochMs | null;
  readonly markPrice: DecimalString | null;
  readonly indexPrice: DecimalString | null;
}
