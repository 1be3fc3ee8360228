import type { DecimalString } from '../../domain/decimal';
import { parseMarketId } from '../../domain/market';
import { difference, product, sum } from '../../domain/money';
import { unrealizedPnl } from '../../domain/position';
import type { AmountsByCurrency } from '../../storage/trading/equityDays';
import type { BalanceRecord, PositionRecord } from '../../storage/trading/records';
import type { Prices } from './priceTable';

const zero = '0' as DecimalString;

/** What an account is worth, in its currency. */
export interface Valuation {
  /** Every balance at its price, and what open swaps would bring in. */
  readonly equity: DecimalString;
  /** Of positions: what their coins are worth above what they cost, and what open swaps would bring in. */
  readonly unrealized: DecimalString;
  /** What is held otherwise than in positions: coins, less those of spot positions, plus what these had cost. May be below 0. */
  readonly holdings: AmountsByCurrency;
  /** What one unit of each currency concerned is worth. */
  readonly rates: AmountsByCurrency;
}

/**
 * Values an account, exact but for the 18th decimal place of each product. Null where a price that it needs is not known.
 * A coin that the exchange has no way to turn into the account's currency counts as nothing, since nothing can be got for it there;
 * where it is owed, or a swap settles in it, the worth of the account is not known.
 */
export async function valueAccount(
  held: {
    readonly currency: string;
    readonly balances: readonly BalanceRecord[];
    readonly positions: readonly PositionRecord[];
  },
  prices: Prices,
): Promise<Valuation | null> {
  const totals = new Amounts(held.balances.map(({ currency, total }) => [currency, total]));
  const holdings = new Amounts(held.balances.map(({ currency, total }) => [currency, total]));
  const owed = new Amounts();
  for (const position of held.positions) {
    if (isSwap(position)) {
      const mark = await prices.mark(position.marketId);
      if (mark === null) return null;
      owed.add(position.currency, unrealizedPnl(position, mark));
      continue;
    }
    const { base, quote } = currenciesOf(position);
    holdings.add(base, difference(zero, position.amount));
    holdings.add(quote, position.cost);
  }
  const rates = await readRates([totals, holdings, owed], held.currency, prices);
  if (rates === null) return null;
  const unrealizedOfSwaps = owed.worth(rates);
  const equity = sum(totals.worth(rates), unrealizedOfSwaps);
  return { equity, unrealized: difference(equity, holdings.worth(rates)), holdings: holdings.toRecord(), rates };
}

/** Of all currencies of which anything is held; null where one of them cannot be priced. */
async function readRates(
  [totals, holdings, owed]: readonly [Amounts, Amounts, Amounts],
  to: string,
  prices: Prices,
): Promise<AmountsByCurrency | null> {
  const rates: Record<string, DecimalString> = {};
  for (const currency of new Set([...totals.currencies(), ...holdings.currencies(), ...owed.currencies()])) {
    const conversion = await prices.convert(currency, to);
    if (conversion.kind === 'unknown') return null;
    const isNeeded = owed.get(currency) !== zero || totals.get(currency).startsWith('-');
    if (conversion.kind === 'none' && isNeeded) return null;
    rates[currency] = conversion.kind === 'none' ? zero : conversion.rate;
  }
  return rates;
}

/** Contracts are a matter of swaps; what was bought on the spot lies among the balances. */
export function isSwap(position: PositionRecord): boolean {
  return position.contractSize !== null;
}

function currenciesOf({ marketId }: PositionRecord): { readonly base: string; readonly quote: string } {
  const [base, quote] = parseMarketId(marketId)?.symbol.split('/') ?? [];
  if (base === undefined || quote === undefined) throw new RangeError(`not a spot market: ${marketId}`);
  return { base, quote };
}

/** Amounts by currency; what is zero is not there. */
class Amounts {
  readonly #amounts = new Map<string, DecimalString>();

  constructor(entries: readonly (readonly [currency: string, amount: DecimalString])[] = []) {
    for (const [currency, amount] of entries) this.add(currency, amount);
  }

  add(currency: string, amount: DecimalString): void {
    const total = sum(this.get(currency), amount);
    if (total === zero) this.#amounts.delete(currency);
    else this.#amounts.set(currency, total);
  }

  get(currency: string): DecimalString {
    return this.#amounts.get(currency) ?? zero;
  }

  currencies(): readonly string[] {
    return [...this.#amounts.keys()];
  }

  worth(rates: AmountsByCurrency): DecimalString {
    return worthOf(this.toRecord(), rates);
  }

  toRecord(): AmountsByCurrency {
    return Object.fromEntries(this.#amounts);
  }
}

/** At these rates; what has none counts as nothing. */
export function worthOf(amounts: AmountsByCurrency, rates: AmountsByCurrency): DecimalString {
  return sum(...Object.entries(amounts).map(([currency, amount]) => product(amount, rates[currency] ?? zero)));
}
