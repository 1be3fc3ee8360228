import type { EpochMs } from '../domain/marketData';
import { toMarketId, type Market, type MarketId } from '../domain/market';
import type { OrderTerms } from '../domain/orders';
import type { TradingPort } from '../exchanges/tradingPort';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import type { AccountRecord, OrderRecord } from '../storage/trading/records';
import type { TradingStore } from '../storage/trading/tradingStore';
import type { Logger } from '../telemetry/logger';
import { Booking, type BookingAlarm, type BookingParts } from './booking';
import { clientOrderIdOf } from './clientOrderId';
import type { MarketFacts } from './marketFacts';
import { askedOf } from './orderTerms';

export interface DeskParts {
  readonly store: TradingStore;
  readonly markets: MarketFacts;
  readonly port: TradingPort;
  readonly account: AccountRecord;
  /** Of the leadership in whose name it writes. */
  readonly epoch: number;
  readonly clock: () => EpochMs;
  readonly newId: () => string;
  readonly worthOfFee: BookingParts['worthOfFee'];
  readonly logger: Logger;
  /** Told of what somebody has to look at, after it was written down. */
  readonly onAlarm: (alarm: BookingAlarm) => void;
}

/** The account's session has ended: whatever asks afterwards has come too late, and nothing of it is written. */
export class DeskClosed extends Error {
  override readonly name = 'DeskClosed';

  constructor(accountId: string) {
    super(`trading of account ${accountId} has stopped`);
  }
}

/** What the parts of one account's trading share: its exchange, and its transactions. */
export class AccountDesk {
  readonly #atTheStore = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(private readonly parts: DeskParts) {}

  get accountId(): string {
    return this.parts.account.id;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Throws DeskClosed. */
  get port(): TradingPort {
    this.#assertOpen();
    return this.parts.port;
  }

  get logger(): Logger {
    return this.parts.logger;
  }

  now(): EpochMs {
    return this.parts.clock();
  }

  /** Null where the exchange does not list it, or not any more. */
  findMarket(id: string): Promise<Market | null> {
    return this.parts.markets.market(id);
  }

  /** Throws where the exchange no longer lists a market that the account has an order in. */
  async market(id: string): Promise<Market> {
    const market = await this.findMarket(id);
    if (market === null) throw new Error(`the exchange lists no ${id} any more`);
    return market;
  }

  marketIdOf(symbol: string): MarketId {
    return toMarketId(this.parts.account.exchange, symbol);
  }

  /** When the account was made here: what was before is in its opening balance. */
  get openedAt(): EpochMs {
    return this.parts.account.createdAt;
  }

  newId(): string {
    return this.parts.newId();
  }

  /** When the account was last compared with its exchange, by whichever node; null where it never was. */
  reconciledAt(): Promise<EpochMs | null> {
    return this.#ask((store) => store.reconciledAt(this.accountId));
  }

  /** How many events the account has by now: the same number twice means that nothing was booked in between. */
  async eventSeq(): Promise<number> {
    return this.book((_booking, tx) => tx.account.eventSeq);
  }

  /** For people: written down already, or by whoever asks. */
  alarm(alarm: BookingAlarm): void {
    this.parts.onAlarm(alarm);
  }

  /** Markets that the account has a position or an order in, or had since then. */
  marketsOfInterest(since: EpochMs): Promise<readonly string[]> {
    return this.#ask((store) => store.marketsOfInterest(this.accountId, since));
  }

  /** The market of a symbol at the account's exchange. */
  marketOf(symbol: string): Promise<Market> {
    return this.market(this.marketIdOf(symbol));
  }

  /** One transaction of the leader; what it books is told to the account's streams. Rejects with LeadershipLost or DeskClosed. */
  async book<T>(work: (booking: Booking, tx: AccountTransaction) => T | Promise<T>): Promise<T> {
    const { account, epoch, newId, worthOfFee, onAlarm } = this.parts;
    let alarms: readonly BookingAlarm[] = [];
    const result = await this.#ask((store) =>
      store.transaction({ accountId: account.id, epoch }, async (tx) => {
        const booking = new Booking(tx, { now: this.now(), newId, worthOfFee });
        const value = await work(booking, tx);
        await booking.finish();
        ({ alarms } = booking);
        return { value };
      }),
    );
    if (result === null) throw new Error(`account ${account.id} is gone`);
    for (const alarm of alarms) onAlarm(alarm);
    return result.value;
  }

  ordersIn(phases: readonly OrderRecord['phase'][], limit = 1_000): Promise<readonly OrderRecord[]> {
    return this.#ask((store) => store.ordersIn(phases, { accountId: this.accountId, limit }));
  }

  /**
   * Takes nothing more; resolves when nothing of this account is being read or written any more, and the way to its exchange is
   * closed. A question that the exchange has not answered yet is not waited for: its answer comes to a closed desk.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#atTheStore);
    await this.parts.port.close();
  }

  async #ask<T>(question: (store: TradingStore) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const answer = question(this.parts.store);
    this.#atTheStore.add(answer);
    try {
      return await answer;
    } finally {
      this.#atTheStore.delete(answer);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new DeskClosed(this.accountId);
  }
}

/** How the exchange is asked about the latest sending of an order. */
export function referenceOf(order: OrderRecord, symbol: string): Parameters<TradingPort['cancelOrder']>[0] {
  return {
    symbol,
    clientOrderId: order.clientOrderId ?? clientOrderIdOf(order.id, order.attempt),
    exchangeOrderId: order.exchangeOrderId,
  };
}

/** What the exchange is asked for with the order's latest sending: what is left of it. */
export function termsOf(order: OrderRecord, symbol: string): OrderTerms {
  return { ...askedOf(order), symbol, amount: order.attemptRemaining };
}
