export type Side = 'BUY' | 'SELL';

/** An order that waits in the book. */
export interface RestingOrder {
  readonly id: number;
  readonly side: Side;
  readonly priceTicks: number;
  /** What is still open, in lots; the book alone changes it. */
  lots: number;
}

interface Level {
  totalLots: number;
  /** First in, first served: a Map keeps the order of arrival and removes from the middle at no cost. */
  readonly queue: Map<number, RestingOrder>;
}

/** One side of a book: price levels from the best to the worst, and at each price the orders by time of arrival. */
export class BookSide {
  private readonly levels = new Map<number, Level>();
  /** Sorted so that the best price comes first: negated prices for bids. */
  private readonly keys: number[] = [];
  private readonly sign: 1 | -1;

  constructor(side: Side) {
    this.sign = side === 'BUY' ? -1 : 1;
  }

  /** The best price in ticks, or null where the side is empty. */
  bestTicks(): number | null {
    const key = this.keys[0];
    return key === undefined ? null : key * this.sign;
  }

  /** The order that trades next at the best price. */
  first(): RestingOrder | null {
    const best = this.bestTicks();
    if (best === null) return null;
    for (const order of this.levels.get(best)?.queue.values() ?? []) return order;
    return null;
  }

  totalLotsAt(priceTicks: number): number {
    return this.levels.get(priceTicks)?.totalLots ?? 0;
  }

  levelCount(): number {
    return this.keys.length;
  }

  /** [price in ticks, lots] from the best price on, at most `depth` of them. */
  top(depth: number): [number, number][] {
    return this.keys.slice(0, depth).map((key) => [key * this.sign, this.totalLotsAt(key * this.sign)]);
  }

  /** Every order from the best on; stops where the caller stops. */
  *orders(): Generator<RestingOrder> {
    for (const key of this.keys) yield* this.levels.get(key * this.sign)?.queue.values() ?? [];
  }

  add(order: RestingOrder): void {
    let level = this.levels.get(order.priceTicks);
    if (level === undefined) {
      level = { totalLots: 0, queue: new Map() };
      this.levels.set(order.priceTicks, level);
      const key = order.priceTicks * this.sign;
      this.keys.splice(this.indexOf(key), 0, key);
    }
    level.totalLots += order.lots;
    level.queue.set(order.id, order);
  }

  /** Takes lots off an order; an order with nothing left leaves the book, and an empty level with it. */
  reduce(order: RestingOrder, lots: number): void {
    const level = this.levels.get(order.priceTicks);
    if (level?.queue.has(order.id) !== true) throw new Error(`order ${order.id} is not in the book`);
    level.totalLots -= lots;
    order.lots -= lots;
    if (order.lots === 0) level.queue.delete(order.id);
    if (level.queue.size > 0) return;
    this.levels.delete(order.priceTicks);
    this.keys.splice(this.indexOf(order.priceTicks * this.sign), 1);
  }

  /** Where a key is, or where it belongs. */
  private indexOf(key: number): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? Infinity) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
