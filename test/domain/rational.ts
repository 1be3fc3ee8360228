/** An exact fraction: the oracle of money, which shares no code with it. */
export class Rational {
  private constructor(
    readonly numerator: bigint,
    readonly denominator: bigint,
  ) {}

  static of(numerator: bigint, denominator = 1n): Rational {
    return denominator < 0n ? new Rational(-numerator, -denominator) : new Rational(numerator, denominator);
  }

  static parse(text: string): Rational {
    const [whole, fraction = ''] = text.split('.');
    return Rational.of(BigInt(`${whole}${fraction}`), 10n ** BigInt(fraction.length));
  }

  static sum(parts: readonly Rational[]): Rational {
    return parts.reduce((total, part) => total.plus(part), Rational.of(0n));
  }

  plus(other: Rational): Rational {
    // Without this the denominators of a long sum grow without end.
    if (this.denominator % other.denominator === 0n) {
      const factor = this.denominator / other.denominator;
      return Rational.of(this.numerator + other.numerator * factor, this.denominator);
    }
    if (other.denominator % this.denominator === 0n) return other.plus(this);
    return Rational.of(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(Rational.of(-other.numerator, other.denominator));
  }

  times(other: Rational): Rational {
    return Rational.of(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  over(other: Rational): Rational {
    return Rational.of(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  /** Below 0, 0, above 0: as this is less than, equal to, or greater than the other. */
  compare(other: Rational): number {
    const difference = this.minus(other).numerator;
    return difference === 0n ? 0 : difference > 0n ? 1 : -1;
  }

  /** The whole number of steps towards zero. */
  stepsDown(step: Rational): bigint {
    const steps = this.over(step);
    return steps.numerator / steps.denominator;
  }

  /** The nearest whole number of steps; of two that are as near, the even one. */
  stepsHalfEven(step: Rational): bigint {
    const { numerator, denominator } = this.over(step);
    const magnitude = numerator < 0n ? -numerator : numerator;
    const down = magnitude / denominator;
    const twice = (magnitude % denominator) * 2n;
    const isUp = twice > denominator || (twice === denominator && down % 2n === 1n);
    const nearest = isUp ? down + 1n : down;
    return numerator < 0n ? -nearest : nearest;
  }

  /** Plain digits at 18 places, half to even, without zeros at the end. */
  toText(): string {
    return textOf(this.stepsHalfEven(Rational.of(1n, 10n ** 18n)), 18);
  }
}

/** A whole number of units of 10^-places as plain digits, without zeros at the end. */
export function textOf(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
