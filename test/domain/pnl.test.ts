import fc from 'fast-check';
import type { DecimalString } from '../../src/domain/decimal';
import { drawdown, nextHighWaterMark, pnlOfDay } from '../../src/domain/pnl';
import { Rational, textOf } from './rational';

const decimal = (text: string) => text as DecimalString;
const money = fc.bigInt(-(10n ** 16n), 10n ** 16n).map((units) => decimal(textOf(units, 8)));
const mark = fc.record({ equity: money, unrealized: money });

describe("a day's profit and loss", () => {
  it('makes the change of equity together with its difference, whatever was booked', () => {
    const bookings = fc.record({ realized: money, fees: money, funding: money, transfers: money });
    fc.assert(
      fc.property(mark, mark, bookings, (opening, closing, booked) => {
        const day = pnlOfDay(opening, closing, booked);
        const parts = [day.realized, day.unrealizedChange, day.funding, day.transfers, day.difference];
        const total = Rational.sum(parts.map((part) => Rational.parse(part))).minus(Rational.parse(day.fees));
        const change = Rational.parse(closing.equity).minus(Rational.parse(opening.equity));
        expect(total.compare(change)).toBe(0);
        expect(day.equityChange).toBe(change.toText());
      }),
      { numRuns: 2_000 },
    );
  });

  it('says what the bookings do not explain', () => {
    const opening = { equity: decimal('1000'), unrealized: decimal('10') };
    const closing = { equity: decimal('1080'), unrealized: decimal('-5') };
    const booked = { realized: decimal('50'), fees: decimal('2'), funding: decimal('-3'), transfers: decimal('40') };
    expect(pnlOfDay(opening, closing, booked)).toMatchObject({
      equityChange: '80',
      unrealizedChange: '-15',
      difference: '10',
    });
  });
});

describe('drawdown', () => {
  it.each([
    ['80', '100', '0.2'],
    ['100', '100', '0'],
    ['120', '100', '0'],
    ['-10', '100', '1.1'],
    ['10', '0', null],
  ])('of %s below a mark of %s is %s', (equity, highWaterMark, expected) => {
    expect(drawdown(decimal(equity), decimal(highWaterMark))).toBe(expected);
  });

  it('is neither made by a withdrawal nor hidden by a deposit', () => {
    const marked = decimal('100');
    const next = (equity: string, transfers: string) =>
      nextHighWaterMark(marked, { equity: decimal(equity), transfers: decimal(transfers) });
    expect(next('60', '-40')).toBe('60');
    expect(next('140', '50')).toBe('150');
    expect(next('110', '0')).toBe('110');
    expect(next('90', '0')).toBe('100');
  });
});
