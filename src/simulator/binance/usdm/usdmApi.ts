import type { EpochMs } from '../../../domain/marketData';
import type { FuturesHouse, Funding } from '../../engine/futures/futuresHouse';
import type { SimulatedMarket } from '../../engine/simulatedMarket';
import type { Venue } from '../../engine/venue';

/** What the open part of the USD-M protocol tells of. */
export interface UsdmMarkets {
  readonly venue: Venue;
  /** The price of the spot market of the same name. */
  readonly indexPrice: (symbol: string) => string;
  readonly markPrice: (symbol: string) => string;
  /** All that have taken place, oldest first. */
  readonly fundings: () => readonly Funding[];
  readonly nextFundingAt: () => EpochMs;
}

/** What its signed part works on. */
export interface UsdmApi {
  readonly venue: Venue & { readonly markets: ReadonlyMap<string, SimulatedMarket> };
  readonly house: FuturesHouse;
}
