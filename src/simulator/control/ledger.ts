import type { Account } from '../engine/accounts/account';
import type { ExchangePart, PlacedOrder } from './exchangePart';

/** One client id that more than one order of an account has had, open or done, in whatever part of the exchange. */
interface RepeatedClientId {
  readonly clientOrderId: string;
  readonly orders: readonly { readonly symbol: string; readonly orderId: number }[];
}

/** All that the exchange knows of these accounts: what tests compare everybody else's books with. */
export function ledgerOf(accounts: readonly Account[], parts: readonly ExchangePart[]): object {
  return {
    accounts: accounts.map((account) => ({
      name: account.identity.name,
      ...Object.fromEntries(parts.map((part) => [part.name, part.ledger(account)])),
      repeatedClientIds: repeatedClientIds(parts.flatMap((part) => part.placedOrders(account))),
    })),
  };
}

/** None, where nobody sends an order again. */
function repeatedClientIds(placed: readonly PlacedOrder[]): RepeatedClientId[] {
  const byClientId = new Map<string, { symbol: string; orderId: number }[]>();
  for (const { clientOrderId, symbol, orderId } of placed) {
    const same = byClientId.get(clientOrderId) ?? [];
    same.push({ symbol, orderId });
    byClientId.set(clientOrderId, same);
  }
  return [...byClientId]
    .filter(([, orders]) => orders.length > 1)
    .map(([clientOrderId, orders]) => ({ clientOrderId, orders }));
}
