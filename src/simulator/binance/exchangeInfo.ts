import { orderTypes } from '../engine/accounts/accountOrder';
import {
  marketAmountDivisor,
  maxOpenOrders,
  maxPrice,
  maxStopOrders,
  percentPriceFactor,
  trailingBipsRange,
} from '../engine/accounts/orderRules';
import { formatUnits } from '../engine/units';
import type { MarketSpec } from '../engine/marketSpec';
import { fixed8, zero8 } from './format';
import { toDecimalString } from '../../domain/decimal';

/** Request weight a minute and address, as Binance grants it. */
export const weightLimitPerMinute = 6000;

/** GET /api/v3/exchangeInfo for these markets. */
export function exchangeInfo(specs: readonly MarketSpec[], serverTime: number): object {
  return {
    timezone: 'UTC',
    serverTime,
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightLimitPerMinute },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
      { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61_000 },
    ],
    exchangeFilters: [],
    symbols: specs.map(symbolInfo),
  };
}

function symbolInfo(spec: MarketSpec): object {
  return {
    symbol: spec.id,
    status: 'TRADING',
    baseAsset: spec.base,
    baseAssetPrecision: 8,
    quoteAsset: spec.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes,
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: false,
    amendAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: filters(spec),
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_MAKER'],
  };
}

function filters(spec: MarketSpec): object[] {
  const tickSize = fixed8(formatUnits(1, spec.priceDecimals));
  const stepSize = fixed8(formatUnits(1, spec.amountDecimals));
  const maxQty = fixed8(toDecimalString(spec.maxAmount));
  const notional = { avgPriceMins: 5, minNotional: fixed8(toDecimalString(spec.minNotional)) };
  return [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: fixed8(toDecimalString(maxPrice)), tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty, stepSize },
    { filterType: 'ICEBERG_PARTS', limit: 10 },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: zero8,
      maxQty: fixed8(toDecimalString(String(Number(spec.maxAmount) / marketAmountDivisor))),
      stepSize: zero8,
    },
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: String(percentPriceFactor),
      bidMultiplierDown: String(1 / percentPriceFactor),
      askMultiplierUp: String(percentPriceFactor),
      askMultiplierDown: String(1 / percentPriceFactor),
      avgPriceMins: 5,
    },
    {
      filterType: 'NOTIONAL',
      ...notional,
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
    },
    {
      filterType: 'TRAILING_DELTA',
      minTrailingAboveDelta: trailingBipsRange.from,
      maxTrailingAboveDelta: trailingBipsRange.to,
      minTrailingBelowDelta: trailingBipsRange.from,
      maxTrailingBelowDelta: trailingBipsRange.to,
    },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: maxOpenOrders },
    { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: maxStopOrders },
  ];
}
