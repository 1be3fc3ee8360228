import type { MarketReference } from '../../src/domain/checkMarketRules';
import type { OrderTerms } from '../../src/domain/orders';
import { typesOf, type RawFilter, type RawSymbol } from './exchangeFilters';

/** Numbers in units of 1e-18: wide enough for every filter, and nothing of the code under test. */
const places = 18;
function units(text: unknown): bigint {
  const [whole = '', fraction = ''] = String(text).split('.');
  return BigInt(`${whole}${fraction.padEnd(places, '0')}`);
}
const unit = 10n ** BigInt(places);

interface Asked {
  readonly terms: OrderTerms;
  readonly reference: MarketReference;
  readonly isSwap: boolean;
}
type Test = (filter: RawFilter, asked: Asked) => boolean;

const isMarket = (terms: OrderTerms) => terms.price === null;
const isStop = (terms: OrderTerms) => terms.type !== 'MARKET' && terms.type !== 'LIMIT';

function isWithin(value: bigint, [min, max, step]: readonly unknown[]): boolean {
  const [least, most, grid] = [units(min), units(max), units(step)];
  return value >= least && (most === 0n || value <= most) && (grid === 0n || value % grid === 0n);
}

function marketPrice(filter: RawFilter, { reference, isSwap }: Asked): bigint {
  if (isSwap) return units(reference.markPrice);
  return units(filter.avgPriceMins === 0 ? reference.lastPrice : reference.averagePrice);
}

/** In units of 1e-36, which is what the product of two has. */
function notionals(filter: RawFilter, asked: Asked): readonly bigint[] {
  const { terms } = asked;
  if (terms.quoteAmount !== null) return [units(terms.quoteAmount) * unit];
  const amount = units(terms.amount);
  if (terms.price !== null) return [units(terms.price) * amount];
  const atMarket = marketPrice(filter, asked) * amount;
  // Not documented: of a stop that executes at market our rules are the stricter of both readings.
  return terms.triggerPrice === null ? [atMarket] : [atMarket, units(terms.triggerPrice) * amount];
}

const isAmountWithin = ({ minQty, maxQty, stepSize }: RawFilter, { terms }: Asked) =>
  terms.amount === null || isWithin(units(terms.amount), [minQty, maxQty, stepSize]);

function isPriceBetween(asked: Asked, filter: RawFilter, multiples: readonly unknown[]): boolean {
  if (asked.terms.price === null) return true;
  const price = units(asked.terms.price) * unit;
  const market = marketPrice(filter, asked);
  const [down, up] = multiples;
  return (down === null || price >= market * units(down)) && (up === null || price <= market * units(up));
}

/** True where the order passes. From https://developers.binance.com/docs/binance-spot-api-docs/filters and the USD-M counterpart. */
const documented: Readonly<Record<string, Test>> = {
  PRICE_FILTER: ({ minPrice, maxPrice, tickSize }, { terms }) =>
    [terms.price, terms.triggerPrice].every(
      (price) => price === null || isWithin(units(price), [minPrice, maxPrice, tickSize]),
    ),
  LOT_SIZE: isAmountWithin,
  MARKET_LOT_SIZE: (filter, asked) => !isMarket(asked.terms) || isAmountWithin(filter, asked),
  PERCENT_PRICE: (filter, asked) => {
    const { multiplierDown: down, multiplierUp: up } = filter;
    if (!asked.isSwap) return isPriceBetween(asked, filter, [down, up]);
    return isPriceBetween(asked, filter, asked.terms.side === 'BUY' ? [null, up] : [down, null]);
  },
  PERCENT_PRICE_BY_SIDE: (filter, asked) =>
    isPriceBetween(
      asked,
      filter,
      asked.terms.side === 'BUY'
        ? [filter.bidMultiplierDown, filter.bidMultiplierUp]
        : [filter.askMultiplierDown, filter.askMultiplierUp],
    ),
  MIN_NOTIONAL: (filter, asked) => {
    if (isMarket(asked.terms) && !asked.isSwap && filter.applyToMarket !== true) return true;
    if (asked.isSwap && asked.terms.reduceOnly) return true;
    return notionals(filter, asked).every((cost) => cost >= units(filter.minNotional ?? filter.notional) * unit);
  },
  NOTIONAL: (filter, asked) => {
    const { terms } = asked;
    const costs = notionals(filter, asked);
    const hasEnough =
      (isMarket(terms) && filter.applyMinToMarket !== true) ||
      costs.every((cost) => cost >= units(filter.minNotional) * unit);
    const hasNotTooMuch =
      (isMarket(terms) && filter.applyMaxToMarket !== true) ||
      costs.every((cost) => cost <= units(filter.maxNotional) * unit);
    return hasEnough && hasNotTooMuch;
  },
  TRAILING_DELTA: (filter, { terms }) => {
    if (terms.trailingDelta === null) return true;
    const bips = units(terms.trailingDelta) * 10_000n;
    const [min, max] =
      terms.side === 'BUY'
        ? [filter.minTrailingAboveDelta, filter.maxTrailingAboveDelta]
        : [filter.minTrailingBelowDelta, filter.maxTrailingBelowDelta];
    return bips >= units(min) && bips <= units(max);
  },
  MAX_NUM_ORDERS: (filter, { reference }) => reference.openOrders < Number(filter.maxNumOrders ?? filter.limit),
  MAX_NUM_ALGO_ORDERS: (filter, { terms, reference }) =>
    !isStop(terms) || reference.openAlgoOrders < Number(filter.maxNumAlgoOrders ?? filter.limit),
};

/** The filters that an order fails, by Binance's names. */
export function failedFilters(raw: RawSymbol, asked: Asked): readonly string[] {
  const failed = raw.filters
    .filter((filter) => documented[filter.filterType]?.(filter, asked) === false)
    .map((filter) => filter.filterType);
  return typesOf(raw, asked.isSwap).includes(asked.terms.type) ? failed : ['ORDER_TYPE', ...failed];
}
