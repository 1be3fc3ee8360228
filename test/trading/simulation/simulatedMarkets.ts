import { toDecimalString, type DecimalString } from '../../../src/domain/decimal';
import { parseMarketId, toMarketId, type Market } from '../../../src/domain/market';
import type { MarketRules } from '../../../src/domain/marketRules';
import { readMarketRules } from '../../../src/exchanges/readMarketRules';
import type { MarketFacts, Quote } from '../../../src/trading/marketFacts';
import { toText, toUnits, type Units } from './units';

export const exchangeId = 'simulated';
export const priceStep = toUnits('0.01');
export const amountStep = toUnits('0.00001');

export interface SimulatedMarket {
  readonly symbol: string;
  readonly base: string;
  /** Where its price begins; it stays within a twentieth of that. */
  readonly opening: Units;
}

export const simulatedMarkets: readonly SimulatedMarket[] = [
  { symbol: 'BTC/USDT', base: 'BTC', opening: toUnits('60000') },
  { symbol: 'ETH/USDT', base: 'ETH', opening: toUnits('2500') },
];

export function lowestPrice({ opening }: SimulatedMarket): Units {
  return (opening * 19n) / 20n;
}

export function highestPrice({ opening }: SimulatedMarket): Units {
  return (opening * 21n) / 20n;
}

/** Prices are those of the exchange at this moment; a feed that has died goes on telling its last one. */
export class SimulatedMarkets implements MarketFacts {
  /** When feeds died; null while they live. */
  #diedAt: number | null = null;
  readonly #last = new Map<string, Units>();

  constructor(private readonly parts: { readonly now: () => number; readonly price: (symbol: string) => Units }) {}

  set areFeedsDead(areDead: boolean) {
    for (const { symbol } of simulatedMarkets) this.#last.set(symbol, this.parts.price(symbol));
    this.#diedAt = areDead ? this.parts.now() : null;
  }

  market(id: string): Promise<Market | null> {
    const found = simulatedMarkets.find(({ symbol }) => toMarketId(exchangeId, symbol) === id);
    return Promise.resolve(found === undefined ? null : marketOf(found));
  }

  async rules(id: string): Promise<MarketRules> {
    const market = await this.market(id);
    return readMarketRules({ limits: { cost: { min: '5' } } }, market!);
  }

  quote(id: string): Promise<Quote> {
    const { symbol } = parseMarketId(id)!;
    const price = this.#diedAt === null ? this.parts.price(symbol) : this.#last.get(symbol)!;
    return Promise.resolve({
      bid: toText(price - priceStep),
      ask: toText(price + priceStep),
      last: toText(price),
      provenAt: this.#diedAt ?? this.parts.now(),
    });
  }

  /** All is quoted in the currency of the account. */
  rate(): Promise<DecimalString | null> {
    return Promise.resolve(toDecimalString('1'));
  }

  worthOf(): DecimalString {
    return toDecimalString('0');
  }
}

function marketOf({ symbol, base }: SimulatedMarket): Market {
  return {
    id: toMarketId(exchangeId, symbol),
    exchange: exchangeId,
    symbol,
    base,
    quote: 'USDT',
    settle: null,
    type: 'SPOT',
    active: true,
    contractSize: null,
    maker: null,
    taker: null,
    pricePrecision: toText(priceStep),
    amountPrecision: toText(amountStep),
    minAmount: null,
    minCost: toDecimalString('5'),
  };
}
