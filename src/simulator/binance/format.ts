import type { DecimalString } from '../../domain/decimal';
import type { Quote } from '../engine/venue';

const decimals = 8;

/** Binance writes every price and amount with eight decimals: "96267.98" → "96267.98000000". What is finer is cut off. */
export function fixed8(value: DecimalString): string {
  const point = value.indexOf('.');
  if (point < 0) return `${value}.${'0'.repeat(decimals)}`;
  return value.slice(0, point + 1 + decimals).padEnd(point + 1 + decimals, '0');
}

/** A level of a book on the wire. */
export function toPair(quote: Quote): [string, string] {
  return [fixed8(quote.price), fixed8(quote.amount)];
}

export const zero8 = '0.00000000';
