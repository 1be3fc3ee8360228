import type { DecimalString } from './decimal';
import type { OrderType } from './orders';

/** Bounds are inclusive; null where the exchange sets none (Binance writes it as 0). */
export interface ValueRange {
  readonly min: DecimalString | null;
  readonly max: DecimalString | null;
  /** Values are whole multiples of it. */
  readonly step: DecimalString | null;
}

/** Which price stands for the market's: the average of the last minutes, the last trade, or a swap's mark price. */
export type ReferencePrice =
  { readonly kind: 'AVERAGE'; readonly minutes: number } | { readonly kind: 'LAST' } | { readonly kind: 'MARK' };

/** Bounds of price × amount, in quote units. Orders without a limit are measured at the reference price. */
export interface CostRule {
  readonly min: DecimalString | null;
  readonly max: DecimalString | null;
  readonly doesMinApplyToMarket: boolean;
  readonly doesMaxApplyToMarket: boolean;
  /** Binance's futures let a reduce-only order close what is smaller. */
  readonly isReduceOnlyExempt: boolean;
  readonly reference: ReferencePrice;
}

/** Multiples of the reference price between which a limit must lie; null where that end is open. */
export interface PriceBand {
  readonly down: DecimalString | null;
  readonly up: DecimalString | null;
}

/** What an exchange asks of an order in one market, whatever the account. Binance's names in brackets. */
export interface MarketRules {
  readonly orderTypes: readonly OrderType[];
  /** Of limits and triggers, in quote units [PRICE_FILTER]. */
  readonly price: ValueRange;
  /** Base units [LOT_SIZE]. */
  readonly amount: ValueRange;
  /** Of orders without a limit, beside `amount` [MARKET_LOT_SIZE]. */
  readonly marketAmount: ValueRange;
  /** [MIN_NOTIONAL, NOTIONAL] */
  readonly cost: CostRule;
  /** [PERCENT_PRICE, PERCENT_PRICE_BY_SIDE] */
  readonly priceBands: { readonly buy: PriceBand; readonly sell: PriceBand; readonly reference: ReferencePrice } | null;
  /** How far a trailing stop may trail, as a fraction: above the price where it buys, below where it sells [TRAILING_DELTA]. */
  readonly trailingDelta: { readonly above: ValueRange; readonly below: ValueRange };
  /** Of one account in this market, stops included [MAX_NUM_ORDERS]. */
  readonly maxOpenOrders: number | null;
  /** Of those, the stops, take profits and trailing stops [MAX_NUM_ALGO_ORDERS]. */
  readonly maxOpenAlgoOrders: number | null;
}
