import { FuturesRefused, type FuturesRefusal } from '../../engine/futures/futuresRefused';
import { BinanceError } from '../binanceError';

/** Binance's code and words for each reason. Source: Binance USD-M API, error codes. */
const refusals: Readonly<Record<FuturesRefusal, readonly [number, string]>> = {
  PRICE_FILTER: [-4014, 'Price not increased by tick size.'],
  PERCENT_PRICE_ABOVE: [-4016, "Limit price can't be higher than the price limit."],
  PERCENT_PRICE_BELOW: [-4024, "Limit price can't be lower than the price limit."],
  LOT_SIZE: [-1111, 'Precision is over the maximum defined for this asset.'],
  TOO_LARGE: [-4005, 'Quantity greater than max quantity.'],
  TOO_SMALL: [-4003, 'Quantity less than or equal to zero.'],
  MIN_NOTIONAL: [-4164, "Order's notional must be no smaller than the minimum (unless you choose reduce only)."],
  TOO_MANY_ORDERS: [-2025, 'Reach max open order limit.'],
  TOO_MANY_CONDITIONS: [-4045, 'Reach max stop order limit.'],
  DUPLICATE_CLIENT_ID: [-4116, 'ClientOrderId is duplicated.'],
  WRONG_POSITION_SIDE: [-4061, "Order's position side does not match user's setting."],
  REDUCE_ONLY: [-2022, 'ReduceOnly Order is rejected.'],
  WOULD_TAKE: [
    -5022,
    'Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history',
  ],
  WOULD_TRIGGER: [-2021, 'Order would immediately trigger.'],
  NO_LIQUIDITY: [-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit."],
  INSUFFICIENT_MARGIN: [-2019, 'Margin is insufficient.'],
  CALLBACK_RATE: [-2007, 'Invalid callBack rate.'],
  BRACKET: [-2027, 'Exceeded the maximum allowable position at current leverage.'],
};

/** Runs what may refuse an order and says it in Binance's words. */
export function inUsdmWords<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof FuturesRefused)) throw error;
    const [code, message] = refusals[error.reason];
    throw new BinanceError(code, message);
  }
}
