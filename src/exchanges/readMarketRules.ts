import type { DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import type { MarketRules, ValueRange } from '../domain/marketRules';
import { optional, readAmount, readRecord } from './readNumbers';

const open: ValueRange = { min: null, max: null, step: null };

/** Reads the rules of a market from ccxt's limits and precision: what any exchange tells. Throws BadMarketData. */
export function readMarketRules(value: unknown, market: Market): MarketRules {
  const limits = readRecord(readRecord(value, 'market').limits, 'limits');
  const cost = rangeOf(limits.cost, null);
  return {
    orderTypes: ['MARKET', 'LIMIT'],
    price: rangeOf(limits.price, market.pricePrecision),
    amount: rangeOf(limits.amount, market.amountPrecision),
    marketAmount: open,
    cost: {
      min: cost.min,
      max: cost.max,
      doesMinApplyToMarket: true,
      doesMaxApplyToMarket: true,
      isReduceOnlyExempt: false,
      reference: { kind: 'LAST' },
    },
    priceBands: null,
    trailingDelta: { above: open, below: open },
    maxOpenOrders: null,
    maxOpenAlgoOrders: null,
  };
}

function rangeOf(value: unknown, step: DecimalString | null): ValueRange {
  const limit = optional(value, (present) => readRecord(present, 'limit'));
  return { min: boundOf(limit?.min), max: boundOf(limit?.max), step };
}

/** Zero bounds nothing. */
function boundOf(value: unknown): DecimalString | null {
  const bound = optional(value, (present) => readAmount(present, 'limit'));
  return bound === '0' ? null : bound;
}
