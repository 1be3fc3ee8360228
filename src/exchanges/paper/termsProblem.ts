import { Decimal } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import type { OrderTerms, OrderType, PositionMode } from '../../domain/orders';

interface Shape {
  readonly price: boolean;
  readonly triggerPrice: boolean;
  readonly trailingDelta: boolean;
}

/** Which prices each type has; it has no others. */
const shapes: Readonly<Record<OrderType, Shape>> = {
  MARKET: { price: false, triggerPrice: false, trailingDelta: false },
  LIMIT: { price: true, triggerPrice: false, trailingDelta: false },
  STOP: { price: false, triggerPrice: true, trailingDelta: false },
  STOP_LIMIT: { price: true, triggerPrice: true, trailingDelta: false },
  TAKE_PROFIT: { price: false, triggerPrice: true, trailingDelta: false },
  TAKE_PROFIT_LIMIT: { price: true, triggerPrice: true, trailingDelta: false },
  TRAILING_STOP: { price: false, triggerPrice: false, trailingDelta: true },
};

/** What is wrong with an order whatever the market's rules are, as a sentence; null where nothing is. */
export function termsProblem(
  terms: OrderTerms,
  account: { readonly market: Market; readonly positionMode: PositionMode },
): string | null {
  const shape = shapes[terms.type];
  for (const name of ['price', 'triggerPrice', 'trailingDelta'] as const) {
    if (shape[name] !== (terms[name] !== null)) {
      return `${terms.type} ${shape[name] ? 'needs' : 'takes no'} ${name}`;
    }
    if (!isPositive(terms[name])) return `${name} must be above 0`;
  }
  if (terms.trailingDelta !== null && new Decimal(terms.trailingDelta).greaterThanOrEqualTo(1)) {
    return 'trailingDelta must be below 1';
  }
  if (terms.timeInForce !== null && !shape.price) return `${terms.type} takes no timeInForce`;
  return amountProblem(terms, account.market) ?? positionProblem(terms, account);
}

function amountProblem(terms: OrderTerms, market: Market): string | null {
  if ((terms.amount === null) === (terms.quoteAmount === null))
    return 'exactly one of amount and quoteAmount is needed';
  if (!isPositive(terms.amount) || !isPositive(terms.quoteAmount)) return 'the amount must be above 0';
  const mayBeQuote = terms.type === 'MARKET' && terms.side === 'BUY' && market.type === 'SPOT';
  return terms.quoteAmount !== null && !mayBeQuote ? 'quoteAmount is for MARKET BUY on a spot market' : null;
}

function positionProblem(
  terms: OrderTerms,
  { market, positionMode }: { readonly market: Market; readonly positionMode: PositionMode },
): string | null {
  if (market.type === 'SPOT') {
    return terms.reduceOnly || terms.positionSide !== null ? 'a spot market has no positions' : null;
  }
  if ((terms.positionSide !== null) === (positionMode === 'HEDGE')) return null;
  return positionMode === 'HEDGE' ? 'hedge mode needs positionSide' : 'one-way mode takes no positionSide';
}

function isPositive(value: string | null): boolean {
  return value === null || new Decimal(value).greaterThan(0);
}
