import { compareDecimals } from '../domain/compareDecimals';
import type { DecimalString } from '../domain/decimal';
import type { PriceLevel } from '../domain/marketData';
import { BadMarketData } from './badMarketData';
import { readAmount, readPrice } from './readNumbers';

/** Levels kept a side; far beyond what anyone may ask for. What falls off the end is the worst price. */
const maxLevels = 5_000;

/** One side of a book in exact decimals, best price first. Levels are immutable, so that views may share them. */
export class ExactBookSide {
  #levels: PriceLevel[] = [];

  constructor(private readonly side: 'bids' | 'asks') {}

  /** Sets the amount at a price; zero removes it. The names of this and `storeArray` are those by which ccxt calls. */
  store(price: unknown, amount: unknown): void {
    const level = { price: readPrice(price), amount: readAmount(amount) };
    const index = this.#indexOf(level.price);
    const isKnown = this.#isAt(index, level.price);
    if (level.amount !== '0') this.#levels.splice(index, isKnown ? 1 : 0, level);
    else if (isKnown) this.#levels.splice(index, 1);
    if (this.#levels.length > maxLevels) this.#levels.length = maxLevels;
  }

  storeArray(delta: unknown): void {
    if (!Array.isArray(delta)) throw new BadMarketData('a level is not a list');
    this.store(delta[0], delta[1]);
  }

  clear(): void {
    this.#levels = [];
  }

  /** The best levels, best first. */
  top(depth: number): readonly PriceLevel[] {
    return this.#levels.slice(0, depth);
  }

  #isAt(index: number, price: DecimalString): boolean {
    const level = this.#levels[index];
    return level !== undefined && compareDecimals(level.price, price) === 0;
  }

  /** Where the price is, or would have to be put in. */
  #indexOf(price: DecimalString): number {
    let low = 0;
    let high = this.#levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const level = this.#levels[middle];
      if (level === undefined) throw new RangeError('search left the book');
      const difference = compareDecimals(level.price, price);
      const isBetter = this.side === 'bids' ? difference > 0 : difference < 0;
      if (isBetter) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
