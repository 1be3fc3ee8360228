import { BookSide, type RestingOrder, type Side } from './bookSide';

export type TimeInForce = 'GTC' | 'IOC' | 'FOK';

export interface NewOrder {
  readonly id: number;
  readonly side: Side;
  /** Null takes any price: a market order, which never rests. */
  readonly priceTicks: number | null;
  readonly lots: number;
  readonly timeInForce: TimeInForce;
}

export interface Fill {
  readonly makerOrderId: number;
  readonly takerOrderId: number;
  readonly takerSide: Side;
  readonly priceTicks: number;
  readonly lots: number;
  /** What the maker still has in the book after this fill. */
  readonly makerRemainingLots: number;
}

export interface LevelChange {
  readonly side: Side;
  readonly priceTicks: number;
  /** The level's new total; 0 where it is gone. */
  readonly lots: number;
}

export interface Execution {
  /** In the order they happened: best price first, then first come first served. */
  readonly fills: readonly Fill[];
  /** Not filled. It rests in the book where `isResting`, else it is gone. */
  readonly remainingLots: number;
  readonly isResting: boolean;
  /** Every price whose total changed, once each, with its total after the whole execution. */
  readonly levels: readonly LevelChange[];
}

/**
 * A limit order book with price-time priority on whole ticks and lots. Own code rather than a package: those on npm compute
 * in floats and read the wall clock, and a simulation must be exact and repeatable.
 */
export class MatchingEngine {
  private readonly sides: Readonly<Record<Side, BookSide>> = { BUY: new BookSide('BUY'), SELL: new BookSide('SELL') };
  private readonly resting = new Map<number, RestingOrder>();

  side(side: Side): BookSide {
    return this.sides[side];
  }

  order(id: number): RestingOrder | null {
    return this.resting.get(id) ?? null;
  }

  /** True where an order at this price would trade at once. */
  wouldCross(side: Side, priceTicks: number | null): boolean {
    const best = this.sides[opposite(side)].bestTicks();
    return best !== null && isAcceptable(side, priceTicks, best);
  }

  /** Lots that an order could take now, counted no further than `atMost`. */
  availableLots(side: Side, priceTicks: number | null, atMost: number): number {
    let found = 0;
    for (const maker of this.sides[opposite(side)].orders()) {
      if (found >= atMost || !isAcceptable(side, priceTicks, maker.priceTicks)) break;
      found += maker.lots;
    }
    return Math.min(found, atMost);
  }

  /** Matches an order and lets the rest of a GTC limit order wait in the book. A FOK order that cannot be filled whole changes nothing. */
  place(order: NewOrder): Execution {
    const { id, side, priceTicks, timeInForce } = order;
    if (this.resting.has(id)) throw new Error(`order id ${id} is taken`);
    if (!Number.isSafeInteger(order.lots) || order.lots <= 0) throw new RangeError(`lots: ${order.lots}`);
    if (timeInForce === 'FOK' && this.availableLots(side, priceTicks, order.lots) < order.lots) {
      return { fills: [], remainingLots: order.lots, isResting: false, levels: [] };
    }

    const fills = this.match(order);
    const touched = new Set(fills.map((fill) => fill.priceTicks));
    const remainingLots = fills.reduce((left, fill) => left - fill.lots, order.lots);
    const levels = [...touched].map((ticks) => this.levelChange(opposite(side), ticks));
    const isResting = remainingLots > 0 && priceTicks !== null && timeInForce === 'GTC';
    if (isResting) {
      const rest: RestingOrder = { id, side, priceTicks, lots: remainingLots };
      this.sides[side].add(rest);
      this.resting.set(id, rest);
      levels.push(this.levelChange(side, priceTicks));
    }
    return { fills, remainingLots, isResting, levels };
  }

  /** Takes an order out of the book. Null where it is not there (filled, cancelled, never placed). */
  cancel(
    id: number,
  ): { readonly order: RestingOrder; readonly remainingLots: number; readonly level: LevelChange } | null {
    const order = this.resting.get(id);
    if (order === undefined) return null;
    const remainingLots = order.lots;
    this.sides[order.side].reduce(order, remainingLots);
    this.resting.delete(id);
    return { order, remainingLots, level: this.levelChange(order.side, order.priceTicks) };
  }

  private match(order: NewOrder): Fill[] {
    const makers = this.sides[opposite(order.side)];
    const fills: Fill[] = [];
    let left = order.lots;
    while (left > 0) {
      const maker = makers.first();
      if (maker === null || !isAcceptable(order.side, order.priceTicks, maker.priceTicks)) break;
      const lots = Math.min(left, maker.lots);
      makers.reduce(maker, lots);
      if (maker.lots === 0) this.resting.delete(maker.id);
      left -= lots;
      fills.push({
        makerOrderId: maker.id,
        takerOrderId: order.id,
        takerSide: order.side,
        priceTicks: maker.priceTicks,
        lots,
        makerRemainingLots: maker.lots,
      });
    }
    return fills;
  }

  private levelChange(side: Side, priceTicks: number): LevelChange {
    return { side, priceTicks, lots: this.sides[side].totalLotsAt(priceTicks) };
  }
}

export function opposite(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY';
}

function isAcceptable(side: Side, limitTicks: number | null, priceTicks: number): boolean {
  if (limitTicks === null) return true;
  return side === 'BUY' ? priceTicks <= limitTicks : priceTicks >= limitTicks;
}
