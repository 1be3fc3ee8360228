import { Decimal } from '../../domain/decimal';
import type { OrderBook, PriceLevel } from '../../domain/marketData';
import type { OrderSide } from '../../domain/orders';
import { zero } from './money';

interface Taken {
  /** What the level held when it was last looked at. */
  readonly seen: Decimal;
  /** What of that this account has taken. */
  readonly taken: Decimal;
}

/** Where an order takes from: `side` is the order's. */
export interface Place {
  readonly symbol: string;
  readonly side: OrderSide;
}

const keyOf = ({ symbol, side }: Place): string => `${side} ${symbol}`;

/**
 * What one account has taken from the levels of live books. The real market does not know of it, so the level still shows it;
 * it is not there a second time. What a level gains is new; what it loses was first of all what had been taken, because real
 * takers meet the same front of the queue; a level that is gone from the book is forgotten. Kept in memory alone.
 */
export class TakenLiquidity {
  readonly #books = new Map<string, Map<string, Taken>>();

  available(place: Place, level: PriceLevel): Decimal {
    const now = new Decimal(level.amount);
    const known = this.#books.get(keyOf(place))?.get(level.price);
    return known === undefined ? now : Decimal.max(zero, now.minus(left(known, now)));
  }

  take(place: Place, level: PriceLevel, amount: Decimal): void {
    const levels = this.#books.get(keyOf(place)) ?? new Map<string, Taken>();
    const seen = new Decimal(level.amount);
    const known = levels.get(level.price);
    const before = known === undefined ? zero : left(known, seen);
    levels.set(level.price, { seen, taken: before.plus(amount) });
    this.#books.set(keyOf(place), levels);
  }

  /** The market's book is this now. */
  observe(symbol: string, book: OrderBook): void {
    this.#observe(keyOf({ symbol, side: 'BUY' }), book.asks);
    this.#observe(keyOf({ symbol, side: 'SELL' }), book.bids);
  }

  #observe(key: string, levels: readonly PriceLevel[]): void {
    const known = this.#books.get(key);
    if (known === undefined) return;
    const still = new Map<string, Taken>();
    for (const { price, amount } of levels) {
      const entry = known.get(price);
      if (entry === undefined) continue;
      const seen = new Decimal(amount);
      const taken = left(entry, seen);
      if (taken.greaterThan(0)) still.set(price, { seen, taken });
    }
    if (still.size > 0) this.#books.set(key, still);
    else this.#books.delete(key);
  }
}

/** What is left of the taken amount now that the level holds `now`. */
function left({ seen, taken }: Taken, now: Decimal): Decimal {
  const lost = Decimal.max(zero, seen.minus(now));
  return Decimal.max(zero, taken.minus(lost));
}

/** What one change takes: of no effect until the change is stored. */
export class PendingTakes {
  readonly #takes: { readonly place: Place; readonly level: PriceLevel; readonly amount: Decimal }[] = [];

  constructor(private readonly taken: TakenLiquidity) {}

  available(place: Place, level: PriceLevel): Decimal {
    const own = this.#takes.filter((take) => keyOf(take.place) === keyOf(place) && take.level.price === level.price);
    const now = own.reduce((sum, { amount }) => sum.minus(amount), this.taken.available(place, level));
    return Decimal.max(zero, now);
  }

  take(place: Place, level: PriceLevel, amount: Decimal): void {
    this.#takes.push({ place, level, amount });
  }

  settle(): void {
    for (const { place, level, amount } of this.#takes) this.taken.take(place, level, amount);
  }
}
