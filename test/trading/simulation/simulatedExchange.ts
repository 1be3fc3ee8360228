import type { Fill, OrderReport, OrderTerms, ReportedStatus } from '../../../src/domain/orders';
import type { ExchangeTransfer, RefusalCode } from '../../../src/exchanges/tradingPort';
import type { Chance } from './chance';
import {
  amountStep,
  highestPrice,
  lowestPrice,
  priceStep,
  simulatedMarkets,
  type SimulatedMarket,
} from './simulatedMarkets';
import { dividedBy, floorTo, times, toText, toUnits, type Units } from './units';

/** An order at the exchange. It is listed, found and traded in the open only after `visibleAt`: answers lag behind what is done. */
export interface HeldOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly terms: OrderTerms;
  readonly placedAt: number;
  readonly visibleAt: number;
  updatedAt: number;
  status: ReportedStatus;
  filled: Units;
  cost: Units;
}

export interface Trade {
  readonly fill: Fill;
  readonly visibleAt: number;
}

export interface ExchangeNews {
  readonly report: OrderReport;
  readonly fill: Fill | null;
}

/** longestLagMs: how far what it answers lags behind what it has done, at most. */
export interface ExchangeHabits {
  readonly paysFeesInBnb: boolean;
  readonly longestLagMs: number;
}

/**
 * Stands in for an exchange: one account of a spot exchange, deterministic, in memory. Its books are the ledger of truth that the
 * database is held against: it forgets nothing, and what it is asked twice it does twice.
 */
export class SimulatedExchange {
  readonly orders: HeldOrder[] = [];
  readonly trades: Trade[] = [];
  readonly transfers: ExchangeTransfer[] = [];
  readonly balances = new Map<string, Units>();
  readonly #prices = new Map(simulatedMarkets.map(({ symbol, opening }) => [symbol, opening]));
  readonly #listeners = new Set<(news: ExchangeNews) => void>();

  constructor(
    private readonly now: () => number,
    private readonly chance: Chance,
    private readonly habits: ExchangeHabits,
  ) {}

  price(symbol: string): Units {
    return this.#prices.get(symbol)!;
  }

  listen(listener: (news: ExchangeNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Places it, and executes what can be executed at once. */
  place(clientOrderId: string, terms: OrderTerms): HeldOrder | RefusalCode {
    const isOpenThere = this.orders.some((order) => order.clientOrderId === clientOrderId && order.status === 'OPEN');
    if (isOpenThere) return 'DUPLICATE_CLIENT_ORDER_ID';
    if (this.#needs(terms) > this.#free(terms.side === 'BUY' ? 'USDT' : baseOf(terms.symbol)))
      return 'INSUFFICIENT_BALANCE';
    if (terms.timeInForce === 'POST_ONLY' && this.#crosses(terms)) return 'WOULD_TAKE';
    const now = this.now();
    const order: HeldOrder = {
      id: String(1_000 + this.orders.length),
      clientOrderId,
      terms,
      placedAt: now,
      visibleAt: now + this.#lag(),
      updatedAt: now,
      status: 'OPEN',
      filled: 0n,
      cost: 0n,
    };
    this.orders.push(order);
    this.#tell(order, null);
    if (this.#crosses(terms)) this.#take(order);
    const cannotRest = terms.type === 'MARKET' || terms.timeInForce === 'IOC' || terms.timeInForce === 'FOK';
    if (order.status === 'OPEN' && cannotRest) this.end(order, 'EXPIRED');
    return order;
  }

  /** Now and then something is executed in the last moment. False where nothing is left to cancel then. */
  cancel(order: HeldOrder): boolean {
    const price = toUnits(order.terms.price!);
    if (this.chance.hits(0.25)) this.#execute(order, this.#part(left(order)), { price, isMaker: true });
    if (order.status !== 'OPEN') return false;
    this.end(order, 'CANCELED');
    return true;
  }

  end(order: HeldOrder, status: 'CANCELED' | 'EXPIRED'): void {
    order.status = status;
    order.updatedAt = this.now();
    this.#tell(order, null);
  }

  /** The price takes a step, and resting orders that it reaches are executed, wholly or in part. */
  move(market: SimulatedMarket): void {
    const { symbol } = market;
    const step = floorTo(market.opening / 400n, priceStep) * BigInt(this.chance.between(-4, 4));
    const moved = this.price(symbol) + step;
    if (moved < lowestPrice(market) || moved > highestPrice(market)) return;
    this.#prices.set(symbol, moved);
    for (const order of this.orders) {
      const isReached = order.status === 'OPEN' && order.terms.symbol === symbol && this.#crosses(order.terms);
      if (isReached)
        this.#execute(order, this.#part(left(order)), { price: toUnits(order.terms.price!), isMaker: true });
    }
  }

  transfer(currency: string, amount: Units): void {
    this.#add(currency, amount);
    const id = String(this.transfers.length + 1);
    const transfer = { id, kind: 'TRANSFER', symbol: null, currency, amount: toText(amount) } as const;
    this.transfers.push({ ...transfer, exchangeTime: this.now() });
  }

  reportOf(order: HeldOrder, fills: readonly Fill[] = []): OrderReport {
    const { id, clientOrderId, terms, status, filled, cost, updatedAt } = order;
    return {
      exchangeOrderId: id,
      clientOrderId,
      symbol: terms.symbol,
      status,
      terms,
      filled: toText(filled),
      cost: toText(cost),
      average: null,
      exchangeTime: updatedAt,
      fills,
    };
  }

  fillsOf(order: HeldOrder): readonly Fill[] {
    return this.trades.filter(({ fill }) => fill.exchangeOrderId === order.id).map(({ fill }) => fill);
  }

  /** What is not kept by open orders. */
  #free(currency: string): Units {
    const open = this.orders.filter(({ status, terms }) => status === 'OPEN' && keptIn(terms) === currency);
    const kept = open.reduce((total, order) => total + this.#keeps(order), 0n);
    return (this.balances.get(currency) ?? 0n) - kept;
  }

  #keeps(order: HeldOrder): Units {
    const { side, price } = order.terms;
    return side === 'SELL' ? left(order) : times(left(order), toUnits(price!));
  }

  /** A market order is reckoned at a price that it cannot be worse than. */
  #needs(terms: OrderTerms): Units {
    if (terms.quoteAmount !== null) return toUnits(terms.quoteAmount);
    const amount = toUnits(terms.amount!);
    if (terms.side === 'SELL') return amount;
    return times(amount, terms.price === null ? this.price(terms.symbol) + 3n * priceStep : toUnits(terms.price));
  }

  #crosses({ symbol, side, price }: OrderTerms): boolean {
    if (price === null) return true;
    const last = this.price(symbol);
    return side === 'BUY' ? toUnits(price) > last : toUnits(price) < last;
  }

  /** Takes what stands against it: one to three executions, now and then less than it asks for. */
  #take(order: HeldOrder): void {
    const { symbol, side, price, timeInForce, quoteAmount } = order.terms;
    const worst = this.price(symbol) + (side === 'BUY' ? 3n : -3n) * priceStep;
    const whole = quoteAmount === null ? left(order) : dividedBy(toUnits(quoteAmount), worst, amountStep);
    const there = timeInForce === 'FOK' ? (this.chance.hits(0.7) ? whole : 0n) : this.#part(whole);
    const pieces = this.chance.between(1, 3);
    for (let piece = 1, taken = 0n; piece <= pieces && taken < there; piece += 1) {
      const rest = there - taken;
      const amount = piece === pieces ? rest : this.#part(rest);
      const offered = this.price(symbol) + (side === 'BUY' ? 1n : -1n) * BigInt(piece) * priceStep;
      const isAcceptable = price === null || (side === 'BUY' ? offered <= toUnits(price) : offered >= toUnits(price));
      const at = isAcceptable ? offered : toUnits(price);
      this.#execute(order, amount, {
        price: at,
        isMaker: false,
        isLast: quoteAmount !== null && taken + amount === whole,
      });
      taken += amount;
    }
  }

  /** All of it as a rule, otherwise some of it. */
  #part(whole: Units): Units {
    const steps = whole / amountStep;
    if (steps <= 1n || this.chance.hits(0.65)) return whole;
    return (1n + (BigInt(this.chance.between(0, 999)) * (steps - 1n)) / 1_000n) * amountStep;
  }

  #execute(
    order: HeldOrder,
    amount: Units,
    { price, isMaker, isLast = false }: { readonly price: Units; readonly isMaker: boolean; readonly isLast?: boolean },
  ): void {
    const { symbol, side } = order.terms;
    const base = baseOf(symbol);
    const cost = times(amount, price);
    const [received, paid] = side === 'BUY' ? ([base, 'USDT'] as const) : (['USDT', base] as const);
    const [gained, given] = side === 'BUY' ? [amount, cost] : [cost, amount];
    const fee = this.habits.paysFeesInBnb
      ? { currency: 'BNB', units: toUnits('0.00001') }
      : { currency: received, units: gained / 1_000n };
    this.#add(received, gained);
    this.#add(paid, -given);
    this.#add(fee.currency, -fee.units);
    order.filled += amount;
    order.cost += cost;
    order.updatedAt = this.now();
    if (isLast || (order.terms.amount !== null && left(order) === 0n)) order.status = 'CLOSED';
    const fill: Fill = {
      tradeId: String(1 + this.trades.length),
      exchangeOrderId: order.id,
      clientOrderId: this.chance.hits(0.5) ? order.clientOrderId : null,
      symbol,
      side,
      positionSide: null,
      price: toText(price),
      amount: toText(amount),
      cost: toText(cost),
      takerOrMaker: isMaker ? 'maker' : 'taker',
      fees: [{ currency: fee.currency, cost: toText(fee.units) }],
      exchangeTime: this.now(),
    };
    this.trades.push({ fill, visibleAt: this.now() + this.#lag() });
    this.#tell(order, fill);
  }

  #lag(): number {
    return this.chance.hits(0.7) ? 0 : this.chance.between(0, this.habits.longestLagMs);
  }

  #add(currency: string, amount: Units): void {
    this.balances.set(currency, (this.balances.get(currency) ?? 0n) + amount);
  }

  #tell(order: HeldOrder, fill: Fill | null): void {
    const news = { report: this.reportOf(order), fill };
    for (const listener of this.#listeners) listener(news);
  }
}

export function baseOf(symbol: string): string {
  return symbol.split('/')[0]!;
}

/** Of an order by amount. */
export function left({ terms, filled }: HeldOrder): Units {
  return toUnits(terms.amount!) - filled;
}

function keptIn({ symbol, side }: OrderTerms): string {
  return side === 'BUY' ? 'USDT' : baseOf(symbol);
}
