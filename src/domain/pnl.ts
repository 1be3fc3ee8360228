import { compareDecimals } from './compareDecimals';
import type { DecimalString } from './decimal';
import { difference, quotient, sum } from './money';

/** Money of an account at one moment, in its own currency. */
export interface EquityMark {
  /** Everything the account holds, unrealized profit included. */
  readonly equity: DecimalString;
  readonly unrealized: DecimalString;
}

/** What the ledger booked within a day, in the account's currency. */
export interface DayBookings {
  /** Before fees. */
  readonly realized: DecimalString;
  /** Paid: above 0 where they cost. */
  readonly fees: DecimalString;
  /** Received: above 0 where the account gained. */
  readonly funding: DecimalString;
  /** Brought in: above 0 where the account gained. */
  readonly transfers: DecimalString;
}

/** A day's Δequity and what it is made of. */
export interface PnlDay extends DayBookings {
  readonly unrealizedChange: DecimalString;
  readonly equityChange: DecimalString;
  /** What the bookings do not explain. Published as it is: a ledger that is made to balance says nothing. */
  readonly difference: DecimalString;
}

/** Δequity = realized + Δunrealized − fees + funding + transfers + difference, exact. */
export function pnlOfDay(opening: EquityMark, closing: EquityMark, bookings: DayBookings): PnlDay {
  const { realized, fees, funding, transfers } = bookings;
  const equityChange = difference(closing.equity, opening.equity);
  const unrealizedChange = difference(closing.unrealized, opening.unrealized);
  const explained = difference(sum(realized, unrealizedChange, funding, transfers), fees);
  return {
    realized,
    fees,
    funding,
    transfers,
    unrealizedChange,
    equityChange,
    difference: difference(equityChange, explained),
  };
}

/**
 * The highest equity so far, by trading alone: what was brought in since the last mark is not a gain and raises it,
 * what was taken out is not a loss and lowers it.
 */
export function nextHighWaterMark(
  mark: DecimalString,
  now: { readonly equity: DecimalString; readonly transfers: DecimalString },
): DecimalString {
  const moved = sum(mark, now.transfers);
  return compareDecimals(now.equity, moved) > 0 ? now.equity : moved;
}

/** How far equity is below the mark, as a fraction of the mark: "0.2" is 20 %. "0" at or above it; null where the mark is not above 0. */
export function drawdown(equity: DecimalString, highWaterMark: DecimalString): DecimalString | null {
  const zero = '0' as DecimalString;
  if (compareDecimals(highWaterMark, zero) <= 0) return null;
  if (compareDecimals(equity, highWaterMark) >= 0) return zero;
  return quotient(difference(highWaterMark, equity), highWaterMark);
}
