import type { AlgoRequest } from '../../engine/futures/algoDesk';
import { conditionalTypes, type FuturesRequest } from '../../engine/futures/futuresOrder';
import { BinanceError } from '../binanceError';
import type { Parameters } from '../parameters';
import { assertGiven, decimal, oneOf, readClientOrderId } from '../readers';

const sides = ['BUY', 'SELL'] as const;
const positionSides = ['BOTH', 'LONG', 'SHORT'] as const;
const timesInForce = ['GTC', 'IOC', 'FOK', 'GTX'] as const;
const plainTypes = ['LIMIT', 'MARKET'] as const;
const workingTypes = ['CONTRACT_PRICE', 'MARK_PRICE'] as const;

/** Reads an order that goes to the book at once. Throws -4120 for a type that waits for a price, and what spot throws. */
export function readUsdmOrder(parameters: Parameters): FuturesRequest {
  const text = parameters.requiredText('type');
  if (conditionalTypes.some((type) => type === text)) {
    const message = 'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.';
    throw new BinanceError(-4120, message);
  }
  const type = oneOf(plainTypes, text, () => new BinanceError(-1116, 'Invalid orderType.'));
  const price = decimal(parameters, 'price');
  const amount = decimal(parameters, 'quantity');
  assertGiven(type === 'LIMIT', 'price', price);
  if (type === 'LIMIT') assertGiven(true, 'timeInForce', parameters.text('timeInForce'));
  if (amount === null) throw BinanceError.missing('quantity');
  const clientOrderId = readClientOrderId(parameters, 'newClientOrderId');
  return { ...readTerms(parameters), type, price, amount, clientOrderId, algo: null };
}

/** Reads an order that waits for a price. Throws like the one above. */
export function readAlgoOrder(parameters: Parameters): AlgoRequest {
  oneOf(['CONDITIONAL'], parameters.requiredText('algoType'), () => new BinanceError(-1102, 'Invalid algoType.'));
  const type = oneOf(conditionalTypes, parameters.requiredText('type'), () => {
    return new BinanceError(-1116, 'Invalid orderType.');
  });
  const isTrailing = type === 'TRAILING_STOP_MARKET';
  const price = decimal(parameters, 'price');
  const activation = decimal(parameters, 'activatePrice') ?? decimal(parameters, 'activationPrice');
  const triggerPrice = isTrailing ? activation : decimal(parameters, 'triggerPrice');
  if (!isTrailing) assertGiven(true, 'triggerPrice', triggerPrice);
  assertGiven(type === 'STOP' || type === 'TAKE_PROFIT', 'price', price);
  const closes = parameters.text('closePosition') === 'true';
  const amount = decimal(parameters, 'quantity');
  assertGiven(!closes, 'quantity', amount);
  return {
    ...readTerms(parameters),
    type,
    price,
    amount,
    triggerPrice,
    trailingBips: isTrailing ? readCallbackRate(parameters) : null,
    workingType: oneOf(workingTypes, parameters.text('workingType') ?? 'CONTRACT_PRICE', () => {
      return new BinanceError(-1102, 'Invalid workingType.');
    }),
    clientAlgoId: readClientOrderId(parameters, 'clientAlgoId'),
  };
}

function readTerms(
  parameters: Parameters,
): Pick<FuturesRequest, 'side' | 'timeInForce' | 'positionSide' | 'isReduceOnly'> {
  const positionSide = oneOf(positionSides, parameters.text('positionSide') ?? 'BOTH', () => {
    return new BinanceError(-4060, 'Invalid position side.');
  });
  const isReduceOnly = parameters.text('reduceOnly') === 'true';
  if (positionSide !== 'BOTH' && isReduceOnly) {
    throw new BinanceError(-1106, "Parameter 'reduceOnly' sent when not required.");
  }
  return {
    side: oneOf(sides, parameters.requiredText('side'), () => new BinanceError(-1117, 'Invalid side.')),
    timeInForce: oneOf(timesInForce, parameters.text('timeInForce') ?? 'GTC', () => {
      return new BinanceError(-1115, 'Invalid timeInForce.');
    }),
    positionSide,
    isReduceOnly,
  };
}

/** A percentage with at most two decimals, as basis points. */
function readCallbackRate(parameters: Parameters): number {
  const rate = parameters.requiredText('callbackRate');
  if (!/^\d{1,3}(\.\d{1,2}0*)?$/.test(rate)) throw new BinanceError(-2007, 'Invalid callBack rate.');
  const [whole = '', fraction = ''] = rate.split('.');
  return Number(whole) * 100 + Number(fraction.slice(0, 2).padEnd(2, '0'));
}
