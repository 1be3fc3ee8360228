import type { DecimalString } from '../domain/decimal';
import { holdsFlattening } from '../domain/lockdown';
import type { Market } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import { isTerminal } from '../domain/orderPhases';
import { applyOrderEvent, remainingOf, type OrderEvent, type OrderFlag } from '../domain/orderState';
import type { Fee, Fill, OrderReport, OrderTerms } from '../domain/orders';
import { share } from '../domain/money';
import { addFees } from '../domain/fees';
import type { AccountTransaction } from '../storage/trading/accountTransaction';
import type { AttemptRecord, FillRecord, OrderRecord } from '../storage/trading/records';
import { viewBalances } from './balanceViews';
import { bookPosition } from './bookPosition';
import { readClientOrderId } from './clientOrderId';
import { isMissingFills } from './missingFills';
import { postingOf } from './postings';
import { reduces } from './risk/exposure';

const zero = '0' as DecimalString;

export interface BookingParts {
  readonly now: EpochMs;
  readonly newId: () => string;
  /** What a fee in a third currency is worth in the market's quote currency; "0" where no price is known. */
  readonly worthOfFee: (exchange: string, fee: Fee, quote: string) => DecimalString;
}

/** Why an order moves, for its history, and what else of it changes with that. */
interface Reason {
  readonly cause: string;
  readonly change?: Partial<OrderRecord>;
}

/** What takes an order in hand: its first sending, or the one that replaces an edited one. */
type ClaimEvent =
  | { readonly type: 'CLAIMED'; readonly attempt: number }
  | { readonly type: 'REPLACED'; readonly attempt: number; readonly amount: DecimalString };

/** News that was booked and that somebody has to look at. */
export interface BookingAlarm {
  readonly kind: OrderFlag | 'ILLEGAL_TRANSITION' | 'UNKNOWN_ORDER' | 'DIFFERS_FROM_EXCHANGE' | 'CLOCK_SKEWED';
  readonly orderId: string | null;
  readonly detail: string;
}

/**
 * Books what happened to orders of one account, within one transaction: the one way in for what an exchange says, whether
 * it came as an answer, over the socket or by asking; all of it may come again, and in any order. `finish` tells the
 * account's streams, once for each thing that changed.
 */
export class Booking {
  readonly alarms: BookingAlarm[] = [];
  readonly #changed = new Map<string, OrderRecord>();
  #haveBalancesChanged = false;

  constructor(
    private readonly tx: AccountTransaction,
    private readonly parts: BookingParts,
  ) {}

  /** Nothing that clients ask for may be sent: somebody has stopped it, or a second person is waited for. */
  get isHalted(): boolean {
    const { account, house } = this.tx;
    return (
      house.lockdown !== 'NONE' ||
      house.state === 'HALTED' ||
      account.tradingState === 'HALTED' ||
      account.approval === 'AWAITED'
    );
  }

  /** Not even what the kill switch closes positions with may be sent. */
  get isFlatteningHeld(): boolean {
    return holdsFlattening(this.tx.house.lockdown);
  }

  /** Only what makes positions smaller may be sent. */
  get isReducing(): boolean {
    return this.tx.house.state === 'REDUCING' || this.tx.account.tradingState === 'REDUCING';
  }

  order(id: string): Promise<OrderRecord | null> {
    return this.tx.order(id);
  }

  /** Whether a sending of an order could only make a position smaller, as things stand now. */
  async reduces(order: OrderRecord, market: Market, terms: OrderTerms): Promise<boolean> {
    const openOrders = (await this.tx.openOrders()).filter(({ id }) => id !== order.id);
    return reduces({ market, terms, openOrders, positions: await this.tx.positions() });
  }

  /** Takes an order in hand for a sending that follows: from here on the exchange may have it. */
  async claim(order: OrderRecord, event: ClaimEvent, clientOrderId: string): Promise<OrderRecord> {
    const { id: orderId, accountId, marketId } = order;
    const { attempt } = event;
    this.tx.saveAttempt({ accountId, orderId, attempt, marketId, clientOrderId, exchangeOrderId: null });
    const change = { clientOrderId, exchangeOrderId: null, signedAt: this.parts.now, unknownSince: null, misses: 0 };
    return this.move(order, event, { cause: `attempt ${attempt}`, change });
  }

  /** Moves an order by one piece of news. An illegal step leaves it as it is and is written to the audit log. */
  async move(order: OrderRecord, event: OrderEvent, { cause, change = {} }: Reason): Promise<OrderRecord> {
    const { now } = this.parts;
    const step = applyOrderEvent(order, event);
    if (step.kind === 'illegal') {
      await this.#alarm('ILLEGAL_TRANSITION', order.id, `${step.reason}: ${cause}`);
      return order;
    }
    for (const flag of step.kind === 'applied' ? step.flags : []) await this.#alarm(flag, order.id, cause);
    if (step.kind === 'unchanged' && Object.keys(change).length === 0) return order;
    const moved: OrderRecord = { ...order, ...step.state, ...change, updatedAt: now };
    const settled = { ...moved, reserved: reservationAfter(order, moved) };
    if (settled.reserved !== order.reserved) this.#haveBalancesChanged = true;
    this.#save(settled, order.phase === settled.phase ? null : cause, order);
    return settled;
  }

  /** Writes what changed of an order without moving it. */
  keep(order: OrderRecord): void {
    this.#save(order, null, order);
  }

  #save(order: OrderRecord, cause: string | null, before: OrderRecord): void {
    const step = { orderId: order.id, at: this.parts.now, from: before.phase, to: order.phase };
    const transition = cause === null ? null : { ...step, cause };
    this.tx.saveOrder(order, transition);
    this.#changed.set(order.id, order);
  }

  /** A new order. */
  async insert(order: OrderRecord, cause: string): Promise<void> {
    const { id, phase, createdAt } = order;
    await this.tx.insertOrder(order, { orderId: id, at: createdAt, from: null, to: phase, cause });
    this.#changed.set(id, order);
    if (order.reserved !== zero) this.#haveBalancesChanged = true;
  }

  /** An order that was found at the exchange, with the fills that came before it. */
  async adopt(order: OrderRecord, clientOrderId: string): Promise<void> {
    const { id: orderId, accountId, attempt, marketId, exchangeOrderId } = order;
    await this.insert(order, 'found at the exchange');
    const found = { accountId, orderId, attempt, marketId, clientOrderId, exchangeOrderId };
    this.tx.saveAttempt(found);
    let current = order;
    for (const fill of await this.tx.attributeFills(found)) current = await this.#addFill(current, found, fill);
  }

  balancesChanged(): void {
    this.#haveBalancesChanged = true;
  }

  /** What an exchange says of an order; null where it is of none that we know. Its fills come first: they are never lost to its status. */
  async report(market: Market, report: OrderReport, cause: string): Promise<OrderRecord | null> {
    const attempt = await this.#findAttempt(market, report);
    const order = attempt === null ? null : await this.tx.order(attempt.orderId);
    if (attempt === null || order === null) {
      for (const fill of report.fills) await this.fill(market, fill);
      return null;
    }
    let current = order;
    if (isNewName(attempt, report)) {
      const named = { ...attempt, exchangeOrderId: report.exchangeOrderId };
      this.tx.saveAttempt(named);
      if (attempt.attempt === order.attempt) {
        current = { ...current, exchangeOrderId: report.exchangeOrderId, updatedAt: this.parts.now };
        this.keep(current);
      }
      for (const fill of await this.tx.attributeFills(named)) current = await this.#addFill(current, named, fill);
    }
    for (const fill of report.fills) current = (await this.fill(market, fill)) ?? current;
    // The first half of an edit: whoever replaces the order ends it, or sends what is left of it.
    if (current.phase === 'EDITING' && report.status === 'CANCELED') return current;
    return this.move(current, { type: 'REPORTED', attempt: attempt.attempt, status: report.status }, { cause });
  }

  /** The order that a report is about, where the exchange counts executions of it that are not booked; null where none is missing. */
  async lackingFills(market: Market, report: OrderReport): Promise<OrderRecord | null> {
    const attempt = await this.#findAttempt(market, report);
    const order = attempt === null ? null : await this.tx.order(attempt.orderId);
    if (order === null || attempt?.attempt !== order.attempt) return null;
    return isMissingFills(order, report) ? order : null;
  }

  /** One execution, at most once. Gives its order as it is then; null where it is of none that is known yet, or was booked before. */
  async fill(market: Market, fill: Fill): Promise<OrderRecord | null> {
    if (await this.tx.hasFill(market.id, fill.tradeId)) return null;
    const { newId, worthOfFee } = this.parts;
    const attempt = await this.#findAttempt(market, fill);
    const change = await bookPosition(this.tx, { market, fill, newId, worthOfFee });
    const entry: FillRecord = {
      id: newId(),
      accountId: this.tx.account.id,
      orderId: attempt?.orderId ?? null,
      marketId: market.id,
      exchangeTradeId: fill.tradeId,
      exchangeOrderId: fill.exchangeOrderId,
      side: fill.side,
      positionSide: fill.positionSide,
      takerOrMaker: fill.takerOrMaker,
      price: fill.price,
      amount: fill.amount,
      cost: fill.cost,
      fees: fill.fees,
      realizedPnl: change.realizedPnl,
      at: fill.exchangeTime,
    };
    await this.tx.insertFill(entry);
    await this.tx.post(postingOf(market, fill, change.realizedPnl));
    this.#haveBalancesChanged = true;
    const order = attempt === null ? null : await this.tx.order(attempt.orderId);
    return attempt === null || order === null ? null : this.#addFill(order, attempt, entry);
  }

  /** Tells the account's streams what has changed. The last step before the commit. */
  async finish(): Promise<void> {
    const { now } = this.parts;
    for (const order of this.#changed.values()) this.tx.appendEvent('order', now, order);
    if (!this.#haveBalancesChanged) return;
    const balances = viewBalances(await this.tx.balances(), await this.tx.openOrders(), await this.tx.positions());
    this.tx.appendEvent('balances', now, { balances });
  }

  async #addFill(
    order: OrderRecord,
    attempt: AttemptRecord,
    { amount, cost, fees, exchangeTradeId }: FillRecord,
  ): Promise<OrderRecord> {
    const event: OrderEvent = { type: 'FILL', attempt: attempt.attempt, amount, cost };
    return this.move(order, event, { cause: `trade ${exchangeTradeId}`, change: { fees: addFees(order.fees, fees) } });
  }

  /** By the client's id, then the exchange's; a client id of ours can be read even where the database does not know it. */
  async #findAttempt(
    market: Market,
    { clientOrderId, exchangeOrderId }: { readonly clientOrderId: string | null; readonly exchangeOrderId: string },
  ): Promise<AttemptRecord | null> {
    const known =
      (clientOrderId === null ? null : await this.tx.attempt({ clientOrderId })) ??
      (await this.tx.attempt({ marketId: market.id, exchangeOrderId }));
    if (known !== null || clientOrderId === null) return known;
    const read = readClientOrderId(clientOrderId);
    const order = read === null ? null : await this.tx.order(read.orderId);
    if (read === null || order === null) return null;
    const { id: orderId, accountId } = order;
    const attempt = {
      accountId,
      orderId,
      attempt: read.attempt,
      marketId: market.id,
      clientOrderId,
      exchangeOrderId: null,
    };
    this.tx.saveAttempt(attempt);
    return attempt;
  }

  async #alarm(kind: BookingAlarm['kind'], orderId: string, detail: string): Promise<void> {
    this.alarms.push({ kind, orderId, detail });
    await this.tx.audit({ at: this.parts.now, actor: 'trading', action: kind, target: orderId, outcome: detail });
  }
}

/**
 * An order that waited for a price is another one to the exchange once it executes, of the same client's id. What is told late of the
 * one that waited tells no executions.
 */
function isNewName({ exchangeOrderId }: AttemptRecord, report: OrderReport): boolean {
  return exchangeOrderId === null || (exchangeOrderId !== report.exchangeOrderId && report.filled !== zero);
}

/** Nothing once it is done; in step with what is left of it until then. Whoever changes its amount says what it needs. */
function reservationAfter(before: OrderRecord, after: OrderRecord): DecimalString {
  if (isTerminal(after.phase)) return zero;
  const left = remainingOf(after);
  const leftBefore = remainingOf(before);
  if (
    after.reserved !== before.reserved ||
    after.amount !== before.amount ||
    left === null ||
    leftBefore === null ||
    leftBefore === zero
  )
    return after.reserved;
  return left === leftBefore ? after.reserved : share(after.reserved, left, leftBefore);
}
