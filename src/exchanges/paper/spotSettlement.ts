import { Decimal } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import { product } from '../../domain/money';
import type { Fill } from '../../domain/orders';
import type { PaperOrder } from '../../domain/paperLedger';
import type { LedgerDraft } from './ledgerDraft';
import { textOf, zero } from './money';

/** A fill to be booked, and what the order does not hold any more because of it. */
export interface Settlement {
  readonly market: Market;
  readonly order: PaperOrder;
  readonly fill: Fill;
  readonly released: Decimal;
  /** Of liquidations: what the account cannot pay is paid for it. */
  readonly isInsured: boolean;
}

/** What an order of a spot market holds for as much as is left: the coins to sell, or what they cost at its price. */
export function heldForSpot(order: Pick<PaperOrder, 'terms' | 'reservePrice'>, remaining: Decimal): Decimal {
  if (order.reservePrice === null) return zero;
  if (order.terms.side === 'SELL') return remaining;
  return new Decimal(product(textOf(order.reservePrice), textOf(remaining)));
}

/** Exchanges the two currencies of a spot market. False, and nothing is changed, where the account cannot pay. */
export function settleSpot(draft: LedgerDraft, { market, order, fill, released }: Settlement): boolean {
  const isBuy = fill.side === 'BUY';
  const paid = isBuy ? { currency: market.quote, amount: fill.cost } : { currency: market.base, amount: fill.amount };
  const received = isBuy
    ? { currency: market.base, amount: fill.amount }
    : { currency: market.quote, amount: fill.cost };
  const payable = order.reservedCurrency === paid.currency ? released : zero;
  if (draft.free(paid.currency).plus(payable).lessThan(paid.amount)) return false;
  draft.hold(order.reservedCurrency, released.negated());
  draft.credit(paid.currency, new Decimal(paid.amount).negated());
  draft.credit(received.currency, new Decimal(received.amount));
  for (const { currency, cost } of fill.fees) draft.credit(currency, new Decimal(cost).negated());
  return true;
}
