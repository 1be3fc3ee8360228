import { moneyDecimals } from '../accounts/money';
import type { SimulatedMarket } from '../simulatedMarket';

/** Mark prices of the contracts, in money units for one base unit: the middle of the book, unless one was set. */
export class MarkPrices {
  private readonly fixed = new Map<string, bigint>();

  constructor(private readonly markets: ReadonlyMap<string, SimulatedMarket>) {}

  /** Sets a mark price that stays, or null to let it follow the book again. */
  fix(symbol: string, price: bigint | null): void {
    if (price === null) this.fixed.delete(symbol);
    else this.fixed.set(symbol, price);
  }

  readonly of = (symbol: string): bigint => {
    const fixed = this.fixed.get(symbol);
    if (fixed !== undefined) return fixed;
    const market = this.markets.get(symbol);
    if (market === undefined) throw new RangeError(`there is no contract ${symbol}`);
    const { engine } = market;
    const last = market.lastTicks() ?? 0;
    const bid = engine.side('BUY').bestTicks() ?? last;
    const ask = engine.side('SELL').bestTicks() ?? last;
    return (BigInt(bid + ask) * 10n ** BigInt(moneyDecimals - market.spec.priceDecimals)) / 2n;
  };

  /** The same in ticks; may be a fraction. */
  ticks(market: SimulatedMarket): number {
    return Number(this.of(market.spec.id)) / 10 ** (moneyDecimals - market.spec.priceDecimals);
  }
}
