import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import { difference, quotient, share } from '../../domain/money';
import { applyFundingToPosition } from '../../domain/position';
import type { ExchangeTransfer } from '../../exchanges/tradingPort';
import type { AccountTransaction } from '../../storage/trading/accountTransaction';
import type { PositionRecord } from '../../storage/trading/records';

const zero = '0' as DecimalString;
const two = '2' as DecimalString;

/** A position with what it held when the funding took place. */
export interface FundedPosition {
  readonly position: PositionRecord;
  readonly held: DecimalString;
}

/** Writes funding to the positions of its market that were open when it took place, closed ones included. */
export async function bookFunding(tx: AccountTransaction, funding: ExchangeTransfer, marketId: string): Promise<void> {
  const funded = await tx.positionsAt(marketId, funding.exchangeTime);
  for (const [position, received] of shareFunding(funded, funding.amount)) {
    // What is told late must not stand before what was known by then.
    const updatedAt = Math.max(position.updatedAt, funding.exchangeTime);
    tx.savePosition({ ...position, ...applyFundingToPosition(position, received), updatedAt });
  }
}

/**
 * What each position received of an amount. In hedge mode a market has two, and an exchange's record does not say of which it is
 * (Binance GET /fapi/v1/income has neither side nor position id). But what longs pay for a unit, shorts receive: of whatever the
 * records of one funding sum to, a long position has its amount's share of the long surplus, and the short one the rest. The rule is
 * linear, so that it does not matter in how many records a funding is told, nor in which order. Where both are equally large, the sum
 * is zero and nothing can be told apart: each has half of every record, which comes to nothing.
 */
export function shareFunding(
  funded: readonly FundedPosition[],
  received: DecimalString,
): readonly (readonly [position: PositionRecord, received: DecimalString])[] {
  const [first, second] = funded;
  if (first === undefined) return [];
  if (second === undefined) return [[first.position, received]];
  const surplus = difference(first.held, second.held);
  const ofFirst = compareDecimals(surplus, zero) === 0 ? quotient(received, two) : share(received, first.held, surplus);
  return [
    [first.position, ofFirst],
    [second.position, difference(received, ofFirst)],
  ];
}
