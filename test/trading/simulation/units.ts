import { toDecimalString, type DecimalString } from '../../../src/domain/decimal';

/** Whole numbers of 10^-10: every price, amount, cost and fee of the simulated exchange is one, so its sums are exact by themselves. */
export type Units = bigint;

const places = 10;
const one = 10n ** BigInt(places);

/** Throws where the text has more places. */
export function toUnits(text: string): Units {
  const [whole = '0', fraction = ''] = text.split('.');
  if (fraction.length > places || whole.startsWith('-')) throw new RangeError(`${text} is no figure of this exchange`);
  return BigInt(whole) * one + BigInt(fraction.padEnd(places, '0'));
}

export function toText(units: Units): DecimalString {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  return toDecimalString(`${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`);
}

/** Throws where the product has more places: steps of price and amount keep it from that. */
export function times(a: Units, b: Units): Units {
  if ((a * b) % one !== 0n) throw new RangeError('a product that is no figure of this exchange');
  return (a * b) / one;
}

/** Whole steps of it, towards zero. */
export function floorTo(units: Units, step: Units): Units {
  return units - (units % step);
}

/** a / b in whole steps, towards zero. */
export function dividedBy(a: Units, b: Units, step: Units): Units {
  return floorTo((a * one) / b, step);
}
