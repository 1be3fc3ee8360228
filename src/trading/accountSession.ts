import type { AccountEvent, AccountUpstream } from '../exchanges/tradingPort';
import type { OrderRecord } from '../storage/trading/records';
import { LeadershipLost } from '../storage/trading/tradingStore';
import type { BackgroundRunner } from '../telemetry/backgroundRunner';
import type { AccountDesk } from './accountDesk';
import { ClockWatch } from './clockWatch';
import { HeardNews } from './heardNews';
import { OrderSender } from './orderSender';
import { OrderSettler } from './orderSettler';
import { OrderWithdrawal } from './orderWithdrawal';
import type { Reconciler } from './reconciliation/reconciler';

export interface SessionParts {
  readonly desk: AccountDesk;
  readonly reconciler: Reconciler;
  readonly runner: BackgroundRunner;
  /** Runs a task after so many milliseconds; gives what prevents it. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly onCritical: (order: OrderRecord) => void;
  /** Another node leads: this one has to stop trading. */
  readonly onLeadershipLost: () => void;
}

const settleEveryMs = 500;
const stopWithinMs = 10_000;
const reconcileEveryMs = 30_000;
/** After a round that has found something new: a difference counts when it is seen twice. */
const reconcileAgainMs = 5_000;
const reconcileRetryMs = 2_000;
const clockEveryMs = 4_000;

/** The trading of one account on the leading node: what it sends, what it hears, and the rounds in which it asks. */
export class AccountSession {
  readonly #clock: ClockWatch;
  readonly #sender: OrderSender;
  readonly #settler: OrderSettler;
  readonly #withdrawal: OrderWithdrawal;
  readonly #news: HeardNews;
  readonly #cancels = new Set<() => void>();
  #upstream: AccountUpstream | null = null;
  /** The account was compared with its exchange by this session, and the clocks with each other: no order is sent before. */
  #isCompared = false;
  #isStopped = false;

  constructor(private readonly parts: SessionParts) {
    const { desk, onCritical } = parts;
    const onFailure = (error: unknown): void => {
      this.#failed('the order path', error);
    };
    this.#clock = new ClockWatch(desk);
    this.#news = new HeardNews(desk, { schedule: parts.schedule, onFailure });
    this.#sender = new OrderSender(desk, {
      onFailure,
      isClockTrusted: () => this.#clock.isTrusted,
      onLacking: (lacking) => {
        this.#news.expect(lacking);
      },
    });
    this.#settler = new OrderSettler(desk, {
      isUnderWay: (orderId) => this.#sender.isUnderWay(orderId),
      onCritical,
      onFailure,
    });
    this.#withdrawal = new OrderWithdrawal(desk, { sender: this.#sender, settler: this.#settler, onFailure });
  }

  /** False while our clock is known to differ too much from the exchange's: then no order is sent. */
  get isClockTrusted(): boolean {
    return this.#clock.isTrusted;
  }

  /** An order was written down that is to be sent. */
  send(orderId: string): void {
    if (this.#isCompared) this.#sender.send(orderId);
  }

  /** Something was written down that is to be canceled or edited. */
  wake(): void {
    if (this.#isStopped) return;
    this.parts.runner.run('cancels and edits', () => this.#withdrawal.look());
  }

  /** Listens first, then compares with the exchange; only then orders are sent. Goes on by itself where the exchange is away. */
  start(): void {
    this.#upstream = this.parts.desk.port.watch((event) => {
      this.#hear(event);
    });
    this.#repeat('reconciliation', () => this.#reconcile(), {
      everyMs: reconcileEveryMs,
      soonMs: reconcileAgainMs,
      retryMs: reconcileRetryMs,
    });
    this.#repeat('settling orders', () => this.#settle(), { everyMs: settleEveryMs, retryMs: settleEveryMs });
    this.#repeat('comparing clocks', () => this.#clock.look(), { everyMs: clockEveryMs, retryMs: clockEveryMs });
  }

  /** Takes nothing more; resolves when what was under way is written down. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    // An answer that takes longer is asked for after the next start: the order is SENDING until then.
    await this.#within(this.#endOrders(), stopWithinMs);
    await this.#upstream?.close();
    await this.#news.stop();
    await this.parts.desk.close();
  }

  async #endOrders(): Promise<void> {
    await Promise.all([this.#sender.stop(), this.#settler.idle()]);
    await this.#withdrawal.idle();
    // An edit that was under way has handed its next sending to the sender.
    await this.#sender.stop();
  }

  #hear(event: AccountEvent): void {
    if (this.#isStopped) return;
    switch (event.type) {
      case 'order':
      case 'fill':
        this.#news.hear(event);
        return;
      case 'connected':
        // Something may have happened while nobody listened.
        this.parts.runner.run('comparison after a connection', () => this.#compareNow());
        return;
      case 'balances':
      case 'positions':
      case 'disconnected':
        // Balances and positions follow from fills and transfers; reconciliation compares them with the exchange's.
        return;
    }
  }

  async #compareNow(): Promise<void> {
    try {
      await this.#reconcile();
    } catch (error) {
      this.#failed('comparison after a connection', error);
    }
  }

  /** Gives whether it is to be done again soon. */
  async #reconcile(): Promise<boolean> {
    if (!this.#isCompared) await this.#clock.look();
    const isSuspicious = await this.parts.reconciler.reconcile(this.parts.desk);
    this.#isCompared = true;
    this.#sendAll();
    this.wake();
    return isSuspicious;
  }

  async #settle(): Promise<void> {
    await this.#settler.look();
    await this.#cancelWhatIsKnownAgain();
    if (this.#isStopped) return;
    await this.#withdrawal.look();
    this.#sendAll();
  }

  /** What nobody here was told of, and what was stored before the comparison. */
  #sendAll(): void {
    if (this.#isCompared) this.#sender.wake();
  }

  /** Orders whose end was asked for while nobody knew where they were. */
  async #cancelWhatIsKnownAgain(): Promise<void> {
    const { desk } = this.parts;
    const open = await desk.ordersIn(['OPEN', 'PARTIALLY_FILLED']);
    for (const { id } of open.filter((order) => order.cancelRequestedAt !== null)) {
      await desk.book(async (booking) => {
        const order = await booking.order(id);
        if (order !== null) await booking.move(order, { type: 'CANCEL_REQUESTED' }, { cause: 'asked for before' });
      });
    }
  }

  #repeat(
    name: string,
    work: () => Promise<unknown>,
    {
      everyMs,
      soonMs = everyMs,
      retryMs,
    }: { readonly everyMs: number; readonly soonMs?: number; readonly retryMs: number },
  ): void {
    const run = async (): Promise<void> => {
      let delayMs = retryMs;
      try {
        delayMs = (await work()) === true ? soonMs : everyMs;
      } catch (error) {
        this.#failed(name, error);
      }
      again(delayMs);
    };
    const again = (delayMs: number): void => {
      if (this.#isStopped) return;
      const cancel = this.parts.schedule(() => {
        this.#cancels.delete(cancel);
        this.parts.runner.run(name, run);
      }, delayMs);
      this.#cancels.add(cancel);
    };
    this.parts.runner.run(name, run);
  }

  async #within(work: Promise<unknown>, limitMs: number): Promise<void> {
    let cancel = (): void => undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = this.parts.schedule(resolve, limitMs);
    });
    await Promise.race([work, limit]);
    cancel();
  }

  #failed(what: string, error: unknown): void {
    // A round that was under way when the session stopped: its exchange is closed as well.
    if (this.parts.desk.isClosed) return;
    if (error instanceof LeadershipLost) this.parts.onLeadershipLost();
    else this.parts.desk.logger.warn({ err: error }, `${what} failed; it is tried again`);
  }
}
