import { BinanceError } from './binanceError';
import type { Parameters } from './parameters';

const clientIdRange = String.raw`^[\.A-Z\:/a-z0-9_-]{1,36}$`;
const decimalRange = String.raw`^([0-9]{1,20})(\.[0-9]{1,20})?$`;
const maxDecimals = 8;

export function readClientOrderId(parameters: Parameters, name: string): string | null {
  const value = parameters.text(name);
  if (value !== null && !new RegExp(clientIdRange).test(value)) throw BinanceError.illegal(name, clientIdRange);
  return value;
}

/** A decimal that is not negative; null where none was sent. Throws -1100 or -1111. */
export function decimal(parameters: Parameters, name: string): string | null {
  const value = parameters.text(name);
  if (value === null) return null;
  if (!new RegExp(decimalRange).test(value)) throw BinanceError.illegal(name, decimalRange);
  if ((value.split('.')[1] ?? '').replace(/0+$/, '').length > maxDecimals) {
    throw new BinanceError(-1111, `Parameter '${name}' has too much precision.`);
  }
  return value;
}

/** Throws -1102 where it is missing, -1106 where it must not be sent. */
export function assertGiven(isNeeded: boolean, name: string, value: string | null): void {
  if (isNeeded && value === null) throw BinanceError.missing(name);
  if (!isNeeded && value !== null) throw new BinanceError(-1106, `Parameter '${name}' sent when not required.`);
}

export function oneOf<T extends string>(values: readonly T[], text: string, refusal: () => BinanceError): T {
  const found = values.find((value) => value === text);
  if (found === undefined) throw refusal();
  return found;
}
