import type { DecimalString } from '../../src/domain/decimal';
import { toDecimalString } from '../../src/domain/decimal';
import type { MarketRules, PriceBand, ReferencePrice, ValueRange } from '../../src/domain/marketRules';
import type { OrderType } from '../../src/domain/orders';

export type RawFilter = Readonly<Record<string, unknown>> & { readonly filterType: string };
export interface RawSymbol {
  readonly symbol: string;
  readonly orderTypes: readonly string[];
  readonly filters: readonly RawFilter[];
}

const spotTypes: Readonly<Record<string, OrderType>> = {
  LIMIT: 'LIMIT',
  MARKET: 'MARKET',
  STOP_LOSS: 'STOP',
  STOP_LOSS_LIMIT: 'STOP_LIMIT',
  TAKE_PROFIT: 'TAKE_PROFIT',
  TAKE_PROFIT_LIMIT: 'TAKE_PROFIT_LIMIT',
};
const swapTypes: Readonly<Record<string, OrderType>> = {
  LIMIT: 'LIMIT',
  MARKET: 'MARKET',
  STOP: 'STOP_LIMIT',
  STOP_MARKET: 'STOP',
  TAKE_PROFIT: 'TAKE_PROFIT_LIMIT',
  TAKE_PROFIT_MARKET: 'TAKE_PROFIT',
  TRAILING_STOP_MARKET: 'TRAILING_STOP',
};

/** The order types of a symbol in our words. */
export function typesOf(raw: RawSymbol, isSwap: boolean): readonly OrderType[] {
  const types = raw.orderTypes.flatMap((name) => (isSwap ? swapTypes : spotTypes)[name] ?? []);
  const mayTrail = raw.filters.some((filter) => filter.filterType === 'TRAILING_DELTA');
  return mayTrail ? [...types, 'TRAILING_STOP'] : types;
}

/** A small reader for these tests alone: of Binance's filters, as they are written, into our rules. */
export function rulesOf(raw: RawSymbol, isSwap: boolean): MarketRules {
  const one = (type: string) => raw.filters.find((filter) => filter.filterType === type);
  const bound = (filter: RawFilter | undefined, field: string): DecimalString | null => {
    const text = filter?.[field] === undefined ? null : toDecimalString(filter[field]);
    return text === '0' ? null : text;
  };
  const range = (filter: RawFilter | undefined, [min, max, step]: readonly [string, string, string]): ValueRange => ({
    min: bound(filter, min),
    max: bound(filter, max),
    step: bound(filter, step),
  });
  const reference = (filter: RawFilter | undefined): ReferencePrice =>
    isSwap
      ? { kind: 'MARK' }
      : filter?.avgPriceMins === 0
        ? { kind: 'LAST' }
        : { kind: 'AVERAGE', minutes: Number(filter?.avgPriceMins) };
  const band = one('PERCENT_PRICE');
  const bandBySide = one('PERCENT_PRICE_BY_SIDE');
  const both: PriceBand = { down: bound(band, 'multiplierDown'), up: bound(band, 'multiplierUp') };
  const cost = one('NOTIONAL') ?? one('MIN_NOTIONAL');
  const orders = one('MAX_NUM_ORDERS');
  const algoOrders = one('MAX_NUM_ALGO_ORDERS');
  const trailing = one('TRAILING_DELTA');
  const fraction = (field: string) =>
    trailing === undefined ? null : toDecimalString(`${String(trailing[field])}e-4`);
  return {
    orderTypes: typesOf(raw, isSwap),
    price: range(one('PRICE_FILTER'), ['minPrice', 'maxPrice', 'tickSize']),
    amount: range(one('LOT_SIZE'), ['minQty', 'maxQty', 'stepSize']),
    marketAmount: range(one('MARKET_LOT_SIZE'), ['minQty', 'maxQty', 'stepSize']),
    cost: {
      min: bound(cost, isSwap ? 'notional' : 'minNotional'),
      max: bound(cost, 'maxNotional'),
      doesMinApplyToMarket: isSwap || cost?.applyToMarket === true || cost?.applyMinToMarket === true,
      doesMaxApplyToMarket: cost?.applyMaxToMarket === true,
      isReduceOnlyExempt: isSwap,
      reference: reference(cost),
    },
    priceBands:
      band !== undefined
        ? {
            buy: isSwap ? { down: null, up: both.up } : both,
            sell: isSwap ? { down: both.down, up: null } : both,
            reference: reference(band),
          }
        : bandBySide === undefined
          ? null
          : {
              buy: { down: bound(bandBySide, 'bidMultiplierDown'), up: bound(bandBySide, 'bidMultiplierUp') },
              sell: { down: bound(bandBySide, 'askMultiplierDown'), up: bound(bandBySide, 'askMultiplierUp') },
              reference: reference(bandBySide),
            },
    trailingDelta: {
      above: { min: fraction('minTrailingAboveDelta'), max: fraction('maxTrailingAboveDelta'), step: null },
      below: { min: fraction('minTrailingBelowDelta'), max: fraction('maxTrailingBelowDelta'), step: null },
    },
    maxOpenOrders: orders === undefined ? null : Number(orders.maxNumOrders ?? orders.limit),
    maxOpenAlgoOrders: algoOrders === undefined ? null : Number(algoOrders.maxNumAlgoOrders ?? algoOrders.limit),
  };
}

/** Shaped as Binance's, with the filters that the recordings are too old for. */
export const inventedSymbols: readonly RawSymbol[] = [
  {
    symbol: 'AAABBB',
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'],
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
      { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
      { filterType: 'MARKET_LOT_SIZE', minQty: '0.00000000', maxQty: '72.60400000', stepSize: '0.00000000' },
      {
        filterType: 'PERCENT_PRICE_BY_SIDE',
        bidMultiplierUp: '1.2',
        bidMultiplierDown: '0.2',
        askMultiplierUp: '5',
        askMultiplierDown: '0.8',
        avgPriceMins: 5,
      },
      {
        filterType: 'NOTIONAL',
        minNotional: '5.00000000',
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 0,
      },
      {
        filterType: 'TRAILING_DELTA',
        minTrailingAboveDelta: 10,
        maxTrailingAboveDelta: 2000,
        minTrailingBelowDelta: 20,
        maxTrailingBelowDelta: 1000,
      },
      { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 200 },
      { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: 5 },
    ],
  },
  {
    symbol: 'CCCDDD',
    orderTypes: ['LIMIT', 'MARKET'],
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.00000000', maxPrice: '0.00000000', tickSize: '0.00000300' },
      { filterType: 'LOT_SIZE', minQty: '7.00000000', maxQty: '70000.00000000', stepSize: '7.00000000' },
      { filterType: 'MIN_NOTIONAL', minNotional: '0.00010000', applyToMarket: false, avgPriceMins: 5 },
    ],
  },
];

export const inventedSwaps: readonly RawSymbol[] = [
  {
    symbol: 'EEEFFF',
    orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'],
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.50', maxPrice: '400000', tickSize: '0.10' },
      { filterType: 'LOT_SIZE', minQty: '0.002', maxQty: '500', stepSize: '0.002' },
      { filterType: 'MARKET_LOT_SIZE', minQty: '0.002', maxQty: '60', stepSize: '0.002' },
      { filterType: 'MAX_NUM_ORDERS', limit: 200 },
      { filterType: 'MAX_NUM_ALGO_ORDERS', limit: 10 },
      { filterType: 'MIN_NOTIONAL', notional: '100' },
      { filterType: 'PERCENT_PRICE', multiplierUp: '1.0500', multiplierDown: '0.9500', multiplierDecimal: '4' },
    ],
  },
];
