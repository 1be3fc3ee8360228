import { OrderRefused, type RefusalReason } from '../../engine/accounts/orderRefused';
import { BinanceError } from '../binanceError';

const filterFailure = -1013;
const orderRejected = -2010;

/** Binance's code and words for each reason. Source: Binance spot API, error codes and filter failures. */
const refusals: Readonly<Record<RefusalReason, readonly [number, string]>> = {
  PRICE_FILTER: [filterFailure, 'Filter failure: PRICE_FILTER'],
  PERCENT_PRICE_BY_SIDE: [filterFailure, 'Filter failure: PERCENT_PRICE_BY_SIDE'],
  LOT_SIZE: [filterFailure, 'Filter failure: LOT_SIZE'],
  MARKET_LOT_SIZE: [filterFailure, 'Filter failure: MARKET_LOT_SIZE'],
  TRAILING_DELTA: [filterFailure, 'Filter failure: TRAILING_DELTA'],
  NOTIONAL: [filterFailure, 'Filter failure: NOTIONAL'],
  MAX_NUM_ORDERS: [filterFailure, 'Filter failure: MAX_NUM_ORDERS'],
  MAX_NUM_ALGO_ORDERS: [filterFailure, 'Filter failure: MAX_NUM_ALGO_ORDERS'],
  DUPLICATE_CLIENT_ID: [orderRejected, 'Duplicate order sent.'],
  WOULD_TAKE: [orderRejected, 'Order would immediately match and take.'],
  WOULD_TRIGGER: [orderRejected, 'Stop price would trigger immediately.'],
  INSUFFICIENT_BALANCE: [orderRejected, 'Account has insufficient balance for requested action.'],
};

/** Runs what may refuse an order and says it in Binance's words. */
export function inBinanceWords<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof OrderRefused)) throw error;
    const [code, message] = refusals[error.reason];
    throw new BinanceError(code, message);
  }
}
