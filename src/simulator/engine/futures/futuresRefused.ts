/** Why the futures exchange does not take an order. */
export type FuturesRefusal =
  | 'PRICE_FILTER'
  | 'PERCENT_PRICE_ABOVE'
  | 'PERCENT_PRICE_BELOW'
  | 'LOT_SIZE'
  | 'TOO_LARGE'
  | 'TOO_SMALL'
  | 'MIN_NOTIONAL'
  | 'TOO_MANY_ORDERS'
  | 'TOO_MANY_CONDITIONS'
  | 'DUPLICATE_CLIENT_ID'
  | 'WRONG_POSITION_SIDE'
  | 'REDUCE_ONLY'
  | 'WOULD_TAKE'
  | 'WOULD_TRIGGER'
  | 'NO_LIQUIDITY'
  | 'INSUFFICIENT_MARGIN'
  | 'CALLBACK_RATE'
  | 'BRACKET';

/** The order was refused and has left no trace. */
export class FuturesRefused extends Error {
  constructor(readonly reason: FuturesRefusal) {
    super(reason);
    this.name = 'FuturesRefused';
  }
}
