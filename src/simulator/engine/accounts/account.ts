import type { EpochMs } from '../../../domain/marketData';
import { EventSource } from '../eventSource';
import { isOpen, type AccountFill, type AccountOrder } from './accountOrder';

export interface Balance {
  readonly free: bigint;
  readonly locked: bigint;
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
  | { readonly kind: 'balances'; readonly assets: readonly string[]; readonly time: EpochMs };

/** What a key of an account may do. */
export interface Permissions {
  readonly mayTrade: boolean;
  readonly mayWithdraw: boolean;
}

/** A client of the exchange: balances that never go below zero, orders and trades. */
export class Account {
  readonly events = new EventSource<AccountEvent>();
  readonly orders = new Map<string, AccountOrder>();
  readonly fills: AccountFill[] = [];
  updatedAt: EpochMs;
  private readonly balances = new Map<string, Balance>();

  constructor(
    readonly identity: {
      readonly name: string;
      readonly uid: number;
      readonly apiKey: string;
      readonly secret: string;
      readonly permissions: Permissions;
      readonly createdAt: EpochMs;
    },
    initial: ReadonlyMap<string, bigint>,
  ) {
    this.updatedAt = identity.createdAt;
    for (const [asset, free] of initial) this.balances.set(asset, { free, locked: 0n });
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

  addOrder(order: AccountOrder): void {
    this.orders.set(orderKey(order.spec.id, order.id), order);
  }

  order(marketId: string, id: number): AccountOrder | null {
    return this.orders.get(orderKey(marketId, id)) ?? null;
  }

  /** The open order with this client id, else the latest of those that are done. */
  orderByClientId(marketId: string, clientOrderId: string): AccountOrder | null {
    const found = [...this.orders.values()].filter(
      (order) => order.spec.id === marketId && order.clientOrderId === clientOrderId,
    );
    return found.find(isOpen) ?? found.at(-1) ?? null;
  }

  openOrders(marketId: string | null): AccountOrder[] {
    return [...this.orders.values()].filter(
      (order) => isOpen(order) && (marketId === null || order.spec.id === marketId),
    );
  }
}

function orderKey(marketId: string, id: number): string {
  return `${marketId}/${id}`;
}
