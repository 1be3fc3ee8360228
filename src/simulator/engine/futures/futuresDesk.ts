import type { EpochMs } from '../../../domain/marketData';
import { walkBook } from '../accounts/bookWalk';
import { costOf } from '../accounts/money';
import { EventSource } from '../eventSource';
import type { Random } from '../random';
import type { SimulatedMarket, TradedFill } from '../simulatedMarket';
import { makerFeeBps, takerFeeBps } from './contracts';
import type { FuturesAccount } from './futuresAccount';
import {
  closesPart,
  isWorking,
  signed,
  type FuturesFill,
  type FuturesOrder,
  type FuturesRequest,
} from './futuresOrder';
import { checkFuturesOrder } from './checkFuturesOrder';
import type { MarkPrices } from './markPrices';

const clientIdAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Takes the orders of futures accounts, lets them match against everyone else's and books each fill: position, profit, fee.
 * As on spot an account's own orders never trade with each other: the one that waited expires (EXPIRE_MAKER).
 */
export class FuturesDesk {
  /** Told of every order that is done. */
  readonly finished = new EventSource<{ readonly account: FuturesAccount; readonly order: FuturesOrder }>();
  /** Who owns an order that may trade, by "symbol/id". */
  private readonly owners = new Map<string, FuturesAccount>();

  constructor(
    private readonly options: {
      readonly markets: ReadonlyMap<string, SimulatedMarket>;
      readonly marks: MarkPrices;
      readonly random: Random;
      readonly now: () => EpochMs;
    },
  ) {
    for (const market of options.markets.values()) {
      market.fills.listen((fill) => {
        this.book(market, fill);
      });
    }
  }

  /** Checks an order as `place` does and leaves no trace. Throws FuturesRefused. */
  test(market: SimulatedMarket, account: FuturesAccount, request: FuturesRequest): void {
    checkFuturesOrder(this.options.marks, market, { account, request });
  }

  /** Places an order; whatever it matches at once has been booked when the call returns. Throws FuturesRefused. */
  place(market: SimulatedMarket, account: FuturesAccount, request: FuturesRequest): FuturesOrder {
    const { priceTicks, lots } = checkFuturesOrder(this.options.marks, market, { account, request });
    const time = this.options.now();
    const order: FuturesOrder = {
      id: market.nextOrderId(),
      clientOrderId: request.clientOrderId ?? this.newClientId(),
      spec: market.spec,
      side: request.side,
      type: request.type,
      timeInForce: request.timeInForce,
      priceTicks,
      positionSide: request.positionSide,
      isReduceOnly: request.isReduceOnly,
      algo: request.algo,
      createdAt: time,
      lots,
      status: 'NEW',
      updatedAt: time,
      executedLots: 0,
      executedCost: 0n,
    };
    account.addOrder(order);
    this.owners.set(ownerKey(order), account);
    account.events.emit({ kind: 'order', execution: 'NEW', order, fill: null, time });
    this.match(market, account, order);
    return order;
  }

  /** Cancels an open order; false where it is not open (any more). */
  cancel(account: FuturesAccount, order: FuturesOrder): boolean {
    if (!isWorking(order)) return false;
    this.options.markets.get(order.spec.id)?.cancel(order.id);
    this.finish(account, order, 'CANCELED');
    return true;
  }

  newClientId(): string {
    const { random } = this.options;
    return Array.from({ length: 22 }, () => clientIdAlphabet[random.integer(clientIdAlphabet.length)]).join('');
  }

  private match(market: SimulatedMarket, account: FuturesAccount, order: FuturesOrder): void {
    const { id, side, priceTicks, lots } = order;
    const isOwn = (orderId: number): boolean => account.order(market.spec.id, orderId) !== null;
    const walk = walkBook(market, isOwn, { side, priceTicks, lots, budget: null });
    if (order.timeInForce === 'FOK' && walk.lots < lots) {
      this.finish(account, order, 'EXPIRED');
      return;
    }
    for (const ownId of walk.ownOrderIds) {
      const own = account.order(market.spec.id, ownId);
      if (own !== null && market.cancel(ownId) !== null) this.finish(account, own, 'EXPIRED_IN_MATCH');
    }
    const timeInForce = priceTicks === null ? 'IOC' : order.timeInForce === 'GTX' ? 'GTC' : order.timeInForce;
    const { isResting } = market.place({ id, side, priceTicks, lots, timeInForce }, this.options.now());
    if (!isResting && isWorking(order)) this.finish(account, order, 'EXPIRED');
  }

  private book(market: SimulatedMarket, fill: TradedFill): void {
    for (const [id, isMaker] of [
      [fill.makerOrderId, true],
      [fill.takerOrderId, false],
    ] as const) {
      const account = this.owners.get(`${market.spec.id}/${id}`);
      const order = account?.order(market.spec.id, id) ?? null;
      if (account !== undefined && order !== null) this.settle(market, { account, order, fill, isMaker });
    }
  }

  private settle(
    market: SimulatedMarket,
    trade: { account: FuturesAccount; order: FuturesOrder; fill: TradedFill; isMaker: boolean },
  ): void {
    const { account, order, fill, isMaker } = trade;
    const { spec } = market;
    const { priceTicks, lots, tradeId, time } = fill;
    const cost = costOf(spec, priceTicks, lots);
    const fee = (cost * BigInt(isMaker ? makerFeeBps : takerFeeBps)) / 10_000n;
    const position = account.position(spec, order.positionSide);
    const profit = position.trade(signed(order.side, lots), priceTicks, time);
    const entry = { symbol: spec.id, tradeId, time };
    account.earn({ ...entry, type: 'REALIZED_PNL', amount: profit });
    account.earn({ ...entry, type: 'COMMISSION', amount: -fee });
    order.executedLots += lots;
    order.executedCost += cost;
    order.updatedAt = time;
    order.status = order.executedLots === order.lots ? 'FILLED' : 'PARTIALLY_FILLED';
    const booked: FuturesFill = { tradeId, order, priceTicks, lots, cost, fee, profit, isMaker, time };
    account.fills.push(booked);
    account.events.emit({ kind: 'account', reason: 'ORDER', change: 0n, positions: [position], time });
    const execution = order.type === 'LIQUIDATION' ? 'CALCULATED' : 'TRADE';
    account.events.emit({ kind: 'order', execution, order, fill: booked, time });
    if (order.status === 'FILLED') this.release(account, order);
    this.shrinkReduceOnly(market, account, order);
  }

  /** Open orders that may only reduce a position shrink with it, and expire with it. */
  private shrinkReduceOnly(market: SimulatedMarket, account: FuturesAccount, cause: FuturesOrder): void {
    const { lots } = account.position(market.spec, cause.positionSide);
    for (const order of account.openOrders(market.spec.id)) {
      if (order === cause || order.positionSide !== cause.positionSide) continue;
      if (!order.isReduceOnly && !closesPart(order)) continue;
      const isOpposite = order.side === 'BUY' ? lots < 0 : lots > 0;
      const left = isOpposite ? Math.abs(lots) : 0;
      if (order.lots - order.executedLots <= left) continue;
      const rested = market.cancel(order.id);
      if (rested === null) continue;
      order.lots = order.executedLots + left;
      if (left === 0) this.finish(account, order, 'EXPIRED');
      else {
        const { id, side, priceTicks } = rested.order;
        market.place({ id, side, priceTicks, lots: left, timeInForce: 'GTC' }, this.options.now());
      }
    }
  }

  private finish(
    account: FuturesAccount,
    order: FuturesOrder,
    status: 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH',
  ): void {
    const time = this.options.now();
    order.status = status;
    order.updatedAt = time;
    const execution = status === 'CANCELED' ? 'CANCELED' : 'EXPIRED';
    account.events.emit({ kind: 'order', execution, order, fill: null, time });
    this.release(account, order);
  }

  private release(account: FuturesAccount, order: FuturesOrder): void {
    this.owners.delete(ownerKey(order));
    this.finished.emit({ account, order });
  }
}

function ownerKey(order: FuturesOrder): string {
  return `${order.spec.id}/${order.id}`;
}
