import type { Side } from '../bookSide';
import { opposite } from '../matchingEngine';
import type { SimulatedMarket } from '../simulatedMarket';
import { costOf } from './money';

export interface Walk {
  /** What could be taken. */
  readonly lots: number;
  /** What that would cost, or bring. */
  readonly cost: bigint;
  /** The account's own orders that stand in the way. */
  readonly ownOrderIds: readonly number[];
}

/** Looks what an order would take from the book, without those of its own account, up to so many lots and so much money. */
export function walkBook(
  market: SimulatedMarket,
  isOwn: (orderId: number) => boolean,
  order: {
    readonly side: Side;
    readonly priceTicks: number | null;
    readonly lots: number;
    readonly budget: bigint | null;
  },
): Walk {
  const { spec } = market;
  const ownOrderIds: number[] = [];
  let lots = 0;
  let cost = 0n;
  for (const maker of market.engine.side(opposite(order.side)).orders()) {
    if (lots === order.lots || !isReached(order, maker.priceTicks)) break;
    if (isOwn(maker.id)) {
      ownOrderIds.push(maker.id);
      continue;
    }
    const wanted = Math.min(maker.lots, order.lots - lots);
    const affordable = order.budget === null ? wanted : lotsFor(order.budget - cost, costOf(spec, maker.priceTicks, 1));
    const taken = Math.min(wanted, affordable);
    lots += taken;
    cost += costOf(spec, maker.priceTicks, taken);
    if (taken < wanted) break;
  }
  return { lots, cost, ownOrderIds };
}

function isReached(order: { readonly side: Side; readonly priceTicks: number | null }, makerTicks: number): boolean {
  if (order.priceTicks === null) return true;
  return order.side === 'BUY' ? makerTicks <= order.priceTicks : makerTicks >= order.priceTicks;
}

function lotsFor(budget: bigint, costOfLot: bigint): number {
  return Number(budget / costOfLot);
}
