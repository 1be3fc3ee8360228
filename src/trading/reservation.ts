import type { DecimalString } from '../domain/decimal';
import type { Market } from '../domain/market';
import { product } from '../domain/money';
import type { OrderTerms } from '../domain/orders';

export interface Reservation {
  readonly currency: string | null;
  readonly amount: DecimalString;
}

/**
 * What an order keeps from being spent otherwise: a spot sale its coins, a spot purchase its cost at the price given.
 * The margin of a swap depends on what the exchange has set for the account; there, the exchange alone refuses.
 */
export function reservationOf(market: Market, terms: OrderTerms, price: DecimalString): Reservation {
  if (market.type === 'SWAP') return { currency: null, amount: '0' as DecimalString };
  const amount = terms.amount ?? ('0' as DecimalString);
  if (terms.side === 'SELL') return { currency: market.base, amount };
  return { currency: market.quote, amount: terms.quoteAmount ?? product(amount, price) };
}
