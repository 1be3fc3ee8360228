import { isLimit, isStop, orderTypes, type OrderRequest, type OrderType } from '../../engine/accounts/accountOrder';
import { BinanceError } from '../binanceError';
import type { Parameters } from '../parameters';

const clientIdRange = String.raw`^[\.A-Z\:/a-z0-9_-]{1,36}$`;
const decimalRange = String.raw`^([0-9]{1,20})(\.[0-9]{1,20})?$`;
const maxDecimals = 8;
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
  assertGiven(isStop(type), 'stopPrice', stopPrice);
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
    clientOrderId: readClientOrderId(parameters, 'newClientOrderId'),
  };
}

export function readClientOrderId(parameters: Parameters, name: string): string | null {
  const value = parameters.text(name);
  if (value !== null && !new RegExp(clientIdRange).test(value)) throw BinanceError.illegal(name, clientIdRange);
  return value;
}

/** Types whose answer tells everything unless the client asks for less. */
export function answersFully(type: OrderType): boolean {
  return type === 'LIMIT' || type === 'MARKET';
}

function decimal(parameters: Parameters, name: string): string | null {
  const value = parameters.text(name);
  if (value === null) return null;
  if (!new RegExp(decimalRange).test(value)) throw BinanceError.illegal(name, decimalRange);
  if ((value.split('.')[1] ?? '').replace(/0+$/, '').length > maxDecimals) {
    throw new BinanceError(-1111, `Parameter '${name}' has too much precision.`);
  }
  return value;
}

function assertGiven(isNeeded: boolean, name: string, value: string | null): void {
  if (isNeeded && value === null) throw BinanceError.missing(name);
  if (!isNeeded && value !== null) throw new BinanceError(-1106, `Parameter '${name}' sent when not required.`);
}

function oneOf<T extends string>(values: readonly T[], text: string, refusal: () => BinanceError): T {
  const found = values.find((value) => value === text);
  if (found === undefined) throw refusal();
  return found;
}
