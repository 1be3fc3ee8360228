import { referenceOf, type AccountDesk } from '../accountDesk';
import { bookWithFills } from '../bookWithFills';
import { learnOrder } from './adoptOrder';
import { orderGone, unlistedMarket, type Difference } from './difference';

/**
 * Books what became of the orders that are open here or there. What is open there and was never ours is adopted as EXTERNAL; gives
 * those of which the exchange does not say anything.
 */
export async function learnOrders(
  desk: AccountDesk,
  { isOpening }: { readonly isOpening: boolean },
): Promise<readonly Difference[]> {
  const openThere = await desk.port.openOrders(null);
  for (const report of openThere) {
    const market = await desk.findMarket(desk.marketIdOf(report.symbol));
    if (market !== null) await learnOrder(desk, { market, report, cause: 'open at the exchange', isOpening });
  }
  const isOpenThere = new Set(openThere.map((report) => report.exchangeOrderId));
  const found: Difference[] = [];
  for (const order of await desk.ordersIn(['OPEN', 'PARTIALLY_FILLED', 'CANCELING', 'EDITING'])) {
    if (order.exchangeOrderId !== null && isOpenThere.has(order.exchangeOrderId)) continue;
    const market = await desk.findMarket(order.marketId);
    if (market === null) {
      found.push(unlistedMarket(order.marketId));
      continue;
    }
    const report = await desk.port.findOrder(referenceOf(order, market.symbol));
    if (report === null) found.push(orderGone(order));
    else await bookWithFills(desk, { order, market, report });
  }
  return found;
}
