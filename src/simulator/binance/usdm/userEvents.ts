import { marginAsset } from '../../engine/futures/contracts';
import type { FuturesAccount, FuturesEvent } from '../../engine/futures/futuresAccount';
import type { AlgoOrder } from '../../engine/futures/futuresOrder';
import type { MarkPrice } from '../../engine/futures/margin';
import { money } from '../trading/orderFormat';
import { amount, averagePrice, price, selfTradePreventionMode } from './usdmFormat';

/** An event of the user data stream. Source: Binance USD-M API, user data streams. */
export function toUserEvent(account: FuturesAccount, event: FuturesEvent, mark: MarkPrice): object {
  const head = { E: event.time, T: event.time };
  switch (event.kind) {
    case 'order':
      return { e: 'ORDER_TRADE_UPDATE', ...head, o: toOrderUpdate(event) };
    case 'algo':
      return { e: 'ALGO_UPDATE', ...head, o: toAlgoUpdate(event.order) };
    case 'leverage':
      return { e: 'ACCOUNT_CONFIG_UPDATE', ...head, ac: { s: event.symbol, l: event.leverage } };
    case 'account':
      return { e: 'ACCOUNT_UPDATE', ...head, a: toAccountUpdate(account, event, mark) };
  }
}

function toOrderUpdate({ order, fill, execution, time }: Extract<FuturesEvent, { kind: 'order' }>): object {
  const { spec, algo } = order;
  return {
    s: spec.id,
    c: order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: amount(spec, order.lots),
    p: price(spec, order.priceTicks),
    ap: averagePrice(order),
    sp: price(spec, algo?.triggerTicks ?? null),
    x: order.status === 'EXPIRED_IN_MATCH' ? 'TRADE_PREVENTION' : execution,
    X: order.status,
    i: order.id,
    l: fill === null ? '0' : amount(spec, fill.lots),
    z: amount(spec, order.executedLots),
    L: fill === null ? '0' : price(spec, fill.priceTicks),
    ...(fill === null ? {} : { N: marginAsset, n: money(fill.fee) }),
    T: time,
    t: fill?.tradeId ?? 0,
    b: '0',
    a: '0',
    m: fill?.isMaker ?? false,
    R: order.isReduceOnly,
    wt: algo?.workingType ?? 'CONTRACT_PRICE',
    ot: algo?.type ?? order.type,
    ps: order.positionSide,
    cp: algo !== null && algo.amount === null,
    rp: fill === null ? '0' : money(fill.profit),
    pP: false,
    si: 0,
    ss: 0,
    V: selfTradePreventionMode,
    pm: 'NONE',
    gtd: 0,
  };
}

function toAlgoUpdate(algo: AlgoOrder): object {
  const { spec, order } = algo;
  return {
    caid: algo.clientAlgoId,
    aid: algo.id,
    at: 'CONDITIONAL',
    o: algo.type,
    s: spec.id,
    S: algo.side,
    ps: algo.positionSide,
    f: algo.timeInForce,
    q: algo.amount ?? '0',
    X: algo.status,
    ai: order === null ? '' : String(order.id),
    ap: order === null ? '0' : averagePrice(order),
    aq: order === null ? '0' : amount(spec, order.executedLots),
    act: order?.type ?? '0',
    tp: price(spec, algo.triggerTicks),
    p: algo.price ?? '0',
    V: selfTradePreventionMode,
    wt: algo.workingType,
    pm: 'NONE',
    cp: algo.amount === null,
    pP: false,
    R: algo.isReduceOnly,
    tt: algo.triggeredAt ?? 0,
    gtd: 0,
    rm: algo.failure ?? '',
  };
}

function toAccountUpdate(
  account: FuturesAccount,
  event: Extract<FuturesEvent, { kind: 'account' }>,
  mark: MarkPrice,
): object {
  const wallet = money(account.wallet);
  return {
    m: event.reason,
    B: [{ a: marginAsset, wb: wallet, cw: wallet, bc: money(event.change) }],
    P: event.positions.map((position) => ({
      s: position.spec.id,
      pa: amount(position.spec, position.lots),
      ep: money(position.entryPrice()),
      bep: money(position.entryPrice()),
      cr: money(position.realized),
      up: money(position.unrealized(mark(position.spec.id))),
      mt: 'cross',
      iw: '0',
      ps: position.side,
      ma: marginAsset,
    })),
  };
}
