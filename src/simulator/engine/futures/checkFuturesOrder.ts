import { costOf } from '../accounts/money';
import { opposite } from '../matchingEngine';
import type { SimulatedMarket } from '../simulatedMarket';
import type { FuturesAccount } from './futuresAccount';
import { closesPart, type FuturesRequest } from './futuresOrder';
import { FuturesRefused } from './futuresRefused';
import * as rules from './futuresRules';
import { canCarry, largestNotional } from './margin';
import type { MarkPrices } from './markPrices';

/** An order in whole ticks and lots that may be placed. */
export interface CheckedOrder {
  readonly priceTicks: number | null;
  readonly lots: number;
}

/** Checks an order against the rules of its contract and the account's margin. Throws FuturesRefused. */
export function checkFuturesOrder(
  marks: MarkPrices,
  market: SimulatedMarket,
  { account, request }: { readonly account: FuturesAccount; readonly request: FuturesRequest },
): CheckedOrder {
  const { spec } = market;
  const priceTicks = request.price === null ? null : rules.toTicks(spec, request.price);
  const asked = rules.toLots(spec, request.amount, priceTicks !== null);
  rules.checkPositionSide(account, request.positionSide);
  const reducible = rules.reducibleLots(account, spec, request);
  if (reducible !== null && closesPart(request) && asked > reducible) throw new FuturesRefused('REDUCE_ONLY');
  const lots = reducible === null ? asked : Math.min(asked, reducible);
  const markTicks = marks.ticks(market);
  if (priceTicks !== null) rules.checkPercentPrice(request.side, priceTicks, markTicks);
  const best = market.engine.side(opposite(request.side)).bestTicks();
  const worth = priceTicks ?? best;
  if (worth === null) throw new FuturesRefused('NO_LIQUIDITY');
  rules.checkNotional(spec, { priceTicks: worth, lots, isReducing: reducible !== null });
  const open = account.openOrders(spec.id);
  if (open.length >= rules.maxOpenOrders) throw new FuturesRefused('TOO_MANY_ORDERS');
  if (open.some(({ clientOrderId }) => clientOrderId === request.clientOrderId)) {
    throw new FuturesRefused('DUPLICATE_CLIENT_ID');
  }
  if (request.timeInForce === 'GTX' && market.engine.wouldCross(request.side, priceTicks)) {
    throw new FuturesRefused('WOULD_TAKE');
  }
  const notional = costOf(spec, worth, lots);
  const held = account.position(spec, request.positionSide).notional(marks.of(spec.id));
  const exposure = request.side === 'BUY' ? held + notional : notional - held;
  if (reducible === null && exposure > largestNotional(account.leverage(spec.id))) {
    throw new FuturesRefused('BRACKET');
  }
  const demand = { spec, side: request.side, positionSide: request.positionSide, notional };
  if (reducible === null && !canCarry(account, marks.of, demand)) {
    throw new FuturesRefused('INSUFFICIENT_MARGIN');
  }
  return { priceTicks, lots };
}
