import type { Decimal } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import type { Fill, OrderReport, PositionMode } from '../../domain/orders';
import type { PaperLedger, PaperOrder } from '../../domain/paperLedger';
import { AppError } from '../../errors/appError';
import type {
  AccountEvent,
  AccountUpstream,
  CancelOutcome,
  ExchangeBalance,
  ExchangePosition,
  ExchangeTransfer,
  ExecutedOrderReference,
  KeyPermissions,
  OrderReference,
  SendOutcome,
  TradingPort,
} from '../tradingPort';
import { textOf } from './money';
import type { PaperAccount } from './paperAccount';
import { PaperOrderDesk } from './paperOrderDesk';
import type { PaperMarkets } from './paperMarkets';
import type { PaperStore } from './paperStore';
import { toBalances, toPositions, toReport } from './reports';

interface PaperTradingPortParts {
  readonly accountId: string;
  readonly exchange: string;
  readonly account: PaperAccount;
  readonly markets: PaperMarkets;
  readonly store: PaperStore;
  readonly clock: () => EpochMs;
}

/** One paper account, behind the port that a real one is behind. */
export class PaperTradingPort implements TradingPort {
  readonly exchange: string;
  readonly #desk: PaperOrderDesk;
  readonly #watching = new Set<() => void>();

  constructor(private readonly parts: PaperTradingPortParts) {
    this.exchange = parts.exchange;
    this.#desk = new PaperOrderDesk(parts);
  }

  placeOrder(order: Parameters<TradingPort['placeOrder']>[0]): Promise<SendOutcome> {
    return this.#desk.place(order);
  }

  cancelOrder({ clientOrderId }: OrderReference): Promise<CancelOutcome> {
    return this.#desk.cancel(clientOrderId);
  }

  async findOrder(reference: OrderReference | ExecutedOrderReference): Promise<OrderReport | null> {
    const { store, accountId } = this.parts;
    return this.#ask(async () => {
      const order =
        reference.clientOrderId === null
          ? await this.#findNumbered(reference)
          : await store.findOrder(accountId, reference.clientOrderId);
      return order === null ? null : toReport(order, await store.fillsOf(accountId, order.number));
    });
  }

  async openOrders(symbol: string | null): Promise<readonly OrderReport[]> {
    const { openOrders } = await this.#stored();
    return [...openOrders.values()]
      .filter(({ terms }) => symbol === null || terms.symbol === symbol)
      .map((order) => toReport(order));
  }

  async ordersSince(symbol: string, since: EpochMs): Promise<readonly OrderReport[]> {
    const orders = await this.#ask(() => this.parts.store.ordersSince(this.parts.accountId, symbol, since));
    return orders.map((order: PaperOrder) => toReport(order));
  }

  async fillsSince(symbol: string, since: EpochMs): Promise<readonly Fill[]> {
    return this.#ask(() => this.parts.store.fillsSince(this.parts.accountId, symbol, since));
  }

  async balances(): Promise<readonly ExchangeBalance[]> {
    return toBalances(await this.#stored());
  }

  async positions(): Promise<readonly ExchangePosition[]> {
    const markOf = (symbol: string): Decimal | null => this.parts.markets.view(symbol)?.mark ?? null;
    return toPositions(await this.#stored(), markOf);
  }

  async transfersSince(since: EpochMs): Promise<readonly ExchangeTransfer[]> {
    const transfers = await this.#ask(() => this.parts.store.transfersSince(this.parts.accountId, since));
    return transfers.map(({ id, kind, symbol, currency, amount, at }) => ({
      id,
      kind,
      symbol,
      currency,
      amount: textOf(amount),
      exchangeTime: at,
    }));
  }

  async positionMode(): Promise<PositionMode> {
    return (await this.#stored()).positionMode;
  }

  /** There is no key, so nothing can be withdrawn with it. */
  keyPermissions(): Promise<KeyPermissions> {
    return Promise.resolve({ mayTrade: true, mayWithdraw: false, mayTransfer: false, isIpRestricted: true });
  }

  exchangeAccount(): Promise<string | null> {
    return Promise.resolve(this.parts.accountId);
  }

  /** The paper exchange runs on our own clock. */
  clockSkewMs(): Promise<number> {
    return Promise.resolve(0);
  }

  /** Tells each change once it is stored, from now on. */
  watch(listener: (event: AccountEvent) => void): AccountUpstream {
    const release = this.parts.account.listen(listener);
    this.#watching.add(release);
    queueMicrotask(() => {
      if (this.#watching.has(release)) listener({ type: 'connected' });
    });
    return {
      close: () => {
        release();
        this.#watching.delete(release);
        return Promise.resolve();
      },
    };
  }

  close(): Promise<void> {
    for (const release of this.#watching) release();
    this.#watching.clear();
    return Promise.resolve();
  }

  /** A liquidation: nobody gave it an id. */
  async #findNumbered({ symbol, exchangeOrderId }: ExecutedOrderReference): Promise<PaperOrder | null> {
    const orders = await this.parts.store.ordersSince(this.parts.accountId, symbol, 0);
    return orders.find(({ number }) => String(number) === exchangeOrderId) ?? null;
  }

  async #stored(): Promise<PaperLedger> {
    const ledger = await this.#ask(() => this.parts.store.load(this.parts.accountId));
    if (ledger === null) throw new AppError('EXCHANGE_UNAVAILABLE');
    return ledger;
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question();
    } catch (error) {
      throw new AppError('EXCHANGE_UNAVAILABLE', { cause: error });
    }
  }
}
