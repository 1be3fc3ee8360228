import { feeBps } from '../engine/accounts/money';
import type { MarketSpec } from '../engine/marketSpec';
import { formatUnits } from '../engine/units';

const feeRate = formatUnits(feeBps, 4);

/** GET /api/v3/exchangeInfo for these markets. */
export function exchangeInfo(specs: readonly MarketSpec[], serverTime: number): object {
  return { timezone: 'CST', serverTime, rateLimits: [], exchangeFilters: [], symbols: specs.map(symbolInfo) };
}

function symbolInfo(spec: MarketSpec): object {
  return {
    symbol: spec.id,
    // 1: open; 2: paused; 3: offline.
    status: '1',
    baseAsset: spec.base,
    baseAssetPrecision: spec.amountDecimals,
    quoteAsset: spec.quote,
    quotePrecision: spec.priceDecimals,
    quoteAssetPrecision: spec.priceDecimals,
    baseCommissionPrecision: spec.amountDecimals,
    quoteCommissionPrecision: spec.priceDecimals,
    orderTypes: ['LIMIT', 'MARKET', 'LIMIT_MAKER'],
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    // In spite of their names these two are the smallest cost and the smallest amount of an order.
    quoteAmountPrecision: spec.minNotional,
    baseSizePrecision: formatUnits(1, spec.amountDecimals),
    permissions: ['SPOT'],
    filters: [],
    maxQuoteAmount: '2000000',
    makerCommission: feeRate,
    takerCommission: feeRate,
    quoteAmountPrecisionMarket: spec.minNotional,
    maxQuoteAmountMarket: '100000',
    fullName: spec.base,
    tradeSideType: 1,
  };
}
