import { toDecimalString, Decimal, type DecimalString } from '../../domain/decimal';
import { product } from '../../domain/money';
import type { Fee, OrderSide, ReportedStatus } from '../../domain/orders';
import { BadMarketData } from '../badMarketData';
import { optional, readAmount, readDecimal, readRecord, readText } from '../readNumbers';

const statuses: Readonly<Record<string, ReportedStatus>> = {
  open: 'OPEN',
  canceling: 'OPEN',
  closed: 'CLOSED',
  canceled: 'CANCELED',
  expired: 'EXPIRED',
  rejected: 'REJECTED',
};

/** ccxt's order status. What ccxt does not know stops here: guessed, it could end an order that lives. */
export function readStatus(value: unknown): ReportedStatus {
  const status = typeof value === 'string' ? statuses[value] : undefined;
  if (status === undefined) throw new BadMarketData('status of an order is not known');
  return status;
}

export function readSide(value: unknown): OrderSide {
  if (value === 'buy' || value === 'BUY') return 'BUY';
  if (value === 'sell' || value === 'SELL') return 'SELL';
  throw new BadMarketData('side is missing');
}

/** A figure that is zero or left out where it does not apply; negative cannot be. */
export function readNonZero(value: unknown, name: string): DecimalString | null {
  const amount = optional(value === '' ? null : value, (present) => readAmount(present, name));
  return amount === '0' ? null : amount;
}

/** Contracts to base units. */
export function toBaseUnits(contracts: DecimalString, contractSize: string): DecimalString {
  return contractSize === '1' ? contracts : product(contracts, toDecimalString(contractSize));
}

/** Base units to contracts. */
export function toContracts(amount: DecimalString, contractSize: string): string {
  return contractSize === '1' ? amount : new Decimal(amount).dividedBy(contractSize).toFixed();
}

/** ccxt's `fee` or `fees` of one trade; what costs nothing is left out. */
export function readFees(trade: Readonly<Record<string, unknown>>): readonly Fee[] {
  const { fees, fee } = trade;
  const rows = Array.isArray(fees) && fees.length > 0 ? fees : [fee];
  return rows.flatMap((row: unknown) => {
    if (row === undefined || row === null) return [];
    const { cost, currency } = readRecord(row, 'fee');
    if (cost === undefined || cost === null) return [];
    const exact = readDecimal(cost, 'fee');
    return exact === '0' ? [] : [{ currency: readText(currency, 'currency of a fee'), cost: exact }];
  });
}
