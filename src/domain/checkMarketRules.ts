import { compareDecimals } from './compareDecimals';
import type { DecimalString } from './decimal';
import type { MarketRules, ReferencePrice, ValueRange } from './marketRules';
import { isOnStep, product } from './money';
import type { OrderTerms, OrderType } from './orders';

export type MarketRuleCode =
  | 'ORDER_TYPE_NOT_OFFERED'
  | 'PRICE_OFF_TICK'
  | 'PRICE_TOO_LOW'
  | 'PRICE_TOO_HIGH'
  | 'PRICE_TOO_FAR'
  | 'AMOUNT_OFF_STEP'
  | 'AMOUNT_TOO_SMALL'
  | 'AMOUNT_TOO_LARGE'
  | 'COST_TOO_SMALL'
  | 'COST_TOO_LARGE'
  | 'TRAILING_DELTA_OUT_OF_RANGE'
  | 'TOO_MANY_OPEN_ORDERS'
  | 'TOO_MANY_ALGO_ORDERS'
  | 'REFERENCE_PRICE_UNKNOWN';

export interface MarketRuleViolation {
  readonly code: MarketRuleCode;
  /** Which of the terms breaks the rule; null where it is none of them. */
  readonly field: 'type' | 'price' | 'triggerPrice' | 'amount' | 'quoteAmount' | 'trailingDelta' | null;
  /** For the one who placed the order: the value and the bound. */
  readonly message: string;
}

/** The market and the account at this moment. Prices in quote units; null where they are not known. */
export interface MarketReference {
  /** Over the minutes that the rules name. */
  readonly averagePrice: DecimalString | null;
  readonly lastPrice: DecimalString | null;
  readonly markPrice: DecimalString | null;
  /** Of this account in this market, without the order that is checked. */
  readonly openOrders: number;
  readonly openAlgoOrders: number;
}

type Verdict = MarketRuleViolation | null;

/**
 * The first rule of the market that an order breaks, or null. A rule that needs a price which is not known is taken for broken.
 * Of an order by quote amount the exchange chooses the amount itself; only its cost is checked.
 * Source: https://developers.binance.com/docs/binance-spot-api-docs/filters
 */
export function checkMarketRules(rules: MarketRules, terms: OrderTerms, reference: MarketReference): Verdict {
  return (
    checkType(rules, terms) ??
    checkPrice(rules, terms, 'price') ??
    checkPrice(rules, terms, 'triggerPrice') ??
    checkAmount(terms, rules.amount) ??
    (hasLimit(terms) ? null : checkAmount(terms, rules.marketAmount)) ??
    checkTrailingDelta(rules, terms) ??
    checkPriceBand(rules, terms, reference) ??
    checkCost(rules, terms, reference) ??
    checkOpenOrders(rules, terms, reference)
  );
}

const algoTypes: ReadonlySet<OrderType> = new Set([
  'STOP',
  'STOP_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
  'TRAILING_STOP',
]);

/** Binance's word for orders that wait for a trigger. */
export function isAlgoOrder(type: OrderType): boolean {
  return algoTypes.has(type);
}

function hasLimit(terms: OrderTerms): boolean {
  return terms.price !== null;
}

function checkType(rules: MarketRules, { type }: OrderTerms): Verdict {
  if (rules.orderTypes.includes(type)) return null;
  return {
    code: 'ORDER_TYPE_NOT_OFFERED',
    field: 'type',
    message: `${type} is not offered here; ${rules.orderTypes.join(', ')} are.`,
  };
}

const priceCodes = { BELOW: 'PRICE_TOO_LOW', ABOVE: 'PRICE_TOO_HIGH', OFF_STEP: 'PRICE_OFF_TICK' } as const;
const amountCodes = { BELOW: 'AMOUNT_TOO_SMALL', ABOVE: 'AMOUNT_TOO_LARGE', OFF_STEP: 'AMOUNT_OFF_STEP' } as const;

function checkPrice(rules: MarketRules, terms: OrderTerms, field: 'price' | 'triggerPrice'): Verdict {
  const breach = breachOf(field === 'price' ? 'price' : 'trigger price', terms[field], rules.price);
  return breach === null ? null : { code: priceCodes[breach.kind], field, message: breach.message };
}

function checkAmount({ amount }: OrderTerms, range: ValueRange): Verdict {
  const breach = breachOf('amount', amount, range);
  return breach === null ? null : { code: amountCodes[breach.kind], field: 'amount', message: breach.message };
}

function checkTrailingDelta(rules: MarketRules, { trailingDelta, side }: OrderTerms): Verdict {
  const range = side === 'BUY' ? rules.trailingDelta.above : rules.trailingDelta.below;
  const breach = breachOf('trailing delta', trailingDelta, range);
  if (breach === null) return null;
  return { code: 'TRAILING_DELTA_OUT_OF_RANGE', field: 'trailingDelta', message: breach.message };
}

function checkPriceBand(rules: MarketRules, { side, price }: OrderTerms, reference: MarketReference): Verdict {
  if (rules.priceBands === null || price === null) return null;
  const { down, up } = side === 'BUY' ? rules.priceBands.buy : rules.priceBands.sell;
  if (down === null && up === null) return null;
  const market = priceOf(rules.priceBands.reference, reference);
  if (market === null) return referenceUnknown('price');
  const range = {
    min: down === null ? null : product(market, down),
    max: up === null ? null : product(market, up),
    step: null,
  };
  const breach = breachOf('price', price, range);
  if (breach === null) return null;
  return { code: 'PRICE_TOO_FAR', field: 'price', message: `${breach.message} The market is at ${market}.` };
}

function checkCost(rules: MarketRules, terms: OrderTerms, reference: MarketReference): Verdict {
  const { cost } = rules;
  if (terms.reduceOnly && cost.isReduceOnlyExempt) return null;
  const min = hasLimit(terms) || cost.doesMinApplyToMarket ? cost.min : null;
  const max = hasLimit(terms) || cost.doesMaxApplyToMarket ? cost.max : null;
  if (min === null && max === null) return null;
  const costs = costsOf(rules, terms, reference);
  const field = terms.quoteAmount === null ? 'amount' : 'quoteAmount';
  if (costs === null) return referenceUnknown(field);
  for (const worth of costs) {
    const breach = breachOf('cost', worth, { min, max, step: null });
    if (breach === null) continue;
    return { code: breach.kind === 'BELOW' ? 'COST_TOO_SMALL' : 'COST_TOO_LARGE', field, message: breach.message };
  }
  return null;
}

/**
 * What the order may cost. A stop without a limit is measured at its trigger too, where it will execute:
 * Binance does not document which of the two it takes, and an order that passes both is refused by neither.
 */
function costsOf(rules: MarketRules, terms: OrderTerms, reference: MarketReference): readonly DecimalString[] | null {
  if (terms.quoteAmount !== null) return [terms.quoteAmount];
  if (terms.amount === null) return [];
  const { amount, price, triggerPrice } = terms;
  if (price !== null) return [product(price, amount)];
  const market = priceOf(rules.cost.reference, reference);
  if (market === null) return null;
  return triggerPrice === null ? [product(market, amount)] : [product(market, amount), product(triggerPrice, amount)];
}

function checkOpenOrders(rules: MarketRules, { type }: OrderTerms, reference: MarketReference): Verdict {
  const { maxOpenOrders, maxOpenAlgoOrders } = rules;
  if (maxOpenOrders !== null && reference.openOrders >= maxOpenOrders) {
    return {
      code: 'TOO_MANY_OPEN_ORDERS',
      field: null,
      message: `${reference.openOrders} orders are open in this market; ${maxOpenOrders} are allowed.`,
    };
  }
  if (maxOpenAlgoOrders !== null && isAlgoOrder(type) && reference.openAlgoOrders >= maxOpenAlgoOrders) {
    return {
      code: 'TOO_MANY_ALGO_ORDERS',
      field: 'type',
      message: `${reference.openAlgoOrders} orders wait for a trigger in this market; ${maxOpenAlgoOrders} may.`,
    };
  }
  return null;
}

function priceOf(wanted: ReferencePrice, reference: MarketReference): DecimalString | null {
  switch (wanted.kind) {
    case 'AVERAGE':
      return reference.averagePrice;
    case 'LAST':
      return reference.lastPrice;
    case 'MARK':
      return reference.markPrice;
  }
}

function referenceUnknown(field: 'price' | 'amount' | 'quoteAmount'): MarketRuleViolation {
  const message = "The market's price, by which this order is measured, is not known now.";
  return { code: 'REFERENCE_PRICE_UNKNOWN', field, message };
}

interface Breach {
  readonly kind: 'BELOW' | 'ABOVE' | 'OFF_STEP';
  readonly message: string;
}

function breachOf(name: string, value: DecimalString | null, { min, max, step }: ValueRange): Breach | null {
  if (value === null) return null;
  if (min !== null && compareDecimals(value, min) < 0) {
    return { kind: 'BELOW', message: `The ${name} ${value} is below the least that is allowed, ${min}.` };
  }
  if (max !== null && compareDecimals(value, max) > 0) {
    return { kind: 'ABOVE', message: `The ${name} ${value} is above the most that is allowed, ${max}.` };
  }
  if (step === null || isOnStep(value, step)) return null;
  return { kind: 'OFF_STEP', message: `The ${name} ${value} is not a multiple of ${step}.` };
}
