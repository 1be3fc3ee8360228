import type { Market } from '../domain/market';
import type { OrderReport } from '../domain/orders';
import type { SendOutcome } from '../exchanges/tradingPort';
import type { OrderRecord } from '../storage/trading/records';
import { referenceOf, termsOf, type AccountDesk } from './accountDesk';
import type { Booking } from './booking';
import { clientOrderIdOf } from './clientOrderId';
import type { Lacking } from './heardNews';

/** An order that waited longer (no node led) was judged by a price that is history: whoever wants it still asks again. */
const judgedWithinMs = 60_000;

/** How many orders of one account are under way at once. */
const maxUnderWay = 16;

/**
 * Sends the orders of one account, each attempt once: it is recorded as SENDING before, and whatever happens after that is an
 * answer of the exchange or UNKNOWN. Nothing here sends anything a second time.
 */
export class OrderSender {
  readonly #underWay = new Map<string, Promise<void>>();
  #mustLook = false;
  #looking: Promise<void> | null = null;
  #isStopped = false;

  constructor(
    private readonly desk: AccountDesk,
    private readonly parts: {
      readonly onFailure: (error: unknown) => void;
      /** False where the exchange's clock and ours differ too much to sign an order by ours. */
      readonly isClockTrusted: () => boolean;
      /** The exchange has answered with an order's end, and not with the executions that made it. */
      readonly onLacking: (lacking: Lacking) => void;
    },
  ) {}

  /** True while this process waits for what became of it. */
  isUnderWay(orderId: string): boolean {
    return this.#underWay.has(orderId);
  }

  /** Looks for orders that wait to be sent. */
  wake(): void {
    this.#mustLook = true;
    if (this.#isStopped) return;
    this.#looking ??= this.#look()
      .catch(this.parts.onFailure)
      .finally(() => {
        this.#looking = null;
        if (this.#mustLook && !this.#isStopped && this.#underWay.size < maxUnderWay) this.wake();
      });
  }

  /** Takes nothing more; resolves when what is under way has an outcome. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#looking;
    await Promise.all(this.#underWay.values());
  }

  async #look(): Promise<void> {
    while (this.#mustLook && !this.#isStopped) {
      this.#mustLook = false;
      // Those under way may be PENDING still: there are as many again that are not.
      const limit = maxUnderWay + this.#underWay.size;
      const waiting = await this.desk.ordersIn(['PENDING'], limit);
      if (!waiting.every(({ id }) => this.send(id))) return;
    }
  }

  /** Sends an order that waits to be sent, or, where too many are under way, when there is room; false: later. */
  send(orderId: string): boolean {
    if (this.#underWay.has(orderId)) return true;
    if (this.#isStopped || this.#underWay.size >= maxUnderWay) {
      this.#mustLook = true;
      return false;
    }
    this.#hold(orderId, this.#claimAndSend(orderId));
    return true;
  }

  /** Sends what was claimed elsewhere: the next sending of an edited order. */
  carry(claimed: OrderRecord): void {
    this.#hold(claimed.id, this.#transmit(claimed));
  }

  #hold(orderId: string, work: Promise<void>): void {
    const held = work.catch(this.parts.onFailure).finally(() => {
      this.#underWay.delete(orderId);
      if (this.#mustLook) this.wake();
    });
    this.#underWay.set(orderId, held);
  }

  async #claimAndSend(orderId: string): Promise<void> {
    const claimed = await this.desk.book((booking) => this.#claim(booking, orderId));
    if (claimed !== null) await this.#transmit(claimed);
  }

  /** Takes an order in hand, unless a halt came first. What is committed here is what will be sent. */
  async #claim(booking: Booking, orderId: string): Promise<OrderRecord | null> {
    const order = await booking.order(orderId);
    if (order?.phase !== 'PENDING') return null;
    if (order.origin === 'FLATTEN' ? booking.isFlatteningHeld : booking.isHalted) {
      await booking.move(order, { type: 'CANCEL_REQUESTED' }, { cause: 'trading is halted' });
      return null;
    }
    if (booking.isReducing && order.origin === 'API') {
      const market = await this.desk.market(order.marketId);
      if (!(await booking.reduces(order, market, termsOf(order, market.symbol)))) {
        const change = { rejectCode: 'TRADING_REDUCING' };
        await booking.move(order, { type: 'CANCEL_REQUESTED' }, { cause: 'it would not reduce a position', change });
        return null;
      }
    }
    if (order.origin === 'API' && this.desk.now() - order.createdAt > judgedWithinMs) {
      const change = { rejectCode: 'INTENT_EXPIRED' };
      await booking.move(order, { type: 'CANCEL_REQUESTED' }, { cause: 'it was judged too long ago', change });
      return null;
    }
    if (!this.parts.isClockTrusted()) {
      const change = { rejectCode: 'CLOCK_SKEWED' };
      await booking.move(order, { type: 'CANCEL_REQUESTED' }, { cause: 'our clock is not the exchange’s', change });
      return null;
    }
    return booking.claim(order, { type: 'CLAIMED', attempt: order.attempt }, clientOrderIdOf(order.id, order.attempt));
  }

  /** Sends what was claimed, and books what came of it. */
  async #transmit(order: OrderRecord): Promise<void> {
    const market = await this.desk.market(order.marketId);
    const { clientOrderId } = referenceOf(order, market.symbol);
    const outcome = await this.desk.port.placeOrder({
      clientOrderId,
      terms: termsOf(order, market.symbol),
      signedAt: order.signedAt ?? this.desk.now(),
    });
    if (outcome.kind === 'accepted') await this.#bookAccepted(market, outcome.report);
    else await this.desk.book((booking) => this.#bookOutcome(booking, order, outcome));
  }

  /** An order that has ended already is told as open until its executions are here as well: they may follow the answer. */
  async #bookAccepted(market: Market, report: OrderReport): Promise<void> {
    const lacking = await this.desk.book(async (booking) => {
      const order = report.status === 'OPEN' ? null : await booking.lackingFills(market, report);
      const told: OrderReport = order === null ? report : { ...report, status: 'OPEN' };
      await booking.report(market, told, 'the exchange accepted it');
      return order;
    });
    if (lacking !== null) this.parts.onLacking({ order: lacking, market, report });
  }

  async #bookOutcome(
    booking: Booking,
    sent: OrderRecord,
    outcome: Exclude<SendOutcome, { kind: 'accepted' }>,
  ): Promise<OrderRecord> {
    const order = (await booking.order(sent.id)) ?? sent;
    const { attempt } = sent;
    // The exchange has an order of this id: ours, sent before a crash. It is asked, not guessed.
    const isUnknown = outcome.kind === 'unknown' || outcome.code === 'DUPLICATE_CLIENT_ORDER_ID';
    if (isUnknown) {
      const reason = outcome.kind === 'unknown' ? outcome.reason : outcome.code;
      return booking.move(
        order,
        { type: 'OUTCOME_UNKNOWN', attempt },
        { cause: reason, change: { unknownSince: this.desk.now() } },
      );
    }
    this.desk.logger.warn(
      { orderId: order.id, code: outcome.code, answer: outcome.message },
      'exchange refused an order',
    );
    return booking.move(
      order,
      { type: 'REFUSED', attempt },
      { cause: outcome.code, change: { rejectCode: outcome.code } },
    );
  }
}
