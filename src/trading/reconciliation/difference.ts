import type { OrderRecord } from '../../storage/trading/records';

/** Something in which the account and its exchange differ. */
export interface Difference {
  /** The same for as long as it stays the same difference, whatever else moves in between. */
  readonly key: string;
  /** For people. */
  readonly text: string;
}

/** The exchange stopped listing it: what becomes of the order can be neither asked nor sent. */
export function unlistedMarket(marketId: string): Difference {
  return { key: `market ${marketId}`, text: `${marketId} is not listed by the exchange any more` };
}

/** Ours by every record here, and nothing there. It stays open here until somebody has looked. */
export function orderGone({ id, phase }: OrderRecord): Difference {
  return { key: `order ${id}`, text: `order ${id} is ${phase} here, and unknown to the exchange` };
}
