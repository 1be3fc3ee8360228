import { OrderRefused, type RefusalReason } from '../../engine/accounts/orderRefused';
import { MexcError } from '../mexcError';

/**
 * MEXC's code and words for each reason. What it says of a client order id that is used already, and of a LIMIT_MAKER that would
 * take, is not documented; conditions do not come here. Source: MEXC spot v3, error codes; ccxt js/src/mexc.js, `exceptions`.
 */
const refusals: Readonly<Record<RefusalReason, readonly [number, string]>> = {
  PRICE_FILTER: [30_010, 'no valid trade price'],
  PERCENT_PRICE_BY_SIDE: [30_087, 'Order price exceeds allowed range'],
  LOT_SIZE: [10_096, 'amount decimal places is too long'],
  MARKET_LOT_SIZE: [30_003, 'The maximum transaction volume cannot be greater than'],
  NOTIONAL: [30_002, 'The minimum transaction volume cannot be less than'],
  MAX_NUM_ORDERS: [30_029, 'Cannot exceed the maximum order limit'],
  DUPLICATE_CLIENT_ID: [730_002, 'Parameter error'],
  WOULD_TAKE: [30_041, 'current order type can not place order'],
  INSUFFICIENT_BALANCE: [30_004, 'Insufficient position'],
  TRAILING_DELTA: [30_041, 'current order type can not place order'],
  MAX_NUM_ALGO_ORDERS: [30_041, 'current order type can not place order'],
  WOULD_TRIGGER: [30_041, 'current order type can not place order'],
};

/** Runs what may refuse an order and says it in MEXC's words. */
export function inMexcWords<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof OrderRefused)) throw error;
    throw new MexcError(...refusals[error.reason]);
  }
}
