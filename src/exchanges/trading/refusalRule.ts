import type { RefusalCode } from '../tradingPort';

/** An answer of the exchange that excludes that it has the order. */
export interface RefusalRule {
  /** The exchange's own error code: one, or from the first to the last. */
  readonly codes: string | readonly [number, number];
  /** Only where its words are like this. */
  readonly message?: RegExp;
  readonly refusal: RefusalCode;
}
