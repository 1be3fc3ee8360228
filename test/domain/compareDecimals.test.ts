import fc from 'fast-check';
import { compareDecimals } from '../../src/domain/compareDecimals';
import { Decimal, type DecimalString } from '../../src/domain/decimal';

const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^\\d{1,${maxLength}}$`));
const decimal = fc.tuple(fc.boolean(), digits(18), fc.option(digits(18))).map(([isNegative, whole, fraction]) => {
  const trimmed = whole.replace(/^0+(?=\d)/, '');
  return `${isNegative ? '-' : ''}${trimmed}${fraction === null ? '' : `.${fraction}`}` as DecimalString;
});

describe('the order of decimals', () => {
  it('is that of their values, for any digits', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(Math.sign(compareDecimals(a, b))).toBe(new Decimal(a).comparedTo(new Decimal(b)) + 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['61824', '61824.00', 0],
    ['0.1', '0.10000000000000000001', -1],
    ['9', '10', -1],
    ['-9', '-10', 1],
    ['-0.5', '0.5', -1],
  ])('compares %s with %s', (a, b, order) => {
    expect(Math.sign(compareDecimals(a as DecimalString, b as DecimalString))).toBe(order);
  });
});
