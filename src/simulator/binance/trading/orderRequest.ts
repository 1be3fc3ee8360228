import { isLimit, isStop, orderTypes, type OrderRequest, type OrderType } from '../../engine/accounts/accountOrder';
import { BinanceError } from '../binanceError';
import type { Parameters } from '../parameters';
import { assertGiven, decimal, oneOf, readClientOrderId } from '../readers';

const sides = ['BUY', 'SELL'] as const;
const timesInForce = ['GTC', 'IOC', 'FOK'] as const;

/** Reads a new order. Throws -1102, -1106, -1111, -1115, -1116, -1117, -1100 or -1128, as the exchange would. */
export function readOrderRequest(parameters: Parameters): OrderRequest {
  const side = oneOf(sides, parameters.requiredText('side'), () => new BinanceError(-1117, 'Invalid side.'));
  const type = oneOf(orderTypes, parameters.requiredText('type'), () => new BinanceError(-1116, 'Invalid orderType.'));
  const price = decimal(parameters, 'price');
  const amount = decimal(parameters, 'quantity');
  const cost = decimal(parameters, 'quoteOrderQty');
  const stopPrice = decimal(parameters, 'stopPrice');
  const timeInForce = parameters.text('timeInForce');
  assertGiven(isLimit(type), 'price', price);
  const trailingBips = parameters.integer('trailingDelta');
  if (!isStop(type)) assertGiven(false, 'trailingDelta', parameters.text('trailingDelta'));
  // A trailing stop without a stop price follows from the start.
  if (trailingBips === null || !isStop(type)) assertGiven(isStop(type), 'stopPrice', stopPrice);
  assertGiven(isLimit(type) && type !== 'LIMIT_MAKER', 'timeInForce', timeInForce);
  if (type === 'MARKET') {
    if ((amount === null) === (cost === null)) {
      throw amount === null
        ? BinanceError.missing('quantity')
        : new BinanceError(-1128, 'Combination of optional parameters invalid.');
    }
  } else {
    assertGiven(true, 'quantity', amount);
    assertGiven(false, 'quoteOrderQty', cost);
  }
  const invalidTime = (): BinanceError => new BinanceError(-1115, 'Invalid timeInForce.');
  return {
    side,
    type,
    timeInForce: timeInForce === null ? 'GTC' : oneOf(timesInForce, timeInForce, invalidTime),
    price,
    amount,
    cost,
    stopPrice,
    trailingBips,
    clientOrderId: readClientOrderId(parameters, 'newClientOrderId'),
  };
}

/** Types whose answer tells everything unless the client asks for less. */
export function answersFully(type: OrderType): boolean {
  return type === 'LIMIT' || type === 'MARKET';
}
