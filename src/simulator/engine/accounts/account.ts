import type { EpochMs } from '../../../domain/marketData';
import { EventSource } from '../eventSource';
import { isOpen, type AccountFill, type AccountOrder } from './accountOrder';
import type { Identity } from './identity';

export interface Balance {
  readonly free: bigint;
  readonly locked: bigint;
}

/** Money that came or went without a trade. drift: nobody is told of it, as where an exchange's books are wrong. */
export interface Transfer {
  readonly asset: string;
  /** Below zero where it went. */
  readonly amount: bigint;
  readonly reason: 'initial' | 'deposit' | 'withdrawal' | 'drift';
  readonly time: EpochMs;
  /** When the histories of deposits and withdrawals begin to show it; left out: at once. */
  readonly listedAt?: EpochMs;
}

/** What happens to an account, in order. The order is a live object: read it while the event is handled. */
export type AccountEvent =
  | {
      readonly kind: 'order';
      readonly execution: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED';
      readonly order: AccountOrder;
      readonly fill: AccountFill | null;
      readonly time: EpochMs;
    }
  | { readonly kind: 'balances'; readonly assets: readonly string[]; readonly time: EpochMs }
  | { readonly kind: 'transfer'; readonly transfer: Transfer };

/** A client of the exchange's spot part: balances that never go below zero, orders and trades. */
export class Account {
  readonly events = new EventSource<AccountEvent>();
  readonly orders = new Map<string, AccountOrder>();
  readonly fills: AccountFill[] = [];
  readonly transfers: Transfer[] = [];
  updatedAt: EpochMs;
  private readonly balances = new Map<string, Balance>();
  /** Holds every open order; those that are done leave it when they are met. */
  private readonly unfinished = new Set<AccountOrder>();
  private readonly byClientId = new Map<string, AccountOrder[]>();

  constructor(
    readonly identity: Identity,
    initial: ReadonlyMap<string, bigint>,
  ) {
    this.updatedAt = identity.createdAt;
    for (const [asset, amount] of initial) {
      this.balances.set(asset, { free: amount, locked: 0n });
      this.transfers.push({ asset, amount, reason: 'initial', time: identity.createdAt });
    }
  }

  get assets(): readonly string[] {
    return [...this.balances.keys()];
  }

  balance(asset: string): Balance {
    return this.balances.get(asset) ?? { free: 0n, locked: 0n };
  }

  /** Changes both parts of a balance at once. Throws where one would go below zero: then the exchange itself is wrong. */
  change(asset: string, by: Balance): void {
    const before = this.balance(asset);
    const after = { free: before.free + by.free, locked: before.locked + by.locked };
    if (after.free < 0n || after.locked < 0n) throw new Error(`${this.identity.name} would owe ${asset}`);
    this.balances.set(asset, after);
  }

  /** Moves money in or out from outside; false where there is not as much free. */
  transfer(transfer: Transfer): boolean {
    const { asset, amount, reason, time } = transfer;
    if (this.balance(asset).free + amount < 0n) return false;
    this.change(asset, { free: amount, locked: 0n });
    this.transfers.push(transfer);
    if (reason === 'drift') return true;
    this.updatedAt = time;
    this.events.emit({ kind: 'transfer', transfer });
    this.events.emit({ kind: 'balances', assets: [asset], time });
    return true;
  }

  addOrder(order: AccountOrder): void {
    this.orders.set(orderKey(order.spec.id, order.id), order);
    this.unfinished.add(order);
    const key = orderKey(order.spec.id, order.clientOrderId);
    const same = this.byClientId.get(key);
    if (same === undefined) this.byClientId.set(key, [order]);
    else same.push(order);
  }

  order(marketId: string, id: number): AccountOrder | null {
    return this.orders.get(orderKey(marketId, id)) ?? null;
  }

  /** The open order with this client id, else the latest of those that are done. */
  orderByClientId(marketId: string, clientOrderId: string): AccountOrder | null {
    const found = this.byClientId.get(orderKey(marketId, clientOrderId)) ?? [];
    return found.find(isOpen) ?? found.at(-1) ?? null;
  }

  openOrders(marketId: string | null): AccountOrder[] {
    for (const order of this.unfinished) if (!isOpen(order)) this.unfinished.delete(order);
    return [...this.unfinished].filter((order) => marketId === null || order.spec.id === marketId);
  }
}

function orderKey(marketId: string, id: number | string): string {
  return `${marketId}/${id}`;
}
