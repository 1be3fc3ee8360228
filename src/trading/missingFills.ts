import { compareDecimals } from '../domain/compareDecimals';
import { difference, sum } from '../domain/money';
import type { OrderReport } from '../domain/orders';
import type { OrderRecord } from '../storage/trading/records';

/** Whether an exchange counts executions of an order that are not booked here. `filled` of a report is of its own sending alone. */
export function isMissingFills(order: OrderRecord, report: OrderReport): boolean {
  const { amount } = report.terms;
  const booked =
    amount !== null && order.attemptRemaining !== null
      ? difference(amount, order.attemptRemaining)
      : sum(order.filled, order.overfilled);
  const told = sum(booked, ...report.fills.map((fill) => fill.amount));
  return compareDecimals(report.filled, told) > 0;
}
