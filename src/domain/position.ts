import { compareDecimals } from './compareDecimals';
import type { DecimalString } from './decimal';
import type { MarketType } from './market';
import { difference, product, quotient, share, sum } from './money';
import type { Fill, PositionSide } from './orders';

const zero = '0' as DecimalString;

/**
 * What is held of one market, by average cost. Money in the market's quote currency (of a swap: the one it settles in).
 * The cost of what is held is kept, not its price: a price is a quotient, and rounding it would lose money at every fill.
 */
export interface PositionState {
  /** Of a flat position: the side that it had last. */
  readonly side: PositionSide;
  /** Base units (of a swap: contracts × contract size), never below 0. */
  readonly amount: DecimalString;
  /** What `amount` cost, or of a short position brought in. */
  readonly cost: DecimalString;
  /** Before fees and funding. */
  readonly realizedPnl: DecimalString;
  /** Below 0 where rebates outweigh the fees. */
  readonly feesPaid: DecimalString;
  /** Below 0 where funding brought in more than it took. */
  readonly fundingPaid: DecimalString;
}

/** What one fill did to a position. Amounts in base units, money in quote units. */
export interface PositionChange {
  readonly position: PositionState;
  readonly opened: DecimalString;
  readonly closed: DecimalString;
  readonly realizedPnl: DecimalString;
  readonly fees: DecimalString;
  /** Sold (or, of a short position in hedge mode, bought) beyond what the position held. */
  readonly beyond: DecimalString;
}

/** How a fill is read: what kind of market it is of, and what its fees are worth. */
export interface FillTerms {
  readonly type: MarketType;
  readonly base: string;
  readonly quote: string;
  /** In quote units, at the time of the fill: the fees that were taken in neither base nor quote currency (e.g. BNB). */
  readonly otherFees: DecimalString;
}

export function flatPosition(side: PositionSide = 'LONG'): PositionState {
  return { side, amount: zero, cost: zero, realizedPnl: zero, feesPaid: zero, fundingPaid: zero };
}

/**
 * The position after a fill. A SPOT position is long, and one of hedge mode (`positionSide` given) keeps its side;
 * in one-way mode a fill beyond what is held closes it and opens the rest on the other side, at the fill's own price.
 *
 * Sales beyond what was bought here are of coins that were in the account before. What those cost is not known, so they enter
 * at the price at which they leave: they realize nothing, and `beyond` tells how many they were. Likewise in hedge mode.
 *
 * A SPOT fee in base currency takes coins: they count as a fee at the fill's price, and their cost leaves the position,
 * so that the entry price stays the price that was paid, and fees stay apart from realized profit.
 * Throws RangeError for another side's fill, or a fee above what was bought.
 */
export function applyFillToPosition(position: PositionState, fill: Fill, terms: FillTerms): PositionChange {
  const boundSide = terms.type === 'SPOT' ? 'LONG' : fill.positionSide;
  if (boundSide !== null && boundSide !== position.side && !isFlat(position)) {
    throw new RangeError(`a ${boundSide} fill in a ${position.side} position`);
  }
  const feesInBase = terms.type === 'SPOT' ? feesIn(fill, terms.base) : zero;
  const fees = sum(feesIn(fill, terms.quote), product(feesIn(fill, terms.base), fill.price), terms.otherFees);
  const fillSide: PositionSide = fill.side === 'BUY' ? 'LONG' : 'SHORT';
  const isOpening = fillSide === (boundSide ?? (isFlat(position) ? fillSide : position.side));
  const traded = isOpening
    ? opened(boundSide === null ? { ...position, side: fillSide } : { ...position, side: boundSide }, fill)
    : closed({ ...position, side: boundSide ?? position.side }, fill, boundSide === null);
  const paid = takeFeesInBase(traded, { coins: feesInBase, price: fill.price, isOpening });
  return {
    ...paid,
    fees,
    position: {
      ...paid.position,
      realizedPnl: sum(position.realizedPnl, paid.realizedPnl),
      feesPaid: sum(position.feesPaid, fees),
    },
  };
}

type Trade = Omit<PositionChange, 'fees'>;
type Executed = Pick<Fill, 'amount' | 'cost'>;

function opened(position: PositionState, fill: Executed): Trade {
  return {
    position: { ...position, amount: sum(position.amount, fill.amount), cost: sum(position.cost, fill.cost) },
    opened: fill.amount,
    closed: zero,
    realizedPnl: zero,
    beyond: zero,
  };
}

function closed(position: PositionState, fill: Executed, mayFlip: boolean): Trade {
  if (compareDecimals(fill.amount, position.amount) <= 0) return closedInPart(position, fill);
  const rest = difference(fill.amount, position.amount);
  // The two parts add up to the fill's cost to the last digit, however the share is rounded.
  const restCost = share(fill.cost, rest, fill.amount);
  const flat = closedInPart(position, { amount: position.amount, cost: difference(fill.cost, restCost) });
  if (!mayFlip) return { ...flat, beyond: rest };
  const side: PositionSide = position.side === 'LONG' ? 'SHORT' : 'LONG';
  return {
    ...flat,
    position: { ...flat.position, side, amount: rest, cost: restCost },
    opened: rest,
  };
}

function closedInPart(position: PositionState, fill: Executed): Trade {
  const isWhole = compareDecimals(fill.amount, position.amount) === 0;
  const released = isWhole ? position.cost : share(position.cost, fill.amount, position.amount);
  const realizedPnl = position.side === 'LONG' ? difference(fill.cost, released) : difference(released, fill.cost);
  return {
    position: {
      ...position,
      amount: difference(position.amount, fill.amount),
      cost: difference(position.cost, released),
    },
    opened: zero,
    closed: fill.amount,
    realizedPnl,
    beyond: zero,
  };
}

/** Of a purchase they come off what was bought, at its price; of a sale they are sold with it. A rebate adds coins. */
function takeFeesInBase(
  trade: Trade,
  fee: { readonly coins: DecimalString; readonly price: DecimalString; readonly isOpening: boolean },
): Trade {
  if (fee.coins === zero) return trade;
  const worth = product(fee.coins, fee.price);
  if (!fee.isOpening && !fee.coins.startsWith('-')) {
    const sold = closed(trade.position, { amount: fee.coins, cost: worth }, false);
    return {
      ...sold,
      closed: sum(trade.closed, sold.closed),
      realizedPnl: sum(trade.realizedPnl, sold.realizedPnl),
      beyond: sum(trade.beyond, sold.beyond),
    };
  }
  if (compareDecimals(fee.coins, trade.opened) > 0) {
    throw new RangeError(`a fee of ${fee.coins} in a purchase of ${trade.opened}`);
  }
  return {
    ...trade,
    position: {
      ...trade.position,
      amount: difference(trade.position.amount, fee.coins),
      cost: difference(trade.position.cost, worth),
    },
    opened: difference(trade.opened, fee.coins),
  };
}

function feesIn(fill: Fill, currency: string): DecimalString {
  return sum(...fill.fees.filter((fee) => fee.currency === currency).map((fee) => fee.cost));
}

/** received: quote units, above 0 where the account gained. */
export function applyFundingToPosition(position: PositionState, received: DecimalString): PositionState {
  return { ...position, fundingPaid: difference(position.fundingPaid, received) };
}

export function isFlat(position: PositionState): boolean {
  return compareDecimals(position.amount, zero) === 0;
}

/** Average price of what is held, at 18 places; null while nothing is. */
export function entryPriceOf(position: PositionState): DecimalString | null {
  return isFlat(position) ? null : quotient(position.cost, position.amount);
}

/** Quote units: amount × price, at 18 places. Never below 0. */
export function notional(amount: DecimalString, price: DecimalString): DecimalString {
  return product(amount, price);
}

/** What closing at this price would realize, before fees; quote units. */
export function unrealizedPnl(position: PositionState, markPrice: DecimalString): DecimalString {
  return gainAt(position, notional(position.amount, markPrice));
}

/** The same, where it is known already what the position is worth at that price. */
export function gainAt(position: PositionState, worth: DecimalString): DecimalString {
  return position.side === 'LONG' ? difference(worth, position.cost) : difference(position.cost, worth);
}
