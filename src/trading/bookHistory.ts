import type { Market } from '../domain/market';
import type { Fill } from '../domain/orders';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import type { Booking } from './booking';

/**
 * Books what a history of executions tells. It is asked for with some room, so that most of it is known: that is looked up at once,
 * or a busy account would be held for as long as it takes to look at one after the other.
 */
export async function bookHistory(
  booking: Booking,
  tx: AccountTransaction,
  { market, fills }: { readonly market: Market; readonly fills: readonly Fill[] },
): Promise<void> {
  const booked = await tx.bookedAmong(
    market.id,
    fills.map(({ tradeId }) => tradeId),
  );
  for (const fill of fills) if (!booked.has(fill.tradeId)) await booking.fill(market, fill);
}
