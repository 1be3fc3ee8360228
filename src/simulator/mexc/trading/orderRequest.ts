import type { OrderRequest } from '../../engine/accounts/accountOrder';
import { MexcError } from '../mexcError';
import type { Parameters } from '../parameters';

const decimalRange = String.raw`^\d{1,15}(\.\d{1,8})?$`;
/** MEXC documents none; no longer one is known to be taken. */
const clientIdRange = '^[A-Za-z0-9_-]{1,32}$';

/** What cannot rest is a type of its own. Source: MEXC spot v3, order type. */
const types: Readonly<Record<string, Pick<OrderRequest, 'type' | 'timeInForce'>>> = {
  LIMIT: { type: 'LIMIT', timeInForce: 'GTC' },
  MARKET: { type: 'MARKET', timeInForce: 'GTC' },
  LIMIT_MAKER: { type: 'LIMIT_MAKER', timeInForce: 'GTC' },
  IMMEDIATE_OR_CANCEL: { type: 'LIMIT', timeInForce: 'IOC' },
  FILL_OR_KILL: { type: 'LIMIT', timeInForce: 'FOK' },
};

/** Reads a new order. Throws 700004 or 700008. */
export function readOrderRequest(parameters: Parameters): OrderRequest {
  const side = parameters.requiredText('side');
  if (side !== 'BUY' && side !== 'SELL') throw MexcError.illegal('side', 'BUY|SELL');
  const type = types[parameters.requiredText('type')];
  if (type === undefined) throw MexcError.illegal('type', Object.keys(types).join('|'));
  const isMarket = type.type === 'MARKET';
  // Of a sale by its cost MEXC says nothing; both at once make no sense.
  const cost = isMarket && side === 'BUY' ? matching(parameters, 'quoteOrderQty', decimalRange) : null;
  const amount = cost === null ? matching(parameters, 'quantity', decimalRange) : null;
  if (cost === null && amount === null) throw MexcError.missing('quantity');
  const price = isMarket ? null : matching(parameters, 'price', decimalRange);
  if (!isMarket && price === null) throw MexcError.missing('price');
  const clientOrderId = matching(parameters, 'newClientOrderId', clientIdRange);
  return { ...type, side, price, amount, cost, clientOrderId, stopPrice: null, trailingBips: null };
}

function matching(parameters: Parameters, name: string, range: string): string | null {
  const value = parameters.text(name);
  if (value !== null && !new RegExp(range).test(value)) throw MexcError.illegal(name, range);
  return value;
}
