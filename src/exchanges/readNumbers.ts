import { toDecimalString, type DecimalString } from '../domain/decimal';
import type { EpochMs } from '../domain/marketData';
import { BadMarketData } from './badMarketData';

/** Reads what ccxt hands over (text where `number: String` reaches, a float where it does not). Throws BadMarketData. */
export function readDecimal(value: unknown, name: string): DecimalString {
  try {
    return toDecimalString(value);
  } catch (error) {
    throw new BadMarketData(`${name} is not a number`, { cause: error });
  }
}

/** A price: more than zero. */
export function readPrice(value: unknown, name = 'price'): DecimalString {
  const price = readDecimal(value, name);
  if (price === '0' || price.startsWith('-')) throw new BadMarketData(`${name} ${price} is not positive`);
  return price;
}

/** An amount or volume: zero or more. */
export function readAmount(value: unknown, name = 'amount'): DecimalString {
  const amount = readDecimal(value, name);
  if (amount.startsWith('-')) throw new BadMarketData(`${name} ${amount} is negative`);
  return amount;
}

/** What the exchange may leave out. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === undefined || value === null ? null : read(value);
}

export function readText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value.toString();
  throw new BadMarketData(`${name} is missing`);
}

/** Milliseconds since 1970, as ccxt gives all its times. */
export function readTime(value: unknown, name = 'time'): EpochMs {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new BadMarketData(`${name} is not a time`);
}

export function readRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  throw new BadMarketData(`${name} is not an object`);
}

export function readList(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new BadMarketData(`${name} is not a list`);
}
