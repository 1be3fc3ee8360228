/** Why the exchange does not take an order. Each protocol has codes and words of its own for them. */
export type RefusalReason =
  | 'PRICE_FILTER'
  | 'PERCENT_PRICE_BY_SIDE'
  | 'LOT_SIZE'
  | 'MARKET_LOT_SIZE'
  | 'NOTIONAL'
  | 'TRAILING_DELTA'
  | 'MAX_NUM_ORDERS'
  | 'MAX_NUM_ALGO_ORDERS'
  | 'DUPLICATE_CLIENT_ID'
  | 'WOULD_TAKE'
  | 'WOULD_TRIGGER'
  | 'INSUFFICIENT_BALANCE';

/** The order was refused and has left no trace. */
export class OrderRefused extends Error {
  constructor(readonly reason: RefusalReason) {
    super(reason);
    this.name = 'OrderRefused';
  }
}
