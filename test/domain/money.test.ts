import fc from 'fast-check';
import { Decimal, toDecimalString, type DecimalString } from '../../src/domain/decimal';
import { difference, isOnStep, product, quotient, roundToStep, share, sum } from '../../src/domain/money';
import { Rational, textOf } from './rational';

const cases = Number(process.env['DECIMAL_CASES'] ?? 20_000);
jest.setTimeout(60_000 + cases * 3);
const decimal = (text: string) => text as DecimalString;

/** `expect` costs more than the arithmetic; of a hundred thousand cases only the first mismatch is worth telling. */
function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

/** Below 10^12, with up to `places` decimal places, small and round ones often enough. */
const amount = (places: number) =>
  fc
    .tuple(
      fc.oneof(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.bigInt(-1000n, 1000n), fc.bigInt(-(10n ** 12n), 10n ** 12n)),
      fc.nat({ max: places }),
    )
    .map(([units, scale]) => decimal(textOf(units % 10n ** BigInt(12 + scale), scale)));
const step = fc.oneof(
  fc
    .integer({ min: -8, max: 3 })
    .map((power) => decimal(power < 0 ? textOf(1n, -power) : textOf(10n ** BigInt(power), 0))),
  fc.bigInt(1n, 10n ** 6n).map((units) => decimal(textOf(units, 8))),
);

describe('exact decimals against fractions of big integers', () => {
  it('reads every spelling of a number as the same digits', () => {
    fc.assert(
      fc.property(amount(18), fc.nat({ max: 6 }), fc.integer({ min: -12, max: 12 }), (value, zeros, exponent) => {
        const padded = `${value}${value.includes('.') ? '' : '.'}${'0'.repeat(zeros + 1)}`;
        same(toDecimalString(padded), value);
        const shifted = Rational.parse(value).over(
          exponent < 0 ? Rational.of(1n, 10n ** BigInt(-exponent)) : Rational.of(10n ** BigInt(exponent)),
        );
        same(Rational.parse(toDecimalString(`${value}e${-exponent}`)).compare(shifted), 0);
      }),
      { numRuns: cases },
    );
  });

  it('adds and subtracts to the last digit', () => {
    fc.assert(
      fc.property(fc.array(amount(18), { maxLength: 12 }), amount(18), (values, other) => {
        const total = Rational.sum(values.map((value) => Rational.parse(value)));
        same(sum(...values), total.toText());
        same(difference(sum(...values), other), total.minus(Rational.parse(other)).toText());
      }),
      { numRuns: cases },
    );
  });

  it('rounds products, shares and quotients once, half to even, at 18 places', () => {
    fc.assert(
      fc.property(amount(18), amount(18), amount(18), (a, b, c) => {
        const [x, y, z] = [Rational.parse(a), Rational.parse(b), Rational.parse(c)];
        same(product(a, b), x.times(y).toText());
        if (z.numerator === 0n) {
          expect(() => share(a, b, c)).toThrow(RangeError);
          return;
        }
        same(share(a, b, c), x.times(y).over(z).toText());
        same(quotient(a, c), x.over(z).toText());
      }),
      { numRuns: cases },
    );
  });

  it('keeps every digit of a notional and its fee at the places of exchanges', () => {
    const fees = ['0.001', '0.00075', '-0.0001', '0.0004'];
    fc.assert(
      fc.property(amount(8), amount(8), fc.constantFrom(...fees), (price, size, rate) => {
        const notional = Rational.parse(price).times(Rational.parse(size));
        same(Rational.parse(product(price, size)).compare(notional), 0);
        same(product(product(price, size), decimal(rate)), notional.times(Rational.parse(rate)).toText());
      }),
      { numRuns: cases },
    );
  });

  it('rounds to steps, down towards zero and half to even', () => {
    fc.assert(
      fc.property(amount(12), step, (value, size) => {
        const [x, unit] = [Rational.parse(value), Rational.parse(size)];
        const down = Rational.of(x.stepsDown(unit)).times(unit);
        const near = Rational.of(x.stepsHalfEven(unit)).times(unit);
        same(roundToStep(value, size, 'DOWN'), down.toText());
        same(roundToStep(value, size, 'HALF_EVEN'), near.toText());
        same(isOnStep(value, size), down.compare(x) === 0);
      }),
      { numRuns: cases },
    );
  });

  it('rounds a half to the even step, not away from zero', () => {
    const cent = decimal('0.01');
    expect(['0.005', '0.015', '-0.025', '0.0251'].map((text) => roundToStep(decimal(text), cent, 'HALF_EVEN'))).toEqual(
      ['0', '0.02', '-0.02', '0.03'],
    );
  });

  it.each([
    ['0.1', '0.2', '0.3'],
    ['0.00000001', '1000000000000', '1000000000000.00000001'],
    ['-0.00000001', '0.00000001', '0'],
    ['99999999999999999999.999999999999999999', '0.000000000000000001', '100000000000000000000'],
  ])('adds %s and %s to %s', (a, b, total) => {
    expect(sum(decimal(a), decimal(b))).toBe(total);
  });

  it('keeps the precision that the ledger was written for', () => {
    expect(new Decimal('12345678901234567890.123456789012345678').plus('0.000000000000000001').toString()).toBe(
      '12345678901234567890.123456789012345679',
    );
  });

  it.each(['0', '-0.01'])('refuses a step of %s', (size) => {
    expect(() => roundToStep(decimal('1'), decimal(size), 'DOWN')).toThrow(RangeError);
  });
});
