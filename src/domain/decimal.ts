import { Decimal as DecimalJs } from 'decimal.js';

/**
 * Arithmetic on money: 40 significant digits, which holds every NUMERIC(38,18) of the database.
 * A private clone, so that no other package can change the precision under us.
 */
export const Decimal = DecimalJs.clone({
  precision: 40,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -40,
  toExpPos: 60,
});
export type Decimal = DecimalJs;

declare const decimalString: unique symbol;
/** An exact decimal as plain digits, e.g. "0.000123" or "-12.5": no exponent, no leading "+", no NaN. Never a float. */
export type DecimalString = string & { readonly [decimalString]: true };

const plainDecimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
/** Also with an exponent, of three digits: each zero that it stands for is written out. */
const readableDecimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const maxLength = 80;
const trailingZeros = /\.?0+$/;

/** True for text that already is a DecimalString, trailing zeros included. */
export function isDecimalString(value: unknown): value is DecimalString {
  return typeof value === 'string' && value.length <= maxLength && plainDecimal.test(value);
}

/**
 * Reads an exact decimal from text (or from an integer of JSON) and drops trailing zeros: "61824.00000000" → "61824".
 * Exponents are spelled out. Throws RangeError for anything else, and for what takes more than 80 characters: bad data stops where it
 * comes in, and decimal.js would go on writing zeros for as long as an exponent tells it to.
 */
export function toDecimalString(value: unknown): DecimalString {
  if (isDecimalString(value)) return canonical(value);
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > maxLength || !readableDecimal.test(text)) {
    throw new RangeError(`not a decimal: ${describe(value)}`);
  }
  const plain = canonical(new Decimal(text).toFixed());
  if (plain.length > maxLength) throw new RangeError(`a decimal of more than ${maxLength} characters`);
  return plain;
}

function canonical(text: string): DecimalString {
  const trimmed = text.includes('.') ? text.replace(trailingZeros, '') : text;
  return (trimmed === '-0' ? '0' : trimmed) as DecimalString;
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value;
}
