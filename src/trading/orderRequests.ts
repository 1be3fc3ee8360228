import type { EpochMs } from '../domain/marketData';
import { isTerminal } from '../domain/orderPhases';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import { targetOf, type AuditEntry } from '../storage/trading/audit';
import type { OrderRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import { Booking, type BookingParts } from './booking';
import type { Asker } from './orderIntake';
import { refuse, type Refusal } from './refusal';

export type RequestResult =
  /** replayed: the key of the request stood for it before. */
  | { readonly kind: 'done'; readonly order: OrderRecord; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly order: OrderRecord | null; readonly refusal: Refusal };

/**
 * Writes down that an order is to end; the leading node carries it out. Any node may write, and nothing is asked of the exchange from
 * here: a request that is written down survives whatever comes next.
 */
export class OrderRequests {
  constructor(
    private readonly parts: {
      readonly store: TradingStore;
      readonly clock: () => EpochMs;
      readonly newId: () => string;
      readonly worthOfFee: BookingParts['worthOfFee'];
      /** Told that something of this account waits to be carried out. */
      readonly onRequested: (accountId: string) => void;
    },
  ) {}

  /** To cancel what has ended is no failure: the order is given as it is. */
  async cancel(asker: Asker, orderId: string): Promise<RequestResult> {
    const { store, onRequested } = this.parts;
    const accountId = await store.accountOfOrder(asker.userId, orderId);
    if (accountId === null) {
      const refusal = orderNotFound();
      await store.audit(this.#entry(asker, orderId, refusal.code));
      return { kind: 'refused', order: null, refusal };
    }
    const result = await store.transaction<RequestResult>({ accountId, epoch: null }, async (tx) => {
      const order = await tx.order(orderId);
      if (order === null) return { kind: 'refused', order: null, refusal: orderNotFound() };
      const [canceled = order] = await this.#write(tx, asker, [order]);
      return { kind: 'done', order: canceled, replayed: false };
    });
    onRequested(accountId);
    return result ?? { kind: 'refused', order: null, refusal: orderNotFound() };
  }

  /**
   * Those of an account's open orders that are meant, in one transaction: who stops trading does not wait for one order after the other.
   * Null where the asker has no such account.
   */
  async cancelAll(
    asker: Asker,
    accountId: string,
    isMeant: (order: OrderRecord) => boolean,
  ): Promise<readonly OrderRecord[] | null> {
    const { store, onRequested } = this.parts;
    if ((await store.ownedAccount(asker.userId, accountId)) === null) return null;
    const canceled = await store.transaction({ accountId, epoch: null }, async (tx) =>
      this.#write(tx, asker, (await tx.openOrders()).filter(isMeant)),
    );
    onRequested(accountId);
    return canceled;
  }

  #entry({ actor, ip = null }: Asker, orderId: string, outcome: string): AuditEntry {
    return { at: this.parts.clock(), actor, ip, action: 'order.cancel', target: targetOf(orderId), outcome };
  }

  async #write(tx: AccountTransaction, asker: Asker, orders: readonly OrderRecord[]): Promise<readonly OrderRecord[]> {
    const { clock, newId, worthOfFee } = this.parts;
    const now = clock();
    const booking = new Booking(tx, { now, newId, worthOfFee });
    const written: OrderRecord[] = [];
    for (const order of orders) {
      if (isTerminal(order.phase)) {
        await tx.audit(this.#entry(asker, order.id, `has ended: ${order.phase}`));
        written.push(order);
        continue;
      }
      const cause = `asked for by ${asker.actor}`;
      const change = { cancelRequestedAt: order.cancelRequestedAt ?? now };
      written.push(await booking.move(order, { type: 'CANCEL_REQUESTED' }, { cause, change }));
      await tx.audit(this.#entry(asker, order.id, 'written down'));
    }
    await booking.finish();
    return written;
  }
}

export function orderNotFound(): Refusal {
  return refuse('ORDER_NOT_FOUND', 'You have no such order. List yours with the query `orders`.', ['id']);
}
