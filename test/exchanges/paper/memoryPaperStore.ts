import type { EpochMs } from '../../../src/domain/marketData';
import type { Fill } from '../../../src/domain/orders';
import {
  positionKey,
  type PaperChange,
  type PaperLedger,
  type PaperOrder,
  type PaperTransfer,
} from '../../../src/domain/paperLedger';
import { isFlat } from '../../../src/domain/position';
import type { NewPaperAccount, PaperStore } from '../../../src/exchanges/paper/paperStore';

interface Kept {
  readonly exchange: string;
  ledger: PaperLedger;
  readonly orders: Map<number, PaperOrder>;
  readonly fills: Fill[];
  readonly transfers: PaperTransfer[];
}

/** Paper accounts in memory: what PostgreSQL promises, without PostgreSQL. `failNext` and `failNextLoad` make the next commit or load a loss of the connection. */
export class MemoryPaperStore implements PaperStore {
  readonly #accounts = new Map<string, Kept>();
  /** lost: the change is made, and nobody hears of it. */
  failNext: 'lost' | 'notMade' | null = null;
  failNextLoad = false;
  commits = 0;

  create({ accountId, exchange, positionMode, balances }: NewPaperAccount): Promise<void> {
    if (!this.#accounts.has(accountId)) {
      const ledger: PaperLedger = {
        accountId,
        version: 0,
        positionMode,
        lastOrderNumber: 0,
        lastTradeNumber: 0,
        balances,
        openOrders: new Map(),
        positions: new Map(),
      };
      this.#accounts.set(accountId, { exchange, ledger, orders: new Map(), fills: [], transfers: [] });
    }
    return Promise.resolve();
  }

  load(accountId: string): Promise<PaperLedger | null> {
    const isFailing = this.failNextLoad;
    this.failNextLoad = false;
    if (isFailing) return Promise.reject(new Error('connection lost'));
    return Promise.resolve(this.#accounts.get(accountId)?.ledger ?? null);
  }

  commit(change: PaperChange): Promise<'done' | 'conflict' | 'duplicate'> {
    const failure = this.failNext;
    this.failNext = null;
    if (failure === 'notMade') return Promise.reject(new Error('connection lost'));
    const outcome = this.#apply(change);
    return failure === 'lost' ? Promise.reject(new Error('connection lost')) : Promise.resolve(outcome);
  }

  findOrder(accountId: string, clientOrderId: string): Promise<PaperOrder | null> {
    const found = this.#ordersOf(accountId).find((order) => order.clientOrderId === clientOrderId);
    return Promise.resolve(found ?? null);
  }

  fillsOf(accountId: string, orderNumber: number): Promise<readonly Fill[]> {
    const fills = this.#accounts.get(accountId)?.fills ?? [];
    return Promise.resolve(fills.filter(({ exchangeOrderId }) => exchangeOrderId === String(orderNumber)));
  }

  ordersSince(accountId: string, symbol: string, since: EpochMs): Promise<readonly PaperOrder[]> {
    const orders = this.#ordersOf(accountId);
    return Promise.resolve(orders.filter(({ terms, updatedAt }) => terms.symbol === symbol && updatedAt >= since));
  }

  fillsSince(accountId: string, symbol: string, since: EpochMs): Promise<readonly Fill[]> {
    const fills = this.#accounts.get(accountId)?.fills ?? [];
    return Promise.resolve(fills.filter((fill) => fill.symbol === symbol && fill.exchangeTime >= since));
  }

  transfersSince(accountId: string, since: EpochMs): Promise<readonly PaperTransfer[]> {
    const transfers = this.#accounts.get(accountId)?.transfers ?? [];
    return Promise.resolve(transfers.filter(({ at }) => at >= since));
  }

  activeAccounts(exchange: string): Promise<readonly string[]> {
    const active = [...this.#accounts].filter(
      ([, kept]) => kept.exchange === exchange && kept.ledger.openOrders.size + kept.ledger.positions.size > 0,
    );
    return Promise.resolve(active.map(([id]) => id));
  }

  #ordersOf(accountId: string): readonly PaperOrder[] {
    return [...(this.#accounts.get(accountId)?.orders.values() ?? [])];
  }

  #apply(change: PaperChange): 'done' | 'conflict' | 'duplicate' {
    const kept = this.#accounts.get(change.accountId);
    if (kept === undefined || kept.ledger.version !== change.expectedVersion) return 'conflict';
    const isUsed = (order: PaperOrder): boolean =>
      order.clientOrderId !== null &&
      [...kept.orders.values()].some(
        ({ clientOrderId, number }) => clientOrderId === order.clientOrderId && number !== order.number,
      );
    const isBooked = ({ id }: PaperTransfer): boolean => kept.transfers.some((transfer) => transfer.id === id);
    if (change.orders.some(isUsed) || change.transfers.some(isBooked)) return 'duplicate';
    for (const order of change.orders) kept.orders.set(order.number, order);
    kept.fills.push(...change.fills);
    kept.transfers.push(...change.transfers);
    const positions = new Map(kept.ledger.positions);
    for (const position of change.positions) {
      if (isFlat(position.state)) positions.delete(positionKey(position));
      else positions.set(positionKey(position), position);
    }
    const balances = change.balances.map(({ currency, ...balance }) => [currency, balance] as const);
    kept.ledger = {
      ...kept.ledger,
      version: kept.ledger.version + 1,
      lastOrderNumber: change.lastOrderNumber,
      lastTradeNumber: change.lastTradeNumber,
      balances: new Map([...kept.ledger.balances, ...balances]),
      openOrders: new Map([...kept.orders].filter(([, { status }]) => status === 'OPEN')),
      positions,
    };
    this.commits += 1;
    return 'done';
  }
}
