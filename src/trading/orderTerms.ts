import { compareDecimals } from '../domain/compareDecimals';
import { isDecimalString, toDecimalString, type DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import type { OrderSide, OrderTerms, OrderType, PositionMode, PositionSide, TimeInForce } from '../domain/orders';
import { refuse, type Refusal } from './refusal';

/** What a client asks for, before anything of it was checked. Decimals are text. */
export interface OrderInput {
  readonly market: string;
  readonly type: OrderType;
  readonly side: OrderSide;
  readonly amount: string | null;
  readonly quoteAmount: string | null;
  readonly price: string | null;
  readonly triggerPrice: string | null;
  readonly trailingDelta: string | null;
  readonly timeInForce: TimeInForce | null;
  readonly positionSide: PositionSide | null;
  readonly reduceOnly: boolean;
}

type Field = 'price' | 'triggerPrice' | 'trailingDelta';

/** Which fields a type needs, and which it may have; the others are refused rather than ignored. */
const fieldsOfType: Readonly<Record<OrderType, { readonly needs: readonly Field[]; readonly may: readonly Field[] }>> =
  {
    MARKET: { needs: [], may: [] },
    LIMIT: { needs: ['price'], may: [] },
    STOP: { needs: ['triggerPrice'], may: [] },
    STOP_LIMIT: { needs: ['triggerPrice', 'price'], may: [] },
    TAKE_PROFIT: { needs: ['triggerPrice'], may: [] },
    TAKE_PROFIT_LIMIT: { needs: ['triggerPrice', 'price'], may: [] },
    TRAILING_STOP: { needs: ['trailingDelta'], may: ['triggerPrice'] },
  };

/** A time in force says how long a limit stands; POST_ONLY that it must not take. */
const limitTypes: readonly OrderType[] = ['LIMIT', 'STOP_LIMIT', 'TAKE_PROFIT_LIMIT'];

/** Reads an order, or says what is wrong with it. What the exchange's own rules say of its figures is checked later. */
export function readTerms(
  input: OrderInput,
  { market, positionMode }: { readonly market: Market; readonly positionMode: PositionMode },
): OrderTerms | Refusal {
  return (
    findBadDecimal(input) ??
    findBadFields(input) ??
    findBadSize(input, market) ??
    findBadOptions(input, market, positionMode) ?? {
      symbol: market.symbol,
      type: input.type,
      side: input.side,
      amount: canonical(input.amount),
      quoteAmount: canonical(input.quoteAmount),
      price: canonical(input.price),
      triggerPrice: canonical(input.triggerPrice),
      trailingDelta: canonical(input.trailingDelta),
      timeInForce: input.timeInForce ?? (limitTypes.includes(input.type) ? 'GTC' : null),
      positionSide: input.positionSide,
      reduceOnly: input.reduceOnly,
    }
  );
}

type Asked = Omit<OrderTerms, 'symbol' | 'amount'>;

/** What an order keeps of its terms, beside its market and amount. */
export function askedOf(terms: Asked): Asked {
  const { type, side, quoteAmount, price, triggerPrice, trailingDelta, timeInForce, positionSide, reduceOnly } = terms;
  return { type, side, quoteAmount, price, triggerPrice, trailingDelta, timeInForce, positionSide, reduceOnly };
}

export function isRefusal(value: OrderTerms | Refusal): value is Refusal {
  return 'code' in value;
}

function canonical(text: string | null): DecimalString | null {
  return text === null ? null : toDecimalString(text);
}

const zero = '0' as DecimalString;

function findBadDecimal(input: OrderInput): Refusal | null {
  for (const field of ['amount', 'quoteAmount', 'price', 'triggerPrice', 'trailingDelta'] as const) {
    const value = input[field];
    if (value === null) continue;
    if (!isDecimalString(value) || compareDecimals(value, zero) <= 0 || !fitsLedger(value))
      return refuse('NUMBER_NOT_ACCEPTABLE', `\`${field}\` must be a decimal above 0 with at most 18 places.`, [field]);
  }
  return null;
}

/** What NUMERIC(38,18) holds. */
function fitsLedger(value: DecimalString): boolean {
  const [whole = '', places = ''] = value.split('.');
  return whole.length <= 18 && places.length <= 18;
}

function findBadFields(input: OrderInput): Refusal | null {
  const { needs, may } = fieldsOfType[input.type];
  for (const field of ['price', 'triggerPrice', 'trailingDelta'] as const) {
    if (needs.includes(field) && input[field] === null)
      return refuse('FIELD_MISSING', `A ${input.type} order needs \`${field}\`.`, [field]);
    if (!needs.includes(field) && !may.includes(field) && input[field] !== null)
      return refuse('FIELD_NOT_USED', `A ${input.type} order has no \`${field}\`. Leave it out.`, [field]);
  }
  return null;
}

function findBadSize(input: OrderInput, market: Market): Refusal | null {
  if (input.quoteAmount === null) {
    return input.amount === null ? refuse('FIELD_MISSING', 'Say how much: `amount`.', ['amount']) : null;
  }
  if (input.amount !== null)
    return refuse('FIELD_NOT_USED', 'Give `amount` or `quoteAmount`, not both.', ['quoteAmount']);
  const mayCost = input.type === 'MARKET' && input.side === 'BUY' && market.type === 'SPOT';
  return mayCost ? null : refuse('FIELD_NOT_USED', 'Only a spot MARKET BUY may give `quoteAmount`.', ['quoteAmount']);
}

function findBadOptions(input: OrderInput, market: Market, positionMode: PositionMode): Refusal | null {
  const { type, timeInForce, positionSide, reduceOnly } = input;
  if (timeInForce !== null && !limitTypes.includes(type))
    return refuse('FIELD_NOT_USED', `A ${type} order has no \`timeInForce\`. Leave it out.`, ['timeInForce']);
  if (timeInForce === 'POST_ONLY' && type !== 'LIMIT')
    return refuse('FIELD_NOT_USED', 'Only a LIMIT order can be POST_ONLY.', ['timeInForce']);
  if (market.type === 'SPOT' && (positionSide !== null || reduceOnly))
    return refuse('FIELD_NOT_USED', 'Spot has no `positionSide` and no `reduceOnly`.', [
      positionSide === null ? 'reduceOnly' : 'positionSide',
    ]);
  if (market.type === 'SPOT') return null;
  if (positionMode === 'HEDGE' && positionSide === null)
    return refuse('FIELD_MISSING', 'This account is in hedge mode: say which `positionSide`.', ['positionSide']);
  if (positionMode === 'ONE_WAY' && positionSide !== null)
    return refuse('FIELD_NOT_USED', 'This account is in one-way mode and has no `positionSide`.', ['positionSide']);
  return null;
}
