import type { EpochMs } from '../../../domain/marketData';
import { follow, isReached, type Condition } from '../accounts/stopWatch';
import type { SimulatedMarket } from '../simulatedMarket';
import { formatUnits } from '../units';
import type { FuturesAccount } from './futuresAccount';
import type { FuturesDesk } from './futuresDesk';
import type { AlgoOrder, AlgoStatus, ConditionalType } from './futuresOrder';
import { FuturesRefused } from './futuresRefused';
import * as rules from './futuresRules';
import type { MarkPrices } from './markPrices';

/** A trailing stop may trail this far, in basis points: 0.1 % to 10 %. */
export const callbackBipsRange = { from: 10, to: 1000 };

/** What a client asks for. Prices and amounts are decimal text that has not been checked yet. */
export interface AlgoRequest extends Pick<
  AlgoOrder,
  | 'side'
  | 'type'
  | 'timeInForce'
  | 'price'
  | 'amount'
  | 'trailingBips'
  | 'workingType'
  | 'positionSide'
  | 'isReduceOnly'
> {
  readonly triggerPrice: string | null;
  /** Null lets the exchange choose one. */
  readonly clientAlgoId: string | null;
}

/** Keeps the orders that wait for a price, and places what they become. Source: Binance USD-M, algo (conditional) orders. */
export class AlgoDesk {
  private readonly waiting = new Map<AlgoOrder, FuturesAccount>();
  private lastId: number;

  constructor(
    private readonly options: {
      readonly markets: ReadonlyMap<string, SimulatedMarket>;
      readonly desk: FuturesDesk;
      readonly marks: MarkPrices;
      readonly now: () => EpochMs;
    },
  ) {
    this.lastId = options.now();
    for (const market of options.markets.values()) {
      market.fills.listen(({ priceTicks }) => {
        this.follow(market, 'CONTRACT_PRICE', priceTicks);
      });
    }
    options.desk.finished.listen(({ account, order }) => {
      if (order.algo === null) return;
      order.algo.order = order;
      this.change(account, order.algo, 'FINISHED');
    });
  }

  /** Throws FuturesRefused. */
  place(market: SimulatedMarket, account: FuturesAccount, request: AlgoRequest): AlgoOrder {
    const { triggerTicks, last } = this.check(market, account, request);
    const time = this.options.now();
    this.lastId += 1;
    const order: AlgoOrder = {
      id: this.lastId,
      clientAlgoId: request.clientAlgoId ?? this.options.desk.newClientId(),
      spec: market.spec,
      side: request.side,
      type: request.type,
      timeInForce: request.timeInForce,
      price: request.price,
      amount: request.amount,
      triggerTicks,
      trailingBips: request.trailingBips,
      workingType: request.workingType,
      positionSide: request.positionSide,
      isReduceOnly: request.isReduceOnly,
      createdAt: time,
      status: 'NEW',
      updatedAt: time,
      triggeredAt: null,
      trail: null,
      order: null,
      failure: null,
    };
    order.trail = order.trailingBips === null ? null : follow(conditionOf(order), null, { ticks: last, time }).trail;
    account.algos.set(order.id, order);
    this.waiting.set(order, account);
    account.events.emit({ kind: 'algo', order, time });
    return order;
  }

  /** False where it does not wait (any more). */
  cancel(account: FuturesAccount, order: AlgoOrder): boolean {
    if (order.status !== 'NEW') return false;
    this.change(account, order, 'CANCELED');
    return true;
  }

  /** To be called whenever a mark price may have changed. */
  followMark(market: SimulatedMarket): void {
    if (this.waiting.size > 0) this.follow(market, 'MARK_PRICE', this.options.marks.ticks(market));
  }

  private check(market: SimulatedMarket, account: FuturesAccount, request: AlgoRequest) {
    const { spec } = market;
    const triggerTicks = request.triggerPrice === null ? null : rules.toTicks(spec, request.triggerPrice);
    if (request.price !== null) rules.toTicks(spec, request.price);
    if (request.amount !== null) rules.toLots(spec, request.amount, request.price !== null);
    rules.checkPositionSide(account, request.positionSide);
    const { trailingBips } = request;
    if (trailingBips !== null && (trailingBips < callbackBipsRange.from || trailingBips > callbackBipsRange.to)) {
      throw new FuturesRefused('CALLBACK_RATE');
    }
    const open = account.openAlgos(spec.id);
    if (open.length >= rules.maxOpenConditions) throw new FuturesRefused('TOO_MANY_CONDITIONS');
    if (open.some(({ clientAlgoId }) => clientAlgoId === request.clientAlgoId)) {
      throw new FuturesRefused('DUPLICATE_CLIENT_ID');
    }
    const mark = this.options.marks.ticks(market);
    const last = request.workingType === 'MARK_PRICE' ? mark : (market.lastTicks() ?? mark);
    const condition = { ...conditionOf({ ...request, triggerTicks }), stopTicks: triggerTicks ?? 0 };
    if (triggerTicks !== null && trailingBips === null && isReached(condition, last)) {
      throw new FuturesRefused('WOULD_TRIGGER');
    }
    return { triggerTicks, last };
  }

  private follow(market: SimulatedMarket, workingType: AlgoOrder['workingType'], ticks: number): void {
    for (const [order, account] of this.waiting) {
      if (order.spec.id !== market.spec.id || order.workingType !== workingType) continue;
      const { isTriggered, trail } = follow(conditionOf(order), order.trail, { ticks, time: this.options.now() });
      order.trail = trail;
      if (!isTriggered) continue;
      this.change(account, order, 'TRIGGERING');
      // After the order that caused it has run its whole course.
      queueMicrotask(() => {
        this.run(market, account, order);
      });
    }
  }

  private run(market: SimulatedMarket, account: FuturesAccount, algo: AlgoOrder): void {
    const { side, positionSide, timeInForce, price } = algo;
    const held = Math.abs(account.position(algo.spec, positionSide).lots);
    const amount = algo.amount ?? formatUnits(held, algo.spec.amountDecimals);
    const isReduceOnly = algo.isReduceOnly || (algo.amount === null && positionSide === 'BOTH');
    const type = price === null ? 'MARKET' : 'LIMIT';
    try {
      algo.triggeredAt = this.options.now();
      const clientOrderId = algo.clientAlgoId;
      const request = {
        side,
        type,
        timeInForce,
        price,
        amount,
        positionSide,
        isReduceOnly,
        clientOrderId,
        algo,
      } as const;
      algo.order = this.options.desk.place(market, account, request);
      // One that was filled at once has finished already.
      if (algo.status === 'TRIGGERING') this.change(account, algo, 'TRIGGERED');
    } catch (error) {
      if (!(error instanceof FuturesRefused)) throw error;
      algo.failure = error.reason;
      this.change(account, algo, held === 0 && algo.amount === null ? 'EXPIRED' : 'REJECTED');
    }
  }

  private change(account: FuturesAccount, order: AlgoOrder, status: AlgoStatus): void {
    const time = this.options.now();
    order.status = status;
    order.updatedAt = time;
    this.waiting.delete(order);
    account.events.emit({ kind: 'algo', order, time });
  }
}

function conditionOf(order: {
  side: AlgoOrder['side'];
  type: ConditionalType;
  triggerTicks: number | null;
  trailingBips: number | null;
}): Condition {
  const kind = order.type.startsWith('TAKE_PROFIT') ? 'TAKE_PROFIT' : 'STOP';
  // A trailing stop's activation price is one that the market has to come to in the position's favour.
  const isTrailing = order.type === 'TRAILING_STOP_MARKET';
  const { side, triggerTicks, trailingBips } = order;
  return { side, stopTicks: triggerTicks, trailingBips, kind: isTrailing ? 'TAKE_PROFIT' : kind };
}
