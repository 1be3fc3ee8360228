import type { Fill, OrderReport, PositionMode } from '../../../src/domain/orders';
import { AppError } from '../../../src/errors/appError';
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
} from '../../../src/exchanges/tradingPort';
import { AccountSocket, type WireParts } from './accountSocket';
import { hasDied, never } from './mortal';
import type { HeldOrder } from './simulatedExchange';
import { exchangeId } from './simulatedMarkets';
import { toText } from './units';

/** Who sends waits so long for an answer. */
const timeoutMs = 10_000;
/** The exchange takes a request for so long after its signature, and from so far ahead of its clock. */
const recvWindowMs = 5_000;
const aheadMs = 1_000;
/** What it has taken it may still be working on for so long. */
const longestWorkMs = 8_000;

/** The way from one node to the simulated exchange: requests and answers that are late, or lost. */
export class SimulatedPort implements TradingPort {
  readonly exchange = exchangeId;
  readonly socket: AccountSocket;

  constructor(private readonly parts: WireParts) {
    this.socket = new AccountSocket(parts);
  }

  async placeOrder(order: Parameters<TradingPort['placeOrder']>[0]): Promise<SendOutcome> {
    const { chance, exchange, time } = this.parts;
    const way = this.#way({ ok: 60, late: 8, lost: 8, unanswered: 12, garbled: 6, unreachable: 3, limited: 3 });
    const place = async (): Promise<SendOutcome> => {
      const ageMs = time.now() - order.signedAt;
      if (ageMs > recvWindowMs || ageMs < -aheadMs) return refused('CLOCK_SKEWED');
      if (way === 'late') await time.pause(chance.between(0, longestWorkMs));
      const placed = exchange.place(order.clientOrderId, order.terms);
      if (typeof placed === 'string') return refused(placed);
      return { kind: 'accepted', report: exchange.reportOf(placed, chance.hits(0.7) ? exchange.fillsOf(placed) : []) };
    };
    if (way === 'unreachable')
      return this.#answer('place', order, () => Promise.resolve(refused('EXCHANGE_UNREACHABLE')));
    if (way === 'limited') return this.#answer('place', order, () => Promise.resolve(refused('EXCHANGE_RATE_LIMITED')));
    return this.#send('place', order, { way, work: place });
  }

  async cancelOrder(reference: OrderReference): Promise<CancelOutcome> {
    const { exchange, chance } = this.parts;
    const way = this.#way({ ok: 70, late: 8, lost: 8, unanswered: 10, garbled: 4 });
    const cancel = (): Promise<CancelOutcome> => {
      const order = exchange.orders.find((held) => held.status === 'OPEN' && isMeant(held, reference));
      if (order === undefined || !exchange.cancel(order)) return Promise.resolve({ kind: 'gone' });
      return Promise.resolve({ kind: 'accepted', report: chance.hits(0.6) ? exchange.reportOf(order) : null });
    };
    return this.#send('cancel', reference, { way, work: cancel });
  }

  findOrder(reference: OrderReference | ExecutedOrderReference): Promise<OrderReport | null> {
    const { exchange } = this.parts;
    return this.#ask('find', reference, () => {
      const order = exchange.orders.findLast((held) => isMeant(held, reference) && this.#isVisible(held));
      return order === undefined ? null : exchange.reportOf(order);
    });
  }

  openOrders(symbol: string | null): Promise<readonly OrderReport[]> {
    return this.#ask('open orders', symbol, () => this.#orders((order) => order.status === 'OPEN', symbol));
  }

  ordersSince(symbol: string, since: number): Promise<readonly OrderReport[]> {
    return this.#ask('orders', symbol, () => this.#orders((order) => order.updatedAt >= since, symbol));
  }

  fillsSince(symbol: string, since: number): Promise<readonly Fill[]> {
    return this.#ask('fills', { symbol, since }, () =>
      this.parts.exchange.trades
        .filter((trade) => this.#isVisible(trade) && trade.fill.symbol === symbol && trade.fill.exchangeTime >= since)
        .map(({ fill }) => fill),
    );
  }

  balances(): Promise<readonly ExchangeBalance[]> {
    return this.#ask('balances', null, () =>
      [...this.parts.exchange.balances].map(([currency, units]) => {
        const total = toText(units);
        return { currency, free: total, used: toText(0n), total };
      }),
    );
  }

  positions(): Promise<readonly ExchangePosition[]> {
    return Promise.resolve([]);
  }

  transfersSince(since: number): Promise<readonly ExchangeTransfer[]> {
    const { transfers } = this.parts.exchange;
    return this.#ask('transfers', since, () => transfers.filter(({ exchangeTime }) => exchangeTime >= since));
  }

  positionMode(): Promise<PositionMode> {
    return Promise.resolve('ONE_WAY');
  }

  keyPermissions(): Promise<KeyPermissions> {
    return Promise.resolve({ mayTrade: true, mayWithdraw: false, mayTransfer: false, isIpRestricted: true });
  }

  exchangeAccount(): Promise<string | null> {
    return Promise.resolve(null);
  }

  async clockSkewMs(): Promise<number> {
    const { caller, time } = this.parts;
    const there = await this.#ask('time', null, () => time.now());
    return caller.now() - there;
  }

  watch(listener: (event: AccountEvent) => void): AccountUpstream {
    return this.socket.open(listener);
  }

  close(): Promise<void> {
    this.socket.close();
    return Promise.resolve();
  }

  #way<Way extends string>(ways: Readonly<Record<'ok' | Way, number>>): 'ok' | Way {
    return this.parts.isStormy() ? this.parts.chance.weighted(ways) : 'ok';
  }

  /** A request that does something. What is sent goes on even where its sender does not. */
  async #send<Outcome extends { readonly kind: string }>(
    what: string,
    request: unknown,
    { way, work }: { readonly way: string; readonly work: () => Promise<Outcome> },
  ): Promise<Outcome | { readonly kind: 'unknown'; readonly reason: string }> {
    const { caller, chance, time, trace } = this.parts;
    if (hasDied(caller)) return never;
    trace.write(`${caller.name} ${what} (${way})`, request);
    const onWayMs = way === 'late' ? chance.between(100, 6_000) : chance.between(2, 40);
    const outcome = new Promise<Outcome | { readonly kind: 'unknown'; readonly reason: string }>((resolve) => {
      time.schedule(() => {
        resolve({ kind: 'unknown', reason: 'timed out' });
      }, timeoutMs);
      if (way === 'lost') return;
      const backMs = chance.between(2, 40);
      time.schedule(() => {
        void work().then((answer) => {
          trace.write(`${what} done`, answer);
          if (way === 'unanswered') return;
          const heard = way === 'garbled' ? { kind: 'unknown' as const, reason: 'HTTP 502' } : answer;
          time.schedule(() => {
            resolve(heard);
          }, backMs);
        });
      }, onWayMs);
    });
    return this.#heard(await outcome);
  }

  /** An answer that needs no exchange. */
  async #answer<Outcome>(what: string, request: unknown, work: () => Promise<Outcome>): Promise<Outcome> {
    const { caller, time, trace } = this.parts;
    if (hasDied(caller)) return never;
    trace.write(`${caller.name} ${what}`, request);
    await time.pause(1);
    return this.#heard(await work());
  }

  /** Answers are what was true when the question came in. */
  async #ask<Answer>(what: string, question: unknown, work: () => Answer): Promise<Answer> {
    const { caller, chance, time, trace } = this.parts;
    if (hasDied(caller)) return never;
    const way = this.#way({ ok: 88, slow: 4, failed: 5, limited: 3 });
    trace.write(`${caller.name} asks ${what} (${way})`, question);
    await time.pause(way === 'slow' ? chance.between(100, 4_000) : chance.between(2, 40));
    const answer = work();
    await time.pause(chance.between(2, 40));
    if (hasDied(caller)) return never;
    if (way === 'failed') throw new AppError('EXCHANGE_UNAVAILABLE');
    if (way === 'limited') throw new AppError('EXCHANGE_RATE_LIMITED');
    return answer;
  }

  #heard<Answer>(answer: Answer): Answer | Promise<never> {
    const { caller } = this.parts;
    return hasDied(caller) ? never : answer;
  }

  #orders(isMeantToBe: (order: HeldOrder) => boolean, symbol: string | null): readonly OrderReport[] {
    const { exchange } = this.parts;
    return exchange.orders
      .filter((order) => this.#isVisible(order) && isMeantToBe(order))
      .filter(({ terms }) => symbol === null || terms.symbol === symbol)
      .map((order) => exchange.reportOf(order));
  }

  #isVisible({ visibleAt }: { readonly visibleAt: number }): boolean {
    return visibleAt <= this.parts.time.now();
  }
}

function isMeant(order: HeldOrder, reference: OrderReference | ExecutedOrderReference): boolean {
  return reference.clientOrderId === null
    ? order.id === reference.exchangeOrderId
    : order.clientOrderId === reference.clientOrderId;
}

function refused(code: Extract<SendOutcome, { kind: 'refused' }>['code']): SendOutcome {
  return { kind: 'refused', code, message: code };
}
