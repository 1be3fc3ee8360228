import { compareDecimals } from '../../domain/compareDecimals';
import type { DecimalString } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import { difference, product, sum } from '../../domain/money';
import type { OrderSide, OrderTerms, PositionSide } from '../../domain/orders';
import type { OrderRecord, PositionRecord } from '../../storage/trading/records';

const zero = '0' as DecimalString;

export interface ExposureFacts {
  readonly market: Market;
  readonly terms: OrderTerms;
  /** Quote units a base unit: what the order is valued at. */
  readonly price: DecimalString;
  /** Of the account, in any market; the order itself, or the one that it replaces, is not among them. */
  readonly openOrders: readonly OrderRecord[];
  readonly positions: readonly PositionRecord[];
}

/**
 * True of an order that can only make the position of its market smaller, whatever becomes of the orders that stand open.
 * A spot sale always does: what is sold has to be held. An order of a swap does where an exchange holds it to that (reduce-only, or one
 * against its own side in hedge mode) and there is something to reduce; any other, where the position outlasts it and all
 * open orders of its direction.
 */
export function reduces(facts: Omit<ExposureFacts, 'price'>): boolean {
  const { market, terms } = facts;
  if (market.type === 'SPOT') return terms.side === 'SELL';
  const against = positionOn(facts, oppositeOf(directionOf(terms.side)));
  if (terms.positionSide !== null || terms.reduceOnly) {
    const mayReduce = terms.positionSide === null || terms.positionSide !== directionOf(terms.side);
    return mayReduce && compareDecimals(against, zero) > 0;
  }
  if (terms.amount === null) return false;
  const open = ordersOfDirection(facts).map(remainingAmount);
  if (open.includes(null)) return false;
  return compareDecimals(sum(terms.amount, ...open.filter((amount) => amount !== null)), against) <= 0;
}

/**
 * Quote units that the market would stand for at worst in the direction of the order: the position, all open orders of that
 * direction and this one. Each at the dearer of its own price and that of the order; what stands on the other side (of a swap:
 * nobody is short on the spot) comes off, as far as no reduce-only order may take it away first. Of orders that do not reduce: below 0
 * of others.
 */
export function notionalAfter(facts: ExposureFacts): DecimalString {
  const { terms, price } = facts;
  const direction = directionOf(terms.side);
  const held = facts.positions
    .filter((position) => position.marketId === facts.market.id && position.side === direction)
    .map(({ cost, amount }) => dearer(cost, product(amount, price)));
  const ofDirection = ordersOfDirection(facts);
  const adding = ofDirection.filter((order) => !order.reduceOnly).map((order) => remainingCost(order, price));
  const total = sum(costOf(terms, price), ...held, ...adding);
  return terms.positionSide === null ? difference(total, offsetOf(facts, ofDirection)) : total;
}

/** Quote units. */
export function costOf({ amount, quoteAmount }: OrderTerms, price: DecimalString): DecimalString {
  return quoteAmount ?? product(amount ?? zero, price);
}

function offsetOf(facts: ExposureFacts, ofDirection: readonly OrderRecord[]): DecimalString {
  const against = positionOn(facts, oppositeOf(directionOf(facts.terms.side)));
  const taken = ofDirection.filter((order) => order.reduceOnly).map((order) => remainingAmount(order) ?? against);
  return product(atLeastZero(difference(against, sum(...taken))), facts.price);
}

/** Open orders of the market that buy or sell as this one does; in hedge mode, on its side. */
function ordersOfDirection({ market, terms, openOrders }: Omit<ExposureFacts, 'price'>): readonly OrderRecord[] {
  return openOrders.filter(
    (order) => order.marketId === market.id && order.side === terms.side && order.positionSide === terms.positionSide,
  );
}

/** Base units that may still be executed, under an edit the more of both; null where it was asked for by a quote amount. */
function remainingAmount({ amount, editAmount, filled }: OrderRecord): DecimalString | null {
  if (amount === null) return null;
  return atLeastZero(difference(editAmount === null ? amount : dearer(amount, editAmount), filled));
}

function remainingCost(order: OrderRecord, price: DecimalString): DecimalString {
  const amount = remainingAmount(order);
  if (amount === null) return atLeastZero(difference(order.quoteAmount ?? zero, order.cost));
  const prices = [order.price, order.editPrice, order.triggerPrice].filter((own) => own !== null);
  return product(amount, prices.reduce(dearer, price));
}

function positionOn({ market, positions }: Omit<ExposureFacts, 'price'>, side: PositionSide): DecimalString {
  return sum(
    ...positions
      .filter((position) => position.marketId === market.id && position.side === side)
      .map((position) => position.amount),
  );
}

function directionOf(side: OrderSide): PositionSide {
  return side === 'BUY' ? 'LONG' : 'SHORT';
}

function oppositeOf(side: PositionSide): PositionSide {
  return side === 'LONG' ? 'SHORT' : 'LONG';
}

function dearer(a: DecimalString, b: DecimalString): DecimalString {
  return compareDecimals(a, b) >= 0 ? a : b;
}

function atLeastZero(amount: DecimalString): DecimalString {
  return amount.startsWith('-') ? zero : amount;
}
