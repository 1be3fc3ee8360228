import { Decimal as DecimalJs } from 'decimal.js';
import { Decimal, toDecimalString, type DecimalString } from './decimal';

/** Decimal places of money and amounts: those of NUMERIC(38,18). */
export const moneyScale = 18;

/** Wide enough for the product of any two decimal strings of the ledger, and a quotient of it, before the one rounding at the end. */
const Wide = DecimalJs.clone({
  precision: 200,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -100,
  toExpPos: 100,
});

function toMoney(exact: Decimal): DecimalString {
  return toDecimalString(exact.toDecimalPlaces(moneyScale, Decimal.ROUND_HALF_EVEN).toString());
}

/** The exact sum of any number of amounts; "0" of none. */
export function sum(...amounts: readonly DecimalString[]): DecimalString {
  return toDecimalString(amounts.reduce((total, amount) => total.plus(amount), new Wide(0)).toString());
}

/** a − b, exact. */
export function difference(a: DecimalString, b: DecimalString): DecimalString {
  return toDecimalString(new Wide(a).minus(b).toString());
}

/** a × b at 18 decimal places, half to even: exact for the prices and amounts of every exchange we know (8 + 8 places). */
export function product(a: DecimalString, b: DecimalString): DecimalString {
  return toMoney(new Wide(a).times(b));
}

/** total × part / whole at 18 decimal places, half to even, rounded once. Throws RangeError where whole is zero. */
export function share(total: DecimalString, part: DecimalString, whole: DecimalString): DecimalString {
  const divisor = new Wide(whole);
  if (divisor.isZero()) throw new RangeError('a share of nothing');
  return toMoney(new Wide(total).times(part).dividedBy(divisor));
}

/** a / b at 18 decimal places, half to even. Throws RangeError where b is zero. */
export function quotient(a: DecimalString, b: DecimalString): DecimalString {
  return share(a, '1' as DecimalString, b);
}

/** Whether a value is a whole number of steps. Throws RangeError where the step is not above zero. */
export function isOnStep(value: DecimalString, step: DecimalString): boolean {
  return new Wide(value).modulo(positiveStep(step)).isZero();
}

/** DOWN: towards zero, so that nothing is asked for that was not there. HALF_EVEN: to the nearest. */
export type StepRounding = 'DOWN' | 'HALF_EVEN';

/** The whole number of steps next to a value. Throws RangeError where the step is not above zero. */
export function roundToStep(value: DecimalString, step: DecimalString, rounding: StepRounding): DecimalString {
  const mode = rounding === 'DOWN' ? Decimal.ROUND_DOWN : Decimal.ROUND_HALF_EVEN;
  return toDecimalString(new Wide(value).toNearest(positiveStep(step), mode).toString());
}

function positiveStep(step: DecimalString): Decimal {
  const parsed = new Wide(step);
  if (!parsed.isPositive() || parsed.isZero()) throw new RangeError(`a step of ${step}`);
  return parsed;
}
