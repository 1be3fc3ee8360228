import type { Fill } from '../../../src/domain/orders';

/** Whole numbers of 1e-18: the book-keeper's own arithmetic, so that the one under test is not its own witness. */
const places = 18;
const one = 10n ** 18n;

export function units(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const value = BigInt(`${whole}${fraction.padEnd(places, '0')}`);
  return text.startsWith('-') ? -value : value;
}

/** Money by currency, as the fills and transfers say that it must be. */
export class PaperOracle {
  readonly #money = new Map<string, bigint>();
  /** Quote units brought in less those paid for what is held, by symbol. */
  readonly flows = new Map<string, bigint>();

  constructor(first: Readonly<Record<string, string>>) {
    for (const [currency, amount] of Object.entries(first)) this.#money.set(currency, units(amount));
  }

  total(currency: string): bigint {
    return this.#money.get(currency) ?? 0n;
  }

  /** isSwap: only the fee is money; the rest is profit once the position gets smaller. */
  book(fill: Fill, isSwap: boolean): void {
    const [price, amount, cost] = [units(fill.price), units(fill.amount), units(fill.cost)];
    expect(cost * one).toBe(price * amount);
    const sign = fill.side === 'BUY' ? 1n : -1n;
    if (isSwap) {
      const symbol = `${fill.symbol} ${fill.positionSide ?? 'NET'}`;
      this.flows.set(symbol, (this.flows.get(symbol) ?? 0n) - sign * cost);
    } else {
      this.receive('BTC', sign * amount);
      this.receive('USDT', -sign * cost);
    }
    const [fee] = fill.fees;
    const isInBase = !isSwap && fill.side === 'BUY';
    const rate = fill.takerOrMaker === 'maker' ? 1n : 2n;
    expect(fee).toMatchObject({ currency: isInBase ? 'BTC' : 'USDT' });
    const exact = (isInBase ? amount : cost) * rate;
    // A thousandth or two, the last digit rounded up.
    expect(units(fee!.cost)).toBe((exact + 999n) / 1_000n);
    this.receive(fee!.currency, -units(fee!.cost));
  }

  receive(currency: string, amount: bigint): void {
    this.#money.set(currency, this.total(currency) + amount);
  }
}

/** What can still be had of one side of the book: every level once, and what it gains. */
export class Supply {
  #levels = new Map<string, { shown: bigint; left: bigint }>();

  show(levels: readonly { readonly price: string; readonly amount: string }[]): void {
    const next = new Map<string, { shown: bigint; left: bigint }>();
    for (const { price, amount } of levels) {
      const shown = units(amount);
      const known = this.#levels.get(price);
      const gained = known === undefined ? shown : shown - known.shown;
      const left =
        known === undefined ? shown : gained > 0n ? known.left + gained : known.left < shown ? known.left : shown;
      next.set(price, { shown, left });
    }
    this.#levels = next;
  }

  has(price: string): boolean {
    return this.#levels.has(price);
  }

  /** Takes from this level. Fails the test where it has not that much. */
  take(price: string, amount: bigint): void {
    const level = this.#levels.get(price);
    expect(level?.left ?? 0n).toBeGreaterThanOrEqual(amount);
    level!.left -= amount;
  }

  /** Takes from the best levels that are acceptable, in their order. */
  takeBest(amount: bigint, isAcceptable: (price: bigint) => boolean): void {
    let wanted = amount;
    for (const [price, level] of this.#levels) {
      if (!isAcceptable(units(price))) break;
      const taken = level.left < wanted ? level.left : wanted;
      level.left -= taken;
      wanted -= taken;
    }
    expect(wanted).toBe(0n);
  }
}
