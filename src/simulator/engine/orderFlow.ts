import type { EpochMs } from '../../domain/marketData';
import type { Side } from './bookSide';
import type { FlowProfile } from './marketSpec';
import type { Random } from './random';
import type { SimulatedMarket } from './simulatedMarket';

const yearMs = 365 * 86_400_000;
const basisPoint = 1e-4;
/** Half the distance that makers leave between bid and ask. */
const halfSpreadBps = 0.3;
const fewestLevels = 60;
const mostOrders = 700;

export interface OrderFlowOptions {
  readonly market: SimulatedMarket;
  readonly profile: FlowProfile;
  readonly random: Random;
  /** A price that this market follows at a small premium; null where it goes its own way. */
  readonly anchor: (() => number) | null;
}

/**
 * The invented traders of one market. Makers quote around a fair price that drifts with clustered volatility, cancel, and
 * quote again; takers cross the spread, above all when a quote has gone stale. What they do depends on the random source
 * and on the book alone, never on the wall clock.
 */
export class OrderFlow {
  private readonly market: SimulatedMarket;
  private readonly profile: FlowProfile;
  private readonly random: Random;
  private readonly orderIds: number[] = [];
  private readonly tickSize: number;
  private readonly lotSize: number;
  private fairPrice: number;
  private readonly anchor: (() => number) | null;
  /** By how much it is above its anchor, as a fraction. */
  private premium = 0;
  /** Logarithm of how wild the market is just now. */
  private heat = 0;

  constructor(options: OrderFlowOptions) {
    this.market = options.market;
    this.profile = options.profile;
    this.random = options.random;
    this.tickSize = 10 ** -options.market.spec.priceDecimals;
    this.lotSize = 10 ** -options.market.spec.amountDecimals;
    this.anchor = options.anchor;
    this.fairPrice = options.anchor?.() ?? options.profile.startPrice;
  }

  /** One trader does one thing. elapsedMs: how long after the step before. */
  step(time: EpochMs, elapsedMs: number): void {
    this.drift(elapsedMs);
    const thinSide = this.thinSide();
    const choice = this.random.next();
    if (thinSide !== null && choice < 0.9) this.quote(thinSide, time);
    else if (this.orderIds.length > mostOrders || choice < 0.33) this.cancel();
    else if (choice < 0.8) this.quote(this.anySide(), time);
    else this.take(time);
  }

  /** Trades the market to a price: whoever waits on the way is filled at his own, and makers quote around it from now on. */
  moveTo(priceTicks: number, time: EpochMs): void {
    const { market } = this;
    this.fairPrice = priceTicks * this.tickSize;
    if (this.anchor !== null) this.premium = this.fairPrice / this.anchor() - 1;
    for (const id of this.orderIds.splice(0)) market.cancel(id);
    for (const side of ['BUY', 'SELL'] as const) {
      const lots = market.engine.availableLots(side, priceTicks, Number.MAX_SAFE_INTEGER);
      if (lots > 0) market.place({ id: market.nextOrderId(), side, priceTicks, lots, timeInForce: 'IOC' }, time);
    }
    const lots = this.lots(1);
    const [makerId, takerId] = [market.nextOrderId(), market.nextOrderId()];
    market.place({ id: makerId, side: 'SELL', priceTicks, lots, timeInForce: 'GTC' }, time);
    market.place({ id: takerId, side: 'BUY', priceTicks, lots, timeInForce: 'IOC' }, time);
    for (let side = this.thinSide(); side !== null; side = this.thinSide()) this.quote(side, time);
  }

  private drift(elapsedMs: number): void {
    const { random, profile } = this;
    if (this.anchor !== null) {
      this.premium = 0.999 * this.premium + 4e-6 * random.normal();
      this.fairPrice = this.anchor() * (1 + this.premium);
      return;
    }
    this.heat = 0.998 * this.heat + 0.03 * random.normal();
    const deviation = profile.annualVolatility * Math.exp(this.heat) * Math.sqrt(elapsedMs / yearMs);
    // A weak pull to the start keeps a simulation that runs for weeks in a believable range.
    const pull = Math.log(this.fairPrice / profile.startPrice) * (elapsedMs / 86_400_000);
    this.fairPrice *= Math.exp(deviation * random.normal() - pull);
  }

  private quote(side: Side, time: EpochMs): void {
    const { random } = this;
    const distanceBps = halfSpreadBps + random.exponential(random.next() < 0.1 ? 60 : 3);
    const away = side === 'BUY' ? 1 - distanceBps * basisPoint : 1 + distanceBps * basisPoint;
    const exact = (this.fairPrice * away) / this.tickSize;
    const priceTicks = Math.max(1, side === 'BUY' ? Math.floor(exact) : Math.ceil(exact));
    const id = this.market.nextOrderId();
    const execution = this.market.place({ id, side, priceTicks, lots: this.lots(1), timeInForce: 'GTC' }, time);
    if (execution.isResting) this.orderIds.push(id);
  }

  private take(time: EpochMs): void {
    const { random, market } = this;
    const side = (random.next() < 0.6 ? this.staleSide() : null) ?? this.anySide();
    const reach = side === 'BUY' ? 1 + 15 * basisPoint : 1 - 15 * basisPoint;
    const priceTicks = Math.max(1, Math.round((this.fairPrice * reach) / this.tickSize));
    const lots = this.lots(random.next() < 0.05 ? 8 : 0.7);
    market.place({ id: market.nextOrderId(), side, priceTicks, lots, timeInForce: 'IOC' }, time);
  }

  /** Of a few orders, the one furthest from the fair price goes. Ids of orders that have been filled are forgotten here. */
  private cancel(): void {
    let worst: { readonly index: number; readonly distance: number } | null = null;
    for (let tries = 0; tries < 4 && this.orderIds.length > 0; tries += 1) {
      const index = this.random.integer(this.orderIds.length);
      const order = this.market.engine.order(this.orderIds[index] ?? -1);
      const distance = order === null ? Infinity : Math.abs(order.priceTicks * this.tickSize - this.fairPrice);
      if (worst === null || distance > worst.distance) worst = { index, distance };
    }
    if (worst === null) return;
    const id = this.orderIds[worst.index];
    const last = this.orderIds.pop();
    if (id === undefined || last === undefined) return;
    if (worst.index < this.orderIds.length) this.orderIds[worst.index] = last;
    this.market.cancel(id);
  }

  private thinSide(): Side | null {
    const { engine } = this.market;
    if (engine.side('BUY').levelCount() < fewestLevels) return 'BUY';
    return engine.side('SELL').levelCount() < fewestLevels ? 'SELL' : null;
  }

  /** The side to take where a resting quote is on the wrong side of the fair price. */
  private staleSide(): Side | null {
    const { engine } = this.market;
    const bid = engine.side('BUY').bestTicks();
    const ask = engine.side('SELL').bestTicks();
    if (ask !== null && ask * this.tickSize < this.fairPrice) return 'BUY';
    return bid !== null && bid * this.tickSize > this.fairPrice ? 'SELL' : null;
  }

  private anySide(): Side {
    return this.random.next() < 0.5 ? 'BUY' : 'SELL';
  }

  private lots(scale: number): number {
    const cost = this.profile.medianCost * scale * Math.exp(0.9 * this.random.normal());
    return Math.max(1, Math.round(cost / this.fairPrice / this.lotSize));
  }
}
