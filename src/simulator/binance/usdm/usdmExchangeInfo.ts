import { marginAsset } from '../../engine/futures/contracts';
import { conditionalTypes } from '../../engine/futures/futuresOrder';
import {
  marketAmountDivisor,
  maxOpenConditions,
  maxOpenOrders,
  maxPrice,
  percentPrice,
} from '../../engine/futures/futuresRules';
import type { MarketSpec } from '../../engine/marketSpec';
import { formatUnits } from '../../engine/units';

/** Request weight a minute and address, as Binance grants it. */
export const usdmWeightLimitPerMinute = 2400;

const onboardDate = 1_569_398_400_000;
/** What stands for "never" on a perpetual contract. */
const deliveryDate = 4_133_404_800_000;

/** GET /fapi/v1/exchangeInfo for these contracts. */
export function usdmExchangeInfo(specs: readonly MarketSpec[], serverTime: number): object {
  return {
    timezone: 'UTC',
    serverTime,
    futuresType: 'U_MARGINED',
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: usdmWeightLimitPerMinute },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 1200 },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 300 },
    ],
    exchangeFilters: [],
    assets: [{ asset: marginAsset, marginAvailable: true, autoAssetExchange: '-10000' }],
    symbols: specs.map(symbolInfo),
  };
}

function symbolInfo(spec: MarketSpec): object {
  return {
    symbol: spec.id,
    pair: spec.id,
    contractType: 'PERPETUAL',
    deliveryDate,
    onboardDate,
    status: 'TRADING',
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset: spec.base,
    quoteAsset: spec.quote,
    marginAsset,
    pricePrecision: spec.priceDecimals,
    quantityPrecision: spec.amountDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: ['PoW'],
    triggerProtect: '0.0500',
    liquidationFee: '0.015000',
    marketTakeBound: '0.05',
    maxMoveOrderLimit: 10_000,
    filters: filters(spec),
    orderTypes: ['LIMIT', 'MARKET', ...conditionalTypes],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
  };
}

function filters(spec: MarketSpec): object[] {
  const tickSize = formatUnits(1, spec.priceDecimals);
  const stepSize = formatUnits(1, spec.amountDecimals);
  return [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice, tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: spec.maxAmount, stepSize },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: stepSize,
      maxQty: String(Number(spec.maxAmount) / marketAmountDivisor),
      stepSize,
    },
    { filterType: 'MAX_NUM_ORDERS', limit: maxOpenOrders },
    { filterType: 'MAX_NUM_ALGO_ORDERS', limit: maxOpenConditions },
    { filterType: 'MIN_NOTIONAL', notional: spec.minNotional },
    {
      filterType: 'PERCENT_PRICE',
      multiplierUp: (1 + percentPrice / 100).toFixed(4),
      multiplierDown: (1 - percentPrice / 100).toFixed(4),
      multiplierDecimal: '4',
    },
  ];
}
