import { Decimal } from '../../domain/decimal';
import type { Market } from '../../domain/market';
import { product } from '../../domain/money';
import type { Fill } from '../../domain/orders';
import type { PaperOrder } from '../../domain/paperLedger';
import { feeRateOf } from './feeRate';
import type { LedgerDraft } from './ledgerDraft';
import { textOf, toCharge, zero } from './money';
import { remainingOf } from './orderStage';
import { heldForSpot, settleSpot } from './spotSettlement';
import { heldForSwap, settleSwap } from './swapSettlement';

/** One execution of an order, before it is booked. */
export interface Execution {
  readonly market: Market;
  readonly order: PaperOrder;
  readonly price: Decimal;
  /** Base units. */
  readonly amount: Decimal;
  readonly takerOrMaker: 'taker' | 'maker';
  /** Of liquidations, default false: what the account cannot pay is paid for it. */
  readonly isInsured?: boolean;
}

/** Books an execution: money, fill and order. Gives the order as it is then; null, with nothing changed, where the account cannot pay. */
export function execute(draft: LedgerDraft, execution: Execution): PaperOrder | null {
  const { market, order, isInsured = false } = execution;
  const fill = toFill(draft, execution);
  const grown = {
    ...order,
    filled: order.filled.plus(execution.amount),
    cost: order.cost.plus(fill.cost),
    updatedAt: draft.now,
  };
  const remaining = remainingOf(grown);
  const isSpot = market.type === 'SPOT';
  const after: PaperOrder = {
    ...grown,
    status: remaining?.isZero() === true ? 'CLOSED' : 'OPEN',
    reserved: isSpot ? heldForSpot(order, remaining ?? zero) : heldForSwap({ order, market }, remaining ?? zero),
  };
  const released = order.reserved.minus(after.reserved);
  const isPaid = (isSpot ? settleSpot : settleSwap)(draft, { market, order, fill, released, isInsured });
  if (!isPaid) return null;
  draft.addFill(fill);
  draft.put(after);
  return after;
}

/** Ends an order that is open; what was held for it is free again. */
export function endOrder(draft: LedgerDraft, order: PaperOrder, status: 'CLOSED' | 'CANCELED' | 'EXPIRED'): PaperOrder {
  draft.hold(order.reservedCurrency, order.reserved.negated());
  const ended: PaperOrder = { ...order, status, reserved: zero, updatedAt: draft.now };
  draft.put(ended);
  return ended;
}

/** A fee of spot is taken from what is received, as Binance does; of swaps, from the settle currency. */
function toFill(draft: LedgerDraft, { market, order, price, amount, takerOrMaker }: Execution): Fill {
  const { terms } = order;
  const cost = product(textOf(price), textOf(amount));
  const isPaidInBase = market.type === 'SPOT' && terms.side === 'BUY';
  const fee = toCharge((isPaidInBase ? amount : new Decimal(cost)).times(feeRateOf(market, takerOrMaker)));
  return {
    tradeId: draft.nextTradeId,
    exchangeOrderId: String(order.number),
    clientOrderId: order.clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    positionSide: terms.positionSide,
    price: textOf(price),
    amount: textOf(amount),
    cost,
    takerOrMaker,
    fees: [{ currency: isPaidInBase ? market.base : (market.settle ?? market.quote), cost: textOf(fee) }],
    exchangeTime: draft.now,
  };
}
