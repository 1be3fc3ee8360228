import type { EpochMs } from '../../../domain/marketData';
import type { Transfer } from '../accounts/account';
import type { Identity } from '../accounts/identity';
import { EventSource } from '../eventSource';
import type { MarketSpec } from '../marketSpec';
import { initialLeverage, initialWallet, marginAsset } from './contracts';
import { isWorking, type AlgoOrder, type FuturesFill, type FuturesOrder } from './futuresOrder';
import { Position, type PositionSide } from './position';

/** Every change of the wallet, by its reason. */
export interface Income {
  readonly id: number;
  readonly type: 'TRANSFER' | 'REALIZED_PNL' | 'COMMISSION' | 'FUNDING_FEE' | 'INSURANCE_CLEAR';
  /** Null for what belongs to no market. */
  readonly symbol: string | null;
  /** Money units; below zero where it was paid. */
  readonly amount: bigint;
  readonly tradeId: number | null;
  readonly time: EpochMs;
}

/** What happens to an account, in order. Orders and positions are live objects: read them while the event is handled. */
export type FuturesEvent =
  | {
      readonly kind: 'order';
      readonly execution: 'NEW' | 'TRADE' | 'CALCULATED' | 'CANCELED' | 'EXPIRED';
      readonly order: FuturesOrder;
      readonly fill: FuturesFill | null;
      readonly time: EpochMs;
    }
  | {
      readonly kind: 'account';
      readonly reason: 'ORDER' | 'FUNDING_FEE' | 'DEPOSIT' | 'WITHDRAW' | 'INSURANCE_CLEAR';
      /** How much the wallet changed by what was no trade. */
      readonly change: bigint;
      readonly positions: readonly Position[];
      readonly time: EpochMs;
    }
  | { readonly kind: 'algo'; readonly order: AlgoOrder; readonly time: EpochMs }
  | { readonly kind: 'leverage'; readonly symbol: string; readonly leverage: number; readonly time: EpochMs };

/** A client of the futures exchange: one wallet of margin, cross positions, orders and trades. */
export class FuturesAccount {
  readonly events = new EventSource<FuturesEvent>();
  readonly orders = new Map<string, FuturesOrder>();
  readonly algos = new Map<number, AlgoOrder>();
  readonly fills: FuturesFill[] = [];
  readonly income: Income[] = [];
  readonly transfers: Transfer[];
  wallet = initialWallet;
  isHedged = false;
  private readonly leverages = new Map<string, number>();
  private readonly held = new Map<string, Position>();
  private readonly unfinished = new Set<FuturesOrder>();
  private readonly byClientId = new Map<string, FuturesOrder[]>();

  constructor(readonly identity: Identity) {
    const time = identity.createdAt;
    this.transfers = [{ asset: marginAsset, amount: initialWallet, reason: 'initial', time }];
  }

  /** All positions that were ever held, closed ones included. */
  get positions(): readonly Position[] {
    return [...this.held.values()];
  }

  position(spec: MarketSpec, side: PositionSide): Position {
    const key = `${spec.id}/${side}`;
    const found = this.held.get(key) ?? new Position(spec, side);
    this.held.set(key, found);
    return found;
  }

  leverage(symbol: string): number {
    return this.leverages.get(symbol) ?? initialLeverage;
  }

  setLeverage(symbol: string, leverage: number, time: EpochMs): void {
    this.leverages.set(symbol, leverage);
    this.events.emit({ kind: 'leverage', symbol, leverage, time });
  }

  /** Changes the wallet and says why. What a loss takes beyond its end is the exchange's own: it may go below zero for a moment. */
  earn(income: Omit<Income, 'id'>): void {
    if (income.amount === 0n) return;
    this.wallet += income.amount;
    this.income.push({ ...income, id: this.income.length + 1 });
  }

  addOrder(order: FuturesOrder): void {
    this.orders.set(orderKey(order.spec.id, order.id), order);
    this.unfinished.add(order);
    const key = orderKey(order.spec.id, order.clientOrderId);
    const same = this.byClientId.get(key);
    if (same === undefined) this.byClientId.set(key, [order]);
    else same.push(order);
  }

  order(symbol: string, id: number): FuturesOrder | null {
    return this.orders.get(orderKey(symbol, id)) ?? null;
  }

  /** The open order with this client id, else the latest of those that are done. */
  orderByClientId(symbol: string, clientOrderId: string): FuturesOrder | null {
    const found = this.byClientId.get(orderKey(symbol, clientOrderId)) ?? [];
    return found.find(isWorking) ?? found.at(-1) ?? null;
  }

  openOrders(symbol: string | null): FuturesOrder[] {
    for (const order of this.unfinished) if (!isWorking(order)) this.unfinished.delete(order);
    return [...this.unfinished].filter((order) => symbol === null || order.spec.id === symbol);
  }

  openAlgos(symbol: string | null): AlgoOrder[] {
    return [...this.algos.values()].filter(
      (order) => order.status === 'NEW' && (symbol === null || order.spec.id === symbol),
    );
  }
}

function orderKey(symbol: string, id: number | string): string {
  return `${symbol}/${id}`;
}
