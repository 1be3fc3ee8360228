import type { Market } from '../domain/market';
import type { OrderReport } from '../domain/orders';
import type { Urgency } from '../exchanges/tradingPort';
import type { OrderRecord } from '../storage/trading/records';
import type { AccountDesk } from './accountDesk';
import { bookHistory } from './bookHistory';
import { isMissingFills } from './missingFills';

/** The exchange's clock is not ours. */
const clockMarginMs = 60_000;

/**
 * Books what the exchange says of an order, together with the executions that it counts and that are not known here yet. What was
 * executed before the account was opened here is in its opening balance.
 */
export async function bookWithFills(
  desk: AccountDesk,
  {
    order,
    market,
    report,
    urgency,
  }: {
    readonly order: OrderRecord;
    readonly market: Market;
    readonly report: OrderReport;
    /** Of the question for its executions. */
    readonly urgency?: Urgency;
  },
): Promise<OrderRecord> {
  const fills = isMissingFills(order, report)
    ? await desk.port.fillsSince(market.symbol, Math.max(desk.openedAt, order.createdAt - clockMarginMs), urgency)
    : [];
  return desk.book(async (booking, tx) => {
    await bookHistory(booking, tx, { market, fills });
    return (await booking.report(market, report, 'asked')) ?? order;
  });
}
