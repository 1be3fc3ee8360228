import type { DecimalString } from '../../domain/decimal';

const plain = /^\d{1,15}(?:\.\d{1,18})?$/;

/** Writes a whole number of units of 10^-decimals as plain digits: (6183763, 2) → "61837.63". Exact for every bigint. */
export function formatUnits(units: number | bigint, decimals: number): DecimalString {
  const negative = units < 0;
  const digits = (negative ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const text = decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
  return (negative ? `-${text}` : text) as DecimalString;
}

/**
 * Reads plain digits as a whole number of units of 10^-decimals: ("61837.63", 2) → 6183763.
 * Null where the text is not a plain decimal, is finer than one unit, or does not fit a safe integer.
 */
export function parseUnits(text: string, decimals: number): number | null {
  if (!plain.test(text)) return null;
  const [whole = '', fraction = ''] = text.split('.');
  if (/[1-9]/.test(fraction.slice(decimals))) return null;
  const units = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return Number.isSafeInteger(units) ? units : null;
}

/** Like parseUnits, without the bound of a safe integer: for sums of money. Throws RangeError for what it cannot read exactly. */
export function parseBigUnits(text: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  if (!/^\d+$/.test(whole + fraction) || /[1-9]/.test(fraction.slice(decimals))) {
    throw new RangeError(`"${text}" is not a multiple of 1e-${decimals}`);
  }
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
}

/** Like parseBigUnits, with an optional minus. Throws RangeError for what it cannot read exactly. */
export function parseSignedUnits(text: string, decimals: number): bigint {
  return text.startsWith('-') ? -parseBigUnits(text.slice(1), decimals) : parseBigUnits(text, decimals);
}
