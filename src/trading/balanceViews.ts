import { compareDecimals } from '../domain/compareDecimals';
import type { DecimalString } from '../domain/decimal';
import { difference, quotient, sum } from '../domain/money';
import type { BalanceRecord, OrderRecord, PositionRecord } from '../storage/trading/records';

export interface BalanceView {
  readonly currency: string;
  readonly free: DecimalString;
  readonly used: DecimalString;
  readonly total: DecimalString;
}

const zero = '0' as DecimalString;

/** What the positions of swaps bind: their cost by their leverage, in the currency they settle in. Spot positions bind nothing. */
export function marginOf(positions: readonly PositionRecord[], currency: string): DecimalString {
  return sum(
    ...positions
      .filter((position) => position.leverage !== null && position.currency === currency)
      .map((position) => quotient(position.cost, position.leverage ?? position.cost)),
  );
}

/** Balances as a client sees them: `used` is what open orders and positions keep from being spent. */
export function viewBalances(
  balances: readonly BalanceRecord[],
  openOrders: readonly OrderRecord[],
  positions: readonly PositionRecord[],
): readonly BalanceView[] {
  return balances.map(({ currency, total }) => {
    const reserved = openOrders.filter((order) => order.reservedCurrency === currency).map((order) => order.reserved);
    const used = sum(marginOf(positions, currency), ...reserved);
    return { currency, free: difference(total, used), used, total };
  });
}

export function freeOf(views: readonly BalanceView[], currency: string): DecimalString {
  return views.find((view) => view.currency === currency)?.free ?? zero;
}

export function isCovered(free: DecimalString, needed: DecimalString): boolean {
  return compareDecimals(free, needed) >= 0;
}
