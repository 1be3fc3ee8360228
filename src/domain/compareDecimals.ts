import type { DecimalString } from './decimal';

/**
 * Orders two exact decimals by value: negative where a < b, 0 where they are the same number, positive where a > b.
 * Works on the digits, so that prices beyond a float's 15 digits stay apart; no arithmetic, which a book needs millions of times.
 */
export function compareDecimals(a: DecimalString, b: DecimalString): number {
  if (a === b) return 0;
  const isNegative = a.startsWith('-');
  if (isNegative !== b.startsWith('-')) {
    const sign = isNegative ? -1 : 1;
    return isZero(a) && isZero(b) ? 0 : sign;
  }
  return isNegative ? compareDigits(b.slice(1), a.slice(1)) : compareDigits(a, b);
}

function isZero(text: string): boolean {
  return /^-?0(?:\.0+)?$/.test(text);
}

function compareDigits(a: string, b: string): number {
  const pointA = wholeLength(a);
  const pointB = wholeLength(b);
  if (pointA !== pointB) return pointA - pointB;
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    // A missing digit behind the point is a zero; the points themselves are at the same place.
    const difference = digitAt(a, index) - digitAt(b, index);
    if (difference !== 0) return difference;
  }
  return 0;
}

function wholeLength(text: string): number {
  const point = text.indexOf('.');
  return point === -1 ? text.length : point;
}

const zeroCode = 48;

function digitAt(text: string, index: number): number {
  if (index >= text.length) return zeroCode;
  const code = text.charCodeAt(index);
  return code < zeroCode ? zeroCode : code;
}
