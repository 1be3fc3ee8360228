import { Decimal, toDecimalString, type DecimalString } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import type { CostRule, MarketRules, PriceBand, ReferencePrice, ValueRange } from '../../domain/marketRules';
import type { OrderType } from '../../domain/orders';
import { optional, readAmount, readList, readRecord, readText } from '../readNumbers';
import { orderTypeOf } from './binanceOrderTypes';

type Filter = Readonly<Record<string, unknown>>;
type Filters = ReadonlyMap<string, Filter>;

/** Binance counts how far a spot order trails in basis points, and that of a swap in percent with one decimal. */
const bips = '10000';
const swapTrailing: ValueRange = {
  min: '0.001' as DecimalString,
  max: '0.1' as DecimalString,
  step: '0.001' as DecimalString,
};

/**
 * Reads the rules of a market from Binance's own entry of it in exchangeInfo. Throws BadMarketData.
 * Source: Binance spot API, filters; USD-M futures, exchange information.
 */
export function readBinanceRules(value: unknown, market: Market): MarketRules {
  const info = readRecord(readRecord(value, 'market').info, 'market');
  const isSwap = market.type === 'SWAP';
  const filters = readFilters(info.filters);
  const counts = { orders: filters.get('MAX_NUM_ORDERS'), algos: filters.get('MAX_NUM_ALGO_ORDERS') };
  return {
    orderTypes: readOrderTypes(info, filters, isSwap),
    price: range(filters.get('PRICE_FILTER'), 'minPrice', { max: 'maxPrice', step: 'tickSize' }),
    amount: range(filters.get('LOT_SIZE'), 'minQty', { max: 'maxQty', step: 'stepSize' }),
    marketAmount: range(filters.get('MARKET_LOT_SIZE'), 'minQty', { max: 'maxQty', step: 'stepSize' }),
    cost: readCost(filters, isSwap),
    priceBands: readBands(filters, isSwap),
    trailingDelta: isSwap
      ? { above: swapTrailing, below: swapTrailing }
      : { above: trailing(filters, 'Above'), below: trailing(filters, 'Below') },
    maxOpenOrders: count(counts.orders?.maxNumOrders ?? counts.orders?.limit),
    maxOpenAlgoOrders: count(counts.algos?.maxNumAlgoOrders ?? counts.algos?.limit),
  };
}

function readFilters(value: unknown): Filters {
  const filters = readList(value, 'filters').map((filter) => readRecord(filter, 'filter'));
  return new Map(filters.map((filter) => [readText(filter.filterType, 'filter type'), filter]));
}

function readOrderTypes(info: Filter, filters: Filters, isSwap: boolean): readonly OrderType[] {
  const named = readList(info.orderTypes ?? [], 'order types').flatMap((name) => {
    const type = orderTypeOf(readText(name, 'order type'), isSwap);
    return type === null ? [] : [type];
  });
  const mayTrail = filters.has('TRAILING_DELTA') && info.allowTrailingStop !== false;
  return [...new Set([...named, ...(mayTrail ? (['TRAILING_STOP'] as const) : [])])];
}

/** Of spot NOTIONAL, or MIN_NOTIONAL in older entries; of swaps MIN_NOTIONAL with names of its own. */
function readCost(filters: Filters, isSwap: boolean): CostRule {
  const filter = filters.get('NOTIONAL') ?? filters.get('MIN_NOTIONAL');
  return {
    min: bound(filter?.minNotional ?? filter?.notional),
    max: bound(filter?.maxNotional),
    doesMinApplyToMarket: isSwap || filter?.applyMinToMarket === true || filter?.applyToMarket === true,
    doesMaxApplyToMarket: filter?.applyMaxToMarket === true,
    isReduceOnlyExempt: isSwap,
    reference: referenceOf(filter, isSwap),
  };
}

/** On swaps, a buyer's limit is bounded from above and a seller's from below. */
function readBands(filters: Filters, isSwap: boolean): MarketRules['priceBands'] {
  const bySide = filters.get('PERCENT_PRICE_BY_SIDE');
  if (bySide !== undefined) {
    return {
      buy: { down: bound(bySide.bidMultiplierDown), up: bound(bySide.bidMultiplierUp) },
      sell: { down: bound(bySide.askMultiplierDown), up: bound(bySide.askMultiplierUp) },
      reference: referenceOf(bySide, isSwap),
    };
  }
  const filter = filters.get('PERCENT_PRICE');
  if (filter === undefined) return null;
  const both: PriceBand = { down: bound(filter.multiplierDown), up: bound(filter.multiplierUp) };
  return {
    buy: isSwap ? { ...both, down: null } : both,
    sell: isSwap ? { ...both, up: null } : both,
    reference: referenceOf(filter, isSwap),
  };
}

/** Zero minutes is Binance's word for the last price. */
function referenceOf(filter: Filter | undefined, isSwap: boolean): ReferencePrice {
  if (isSwap) return { kind: 'MARK' };
  const minutes = count(filter?.avgPriceMins);
  return minutes === null || minutes === 0 ? { kind: 'LAST' } : { kind: 'AVERAGE', minutes };
}

function range(
  filter: Filter | undefined,
  min: string,
  others: { readonly max: string; readonly step: string },
): ValueRange {
  return { min: bound(filter?.[min]), max: bound(filter?.[others.max]), step: bound(filter?.[others.step]) };
}

function trailing(filters: Filters, side: 'Above' | 'Below'): ValueRange {
  const filter = filters.get('TRAILING_DELTA');
  const fraction = (end: 'min' | 'max'): DecimalString | null => {
    const delta = bound(filter?.[`${end}Trailing${side}Delta`]);
    return delta === null ? null : toDecimalString(new Decimal(delta).dividedBy(bips).toFixed());
  };
  return { min: fraction('min'), max: fraction('max'), step: filter === undefined ? null : toDecimalString('0.0001') };
}

/** Binance writes "none" as zero. */
function bound(value: unknown): DecimalString | null {
  const amount = optional(value, (present) => readAmount(present, 'bound of a filter'));
  return amount === '0' ? null : amount;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
