import type { EpochMs } from '../domain/marketData';
import type { Market } from '../domain/market';
import { isTerminal } from '../domain/orderPhases';
import type { OrderReport } from '../domain/orders';
import type { OrderRecord } from '../storage/trading/records';
import { referenceOf, type AccountDesk } from './accountDesk';
import { mayBeAbsent, neededMisses, provenAbsent } from './absence';
import { bookWithFills } from './bookWithFills';

/** Between two questions about one order, and between two tries to prove that it is not there. */
const askEveryMs = 2_000;
/** How many orders of the account are asked about at once. */
const askAtOnce = 8;
/** Beyond this an order that is still unknown is an alarm, and its market takes no new one. */
const criticalAfterMs = 60_000;

/** Phases that wait for the exchange's word. What is being edited is left to whoever replaces it. */
const waiting = ['SENDING', 'UNKNOWN', 'CANCELING'] as const;

/** What was done so far about an order that waits. */
interface Efforts {
  askedAt: EpochMs;
  /** When it was last tried to prove that it is not there. */
  triedAt: EpochMs;
  isTold: boolean;
}

/**
 * Finds out what became of orders that have no answer yet: by asking, never by guessing, and never by sending again. An order is
 * called NOT_PLACED only where it is proven that it can neither be there nor still come. Every order has its own clock: none waits
 * for what is asked about another, as long as no more than a few questions are under way.
 */
export class OrderSettler {
  readonly #efforts = new Map<string, Efforts>();
  /** Those whose turn it is, the longest not asked about first. */
  #due: OrderRecord[] = [];
  readonly #asking = new Map<string, Promise<void>>();
  /** By market. */
  readonly #proving = new Map<string, Promise<void>>();

  constructor(
    private readonly desk: AccountDesk,
    private readonly parts: {
      /** True while this process holds an order's request in its own hands. */
      readonly isUnderWay: (orderId: string) => boolean;
      readonly onCritical: (order: OrderRecord) => void;
      readonly onFailure: (error: unknown) => void;
    },
  ) {}

  /** Begins what is due and not under way, and waits for none of it. */
  async look(): Promise<void> {
    const orders = await this.desk.ordersIn(waiting);
    const known = new Set(orders.map((order) => order.id));
    for (const id of this.#efforts.keys()) if (!known.has(id)) this.#efforts.delete(id);
    const free = orders.filter(({ id }) => !this.parts.isUnderWay(id));
    for (const order of free) this.#tellWhereCritical(order);
    this.#prove(free);
    this.#due = free
      .filter((order) => !this.#asking.has(order.id) && this.#isDue(order))
      .sort((a, b) => this.#effortsFor(a).askedAt - this.#effortsFor(b).askedAt);
    this.#takeNext();
  }

  /** Resolves when nothing is due or under way. */
  async idle(): Promise<void> {
    while (this.#asking.size + this.#proving.size > 0)
      await Promise.all([...this.#asking.values(), ...this.#proving.values()]);
  }

  /**
   * Books what the exchange says of an order, together with the executions that it counts and that are not known here yet. What was
   * executed before the account was opened here is in its opening balance.
   */
  adopt(order: OrderRecord, market: Market, report: OrderReport): Promise<OrderRecord> {
    return bookWithFills(this.desk, { order, market, report, urgency: 'URGENT' });
  }

  #effortsFor({ id }: OrderRecord): Efforts {
    const efforts = this.#efforts.get(id) ?? { askedAt: 0, triedAt: 0, isTold: false };
    this.#efforts.set(id, efforts);
    return efforts;
  }

  #tellWhereCritical(order: OrderRecord): void {
    const efforts = this.#effortsFor(order);
    const now = this.desk.now();
    if (efforts.isTold || order.phase !== 'UNKNOWN' || now - (order.unknownSince ?? now) <= criticalAfterMs) return;
    efforts.isTold = true;
    this.parts.onCritical(order);
  }

  /** Begins to prove what was denied often enough: one proof at a time for all such orders of a market. */
  #prove(orders: readonly OrderRecord[]): void {
    const now = this.desk.now();
    const due = orders.filter(
      (order) =>
        order.phase === 'UNKNOWN' &&
        mayBeAbsent(order, now) &&
        !this.#proving.has(order.marketId) &&
        now - this.#effortsFor(order).triedAt >= askEveryMs,
    );
    for (const order of due) this.#effortsFor(order).triedAt = now;
    for (const marketId of new Set(due.map((order) => order.marketId))) {
      const ofMarket = due.filter((order) => order.marketId === marketId);
      const proof = this.#proveOf(marketId, ofMarket)
        .catch(this.parts.onFailure)
        .finally(() => this.#proving.delete(marketId));
      this.#proving.set(marketId, proof);
    }
  }

  async #proveOf(marketId: string, orders: readonly OrderRecord[]): Promise<void> {
    const absent = await provenAbsent(orders, await this.desk.market(marketId), this.desk);
    if (absent.length === 0) return;
    await this.desk.book(async (booking) => {
      for (const { id, attempt } of absent) {
        const current = await booking.order(id);
        // Somebody told of it meanwhile.
        if (current?.phase !== 'UNKNOWN') continue;
        const change = { rejectCode: 'NOT_PLACED' };
        await booking.move(
          current,
          { type: 'PROVEN_NOT_PLACED', attempt },
          { cause: 'never reached the exchange', change },
        );
      }
    });
  }

  #isDue(order: OrderRecord): boolean {
    return order.phase === 'SENDING' || this.desk.now() - this.#effortsFor(order).askedAt >= askEveryMs;
  }

  /** One that cannot be asked about (its market is gone) must not keep the others waiting. */
  #takeNext(): void {
    while (this.#asking.size < askAtOnce) {
      const order = this.#due.shift();
      if (order === undefined) return;
      const taken = (order.phase === 'SENDING' ? this.#doubt(order) : this.#ask(order))
        .catch(this.parts.onFailure)
        .finally(() => {
          this.#asking.delete(order.id);
          this.#takeNext();
        });
      this.#asking.set(order.id, taken);
    }
  }

  /** Nobody here is sending it: a process that died did, or an outcome that could not be written down. */
  async #doubt({ id }: OrderRecord): Promise<void> {
    await this.desk.book(async (booking) => {
      const current = await booking.order(id);
      if (current?.phase !== 'SENDING') return;
      const event = { type: 'OUTCOME_UNKNOWN', attempt: current.attempt } as const;
      await booking.move(current, event, { cause: 'interrupted', change: { unknownSince: this.desk.now() } });
    });
  }

  async #ask(order: OrderRecord): Promise<void> {
    this.#effortsFor(order).askedAt = this.desk.now();
    const market = await this.desk.market(order.marketId);
    const report = await this.desk.port.findOrder(referenceOf(order, market.symbol));
    if (report === null) await this.#miss(order);
    else await this.adopt(order, market, report);
  }

  /** The exchange has no such order: not yet, not any more, or never. That it says so again is no news. */
  async #miss({ id, misses }: OrderRecord): Promise<void> {
    if (misses >= neededMisses) return;
    await this.desk.book(async (booking) => {
      const current = await booking.order(id);
      if (current === null || isTerminal(current.phase)) return;
      const now = this.desk.now();
      booking.keep({ ...current, misses: current.misses + 1, lastMissedAt: now, updatedAt: now });
    });
  }
}
