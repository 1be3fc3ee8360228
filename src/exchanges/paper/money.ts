import { Decimal, toDecimalString, type DecimalString } from '../../domain/decimal';
import { moneyScale } from '../../domain/money';

export const zero = new Decimal(0);

/** What is charged or held, rounded up to what the ledger keeps. */
export function toCharge(value: Decimal): Decimal {
  return value.toDecimalPlaces(moneyScale, Decimal.ROUND_UP);
}

export function textOf(value: Decimal): DecimalString {
  return toDecimalString(value.toString());
}
