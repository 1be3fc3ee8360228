import { compareDecimals } from '../domain/compareDecimals';
import type { Market } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import { difference } from '../domain/money';
import type { OrderRecord } from '../storage/trading/records';
import { referenceOf, type AccountDesk } from './accountDesk';
import type { Booking } from './booking';
import { clientOrderIdOf } from './clientOrderId';
import { isMissingFills } from './missingFills';
import type { OrderSender } from './orderSender';
import type { OrderSettler } from './orderSettler';
import { askedOf } from './orderTerms';
import { reservationOf } from './reservation';

/** Between two tries of one cancel whose outcome is not known: to cancel twice does no harm, to flood does. */
const tryEveryMs = 2_000;

/**
 * Carries out at the exchange the cancels and edits that are written down, whoever asked for them and before whichever crash.
 * An edit is a cancel and, once the exchange has confirmed it, another sending of what is left.
 */
export class OrderWithdrawal {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #triedAt = new Map<string, EpochMs>();

  constructor(
    private readonly desk: AccountDesk,
    private readonly parts: {
      readonly sender: OrderSender;
      readonly settler: OrderSettler;
      readonly onFailure: (error: unknown) => void;
    },
  ) {}

  /** Begins what waits and is not under way. */
  async look(): Promise<void> {
    const orders = await this.desk.ordersIn(['CANCELING', 'EDITING']);
    const waiting = new Set(orders.map((order) => order.id));
    for (const id of this.#triedAt.keys()) if (!waiting.has(id)) this.#triedAt.delete(id);
    for (const order of orders) {
      if (this.#underWay.has(order.id) || this.parts.sender.isUnderWay(order.id)) continue;
      if (this.desk.now() - (this.#triedAt.get(order.id) ?? 0) < tryEveryMs) continue;
      this.#triedAt.set(order.id, this.desk.now());
      const work = this.#carryOut(order)
        .catch(this.parts.onFailure)
        .finally(() => this.#underWay.delete(order.id));
      this.#underWay.set(order.id, work);
    }
  }

  /** Resolves when what is under way has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #carryOut(order: OrderRecord): Promise<void> {
    const market = await this.desk.market(order.marketId);
    const outcome = await this.desk.port.cancelOrder(referenceOf(order, market.symbol));
    // It may have been canceled: the settler asks.
    if (outcome.kind === 'unknown') return;
    const report =
      (outcome.kind === 'accepted' ? outcome.report : null) ??
      (await this.desk.port.findOrder(referenceOf(order, market.symbol)));
    if (report === null) return;
    if (order.phase !== 'EDITING' || report.status !== 'CANCELED') {
      await this.parts.settler.adopt(order, market, report);
      return;
    }
    // Its executions first: what is left is what the next sending asks for.
    const booked = await this.parts.settler.adopt(order, market, { ...report, status: 'OPEN' });
    // The list of trades may lag behind: what it does not show yet would be executed a second time.
    if (isMissingFills(booked, { ...report, fills: [] })) return;
    const claimed = await this.desk.book((booking) => this.#replace(booking, booked, market));
    if (claimed !== null) this.parts.sender.carry(claimed);
  }

  /** The edited order, claimed for its next sending; null where it ends instead. */
  async #replace(booking: Booking, booked: OrderRecord, market: Market): Promise<OrderRecord | null> {
    const order = await booking.order(booked.id);
    if (order?.phase !== 'EDITING') return null;
    const amount = order.editAmount;
    const end = async (cause: string): Promise<null> => {
      await booking.move(order, { type: 'REPORTED', attempt: order.attempt, status: 'CANCELED' }, { cause });
      return null;
    };
    if (booking.isHalted) return end('trading is halted');
    if (amount === null || compareDecimals(amount, order.filled) <= 0) return end('nothing is left of it');
    const attempt = order.attempt + 1;
    const price = order.editPrice ?? order.price;
    const terms = { ...askedOf(order), symbol: market.symbol, price, amount: difference(amount, order.filled) };
    if (booking.isReducing && !(await booking.reduces(order, market, terms)))
      return end('it would not reduce a position');
    // What is open was judged with this reserved; from here on only the new sending can be executed.
    const reserved = price === null ? order.reserved : reservationOf(market, terms, price).amount;
    booking.balancesChanged();
    const edited = { ...order, price, reserved, editPrice: null, editAmount: null };
    return booking.claim(edited, { type: 'REPLACED', attempt, amount }, clientOrderIdOf(order.id, attempt));
  }
}
