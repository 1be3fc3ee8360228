import type { EpochMs } from '../../../domain/marketData';
import type { Random } from '../random';
import type { SimulatedMarket, TradedFill } from '../simulatedMarket';
import type { Account } from './account';
import { conditionOf, isOpen, isStop, type AccountFill, type AccountOrder, type OrderRequest } from './accountOrder';
import { walkBook } from './bookWalk';
import { costOf, feeOf, lotsToMoney } from './money';
import { OrderRefused } from './orderRefused';
import { checkOrder, type CheckedOrder } from './orderRules';
import { follow, isReached } from './stopWatch';

const clientIdAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Takes the orders of accounts, sets aside what they may cost, lets them match against everyone else's and books each fill.
 * An account's own orders never trade with each other: the one that waited expires, as under Binance's EXPIRE_MAKER.
 */
export class OrderDesk {
  /** Who owns an order that is in a book, by market. */
  private readonly owners = new Map<string, Map<number, Account>>();
  /** Stops that wait for the last price, by market. */
  private readonly stops = new Map<string, Set<AccountOrder>>();
  private readonly now: () => EpochMs;
  private readonly random: Random;

  constructor(options: {
    readonly markets: ReadonlyMap<string, SimulatedMarket>;
    readonly random: Random;
    readonly now: () => EpochMs;
  }) {
    this.now = options.now;
    this.random = options.random;
    for (const market of options.markets.values()) this.attend(market);
  }

  /** Checks an order as `place` does and leaves no trace. Throws OrderRefused. */
  test(market: SimulatedMarket, account: Account, request: OrderRequest): void {
    this.prepare(market, account, request);
  }

  /** Places an order; whatever it matches at once has been booked when the call returns. Throws OrderRefused. */
  place(market: SimulatedMarket, account: Account, request: OrderRequest): AccountOrder {
    const { checked, lots, reserve } = this.prepare(market, account, request);
    const time = this.now();
    const order: AccountOrder = {
      id: market.nextOrderId(),
      clientOrderId: request.clientOrderId ?? this.newClientId(),
      spec: market.spec,
      side: request.side,
      type: request.type,
      timeInForce: request.timeInForce,
      priceTicks: checked.priceTicks,
      stopTicks: checked.stopTicks,
      trailingBips: request.trailingBips,
      requestedCost: checked.requestedCost,
      createdAt: time,
      lots,
      status: 'NEW',
      updatedAt: time,
      workingAt: null,
      executedLots: 0,
      executedCost: 0n,
      trail: null,
      locked: 0n,
    };
    account.addOrder(order);
    this.lock(account, order, reserve);
    account.events.emit({ kind: 'order', execution: 'NEW', order, fill: null, time });
    this.ownersIn(market).set(order.id, account);
    if (isStop(order.type)) this.watch(market, order);
    else this.activate(market, account, order);
    this.tellBalances(account, order);
    return order;
  }

  /** Cancels an open order; false where it is not open (any more). */
  cancel(market: SimulatedMarket, account: Account, order: AccountOrder): boolean {
    if (!isOpen(order)) return false;
    market.cancel(order.id);
    this.finish(account, order, 'CANCELED');
    this.tellBalances(account, order);
    return true;
  }

  private attend(market: SimulatedMarket): void {
    market.fills.listen((fill) => {
      this.book(market, fill);
    });
  }

  private prepare(market: SimulatedMarket, account: Account, request: OrderRequest) {
    const checked = checkOrder(market, account, request);
    this.refuseTriggered(market, request, checked);
    const { lots, reserve } = this.size(market, account, { ...request, ...checked });
    const asset = request.side === 'BUY' ? market.spec.quote : market.spec.base;
    if (account.balance(asset).free < reserve) throw new OrderRefused('INSUFFICIENT_BALANCE');
    return { checked, lots, reserve };
  }

  private refuseTriggered(market: SimulatedMarket, request: OrderRequest, checked: CheckedOrder): void {
    const last = market.lastTicks();
    const { stopTicks } = checked;
    // Where it trails, the price that it begins at may be there already.
    if (stopTicks === null || last === null || request.trailingBips !== null) return;
    if (isReached({ ...conditionOf({ ...request, stopTicks }), stopTicks }, last)) {
      throw new OrderRefused('WOULD_TRIGGER');
    }
  }

  /** How many lots an order is about, and what must be set aside for it. */
  private size(
    market: SimulatedMarket,
    account: Account,
    order: CheckedOrder & Pick<AccountOrder, 'side'>,
  ): { lots: number; reserve: bigint } {
    const { spec } = market;
    const price = order.priceTicks ?? order.stopTicks;
    const wanted = { side: order.side, priceTicks: order.priceTicks };
    if (order.lots !== null && order.side === 'SELL') {
      return { lots: order.lots, reserve: lotsToMoney(spec, order.lots) };
    }
    if (order.lots !== null && price !== null) return { lots: order.lots, reserve: costOf(spec, price, order.lots) };
    const most = order.lots ?? Number.MAX_SAFE_INTEGER;
    const walk = walkBook(market, ownedBy(account, market), { ...wanted, lots: most, budget: order.requestedCost });
    const lots = order.lots ?? walk.lots;
    if (lots === 0) throw new OrderRefused('LOT_SIZE');
    return { lots, reserve: order.side === 'BUY' ? walk.cost : lotsToMoney(spec, lots) };
  }

  private activate(market: SimulatedMarket, account: Account, order: AccountOrder): void {
    const { id, side, priceTicks } = order;
    const time = this.now();
    order.workingAt = time;
    const walk = walkBook(market, ownedBy(account, market), { side, priceTicks, lots: order.lots, budget: null });
    if (order.timeInForce === 'FOK' && walk.lots < order.lots) {
      this.finish(account, order, 'EXPIRED');
      return;
    }
    for (const ownId of walk.ownOrderIds) this.expireMaker(market, account, ownId);
    const timeInForce = priceTicks === null ? 'IOC' : order.timeInForce;
    const { isResting } = market.place({ id, side, priceTicks, lots: order.lots, timeInForce }, time);
    if (!isResting && isOpen(order)) this.finish(account, order, 'EXPIRED');
  }

  private expireMaker(market: SimulatedMarket, account: Account, orderId: number): void {
    const order = account.order(market.spec.id, orderId);
    if (order === null || market.cancel(orderId) === null) return;
    this.finish(account, order, 'EXPIRED_IN_MATCH');
  }

  private book(market: SimulatedMarket, fill: TradedFill): void {
    const owners = this.ownersIn(market);
    for (const [orderId, isMaker] of [
      [fill.makerOrderId, true],
      [fill.takerOrderId, false],
    ] as const) {
      const account = owners.get(orderId);
      const order = account?.order(market.spec.id, orderId) ?? null;
      if (account === undefined || order === null) continue;
      this.settle(account, order, { ...fill, isMaker });
      if (isMaker) this.tellBalances(account, order);
    }
    this.followStops(market, fill);
  }

  private settle(account: Account, order: AccountOrder, fill: TradedFill & { readonly isMaker: boolean }): void {
    const { spec } = order;
    const { priceTicks, lots, tradeId, time, isMaker } = fill;
    const cost = costOf(spec, priceTicks, lots);
    const amount = lotsToMoney(spec, lots);
    const isBuyer = order.side === 'BUY';
    const paid = isBuyer ? cost : amount;
    const received = isBuyer ? amount : cost;
    const fee = feeOf(received);
    const [paidAsset, receivedAsset] = isBuyer ? [spec.quote, spec.base] : [spec.base, spec.quote];
    // A buyer who gets a better price than the limit has the difference back at once.
    const saved = isBuyer && order.priceTicks !== null ? costOf(spec, order.priceTicks - priceTicks, lots) : 0n;

    order.locked -= paid + saved;
    account.change(paidAsset, { free: saved, locked: -(paid + saved) });
    account.change(receivedAsset, { free: received - fee, locked: 0n });
    order.executedLots += lots;
    order.executedCost += cost;
    order.updatedAt = time;
    order.status = order.executedLots === order.lots ? 'FILLED' : 'PARTIALLY_FILLED';
    const entry: AccountFill = {
      tradeId,
      order,
      priceTicks,
      lots,
      amount,
      cost,
      fee,
      feeAsset: receivedAsset,
      isMaker,
      time,
    };
    account.fills.push(entry);
    if (order.status === 'FILLED') this.release(account, order);
    account.events.emit({ kind: 'order', execution: 'TRADE', order, fill: entry, time });
  }

  private watch(market: SimulatedMarket, order: AccountOrder): void {
    this.stopsIn(market).add(order);
    const last = market.lastTicks();
    if (order.trailingBips === null || last === null) return;
    order.trail = follow(conditionOf(order), null, { ticks: last, time: this.now() }).trail;
  }

  private followStops(market: SimulatedMarket, price: TradedFill): void {
    const stops = this.stopsIn(market);
    for (const order of stops) {
      const { isTriggered, trail } = follow(conditionOf(order), order.trail, { ticks: price.priceTicks, ...price });
      order.trail = trail;
      if (!isTriggered) continue;
      stops.delete(order);
      // After the order that caused it has run its whole course.
      queueMicrotask(() => {
        const account = this.ownersIn(market).get(order.id);
        if (account !== undefined) this.runStop(market, account, order);
      });
    }
  }

  private runStop(market: SimulatedMarket, account: Account, order: AccountOrder): void {
    if (order.priceTicks === null && order.side === 'BUY') {
      // Set aside at the stop price; what it really costs is known only now.
      const walk = walkBook(market, ownedBy(account, market), {
        side: 'BUY',
        priceTicks: null,
        lots: order.lots,
        budget: null,
      });
      this.unlock(account, order);
      if (account.balance(order.spec.quote).free < walk.cost) this.finish(account, order, 'EXPIRED');
      else this.lock(account, order, walk.cost);
    }
    if (isOpen(order)) this.activate(market, account, order);
    this.tellBalances(account, order);
  }

  private finish(account: Account, order: AccountOrder, status: 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH'): void {
    order.status = status;
    order.updatedAt = this.now();
    this.release(account, order);
    const execution = status === 'CANCELED' ? 'CANCELED' : 'EXPIRED';
    account.events.emit({ kind: 'order', execution, order, fill: null, time: order.updatedAt });
  }

  private release(account: Account, order: AccountOrder): void {
    this.unlock(account, order);
    this.owners.get(order.spec.id)?.delete(order.id);
    this.stops.get(order.spec.id)?.delete(order);
  }

  private lock(account: Account, order: AccountOrder, amount: bigint): void {
    account.change(lockedAsset(order), { free: -amount, locked: amount });
    order.locked = amount;
  }

  private unlock(account: Account, order: AccountOrder): void {
    account.change(lockedAsset(order), { free: order.locked, locked: -order.locked });
    order.locked = 0n;
  }

  private tellBalances(account: Account, order: AccountOrder): void {
    const time = this.now();
    account.updatedAt = time;
    account.events.emit({ kind: 'balances', assets: [order.spec.base, order.spec.quote], time });
  }

  private newClientId(): string {
    return Array.from({ length: 22 }, () => clientIdAlphabet[this.random.integer(clientIdAlphabet.length)]).join('');
  }

  private ownersIn(market: SimulatedMarket): Map<number, Account> {
    return getOrAdd(this.owners, market.spec.id, () => new Map<number, Account>());
  }

  private stopsIn(market: SimulatedMarket): Set<AccountOrder> {
    return getOrAdd(this.stops, market.spec.id, () => new Set<AccountOrder>());
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const created = create();
  map.set(key, created);
  return created;
}

function ownedBy(account: Account, market: SimulatedMarket): (orderId: number) => boolean {
  return (orderId) => account.order(market.spec.id, orderId) !== null;
}

function lockedAsset(order: AccountOrder): string {
  return order.side === 'BUY' ? order.spec.quote : order.spec.base;
}
