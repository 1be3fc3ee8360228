import fc from 'fast-check';
import { toDecimalString } from '../../src/domain/decimal';
import type { PriceLevel } from '../../src/domain/marketData';
import { differenceOf } from '../../src/streams/bookDifference';

const sides = ['bids', 'asks'] as const;
const levels = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3 })), {
  selector: ([price]) => price,
});

function view(side: (typeof sides)[number], pairs: readonly (readonly [number, number])[]): PriceLevel[] {
  const sorted = pairs.toSorted(([a], [b]) => (side === 'bids' ? b - a : a - b));
  return sorted.map(([price, amount]) => ({ price: toDecimalString(price / 4), amount: toDecimalString(amount) }));
}

describe('the difference of two views of a book', () => {
  it.each(sides)('turns any %s into any others, and names nothing that has not changed', (side) => {
    fc.assert(
      fc.property(levels, levels, (before, after) => {
        const from = view(side, before);
        const to = view(side, after);
        const book = new Map(from.map(({ price, amount }) => [price, amount]));
        for (const { price, amount } of differenceOf(side, from, to)) {
          expect(book.get(price) ?? '0').not.toBe(amount);
          if (amount === '0') book.delete(price);
          else book.set(price, amount);
        }
        expect(book).toEqual(new Map(to.map(({ price, amount }) => [price, amount])));
      }),
    );
  });
});
