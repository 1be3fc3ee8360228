import type { Market } from '../domain/market';
import type { EpochMs } from '../domain/marketData';
import type { OrderRecord } from '../storage/trading/records';
import { referenceOf, type AccountDesk } from './accountDesk';

/** How long an exchange may still take in a request, counted from its signature: recvWindow, its own back end, and a margin for clocks. */
const recvWindowMs = 5_000;
const backEndMs = 10_000;
const marginMs = 5_000;
/** The exchange's clock is not ours. */
const clockMarginMs = 60_000;

/** How often the exchange has to deny an order before anything is concluded from it. */
export const neededMisses = 3;

/** True where an order was denied often enough, and its signature is too old to be accepted any more, by our clock. */
export function mayBeAbsent(order: OrderRecord, now: EpochMs): boolean {
  return order.misses >= neededMisses && order.signedAt !== null && now > lastAccepted(order.signedAt);
}

/**
 * Those of a market's orders that cannot be at the exchange and cannot come there any more: by the exchange's clock as well their
 * signature is too old, and they are neither among the open orders, nor in the history, nor in the trades. Asked once for all of them.
 */
export async function provenAbsent(
  orders: readonly OrderRecord[],
  market: Market,
  desk: AccountDesk,
): Promise<readonly OrderRecord[]> {
  const { port } = desk;
  const before = desk.now();
  // The exchange's clock is what it holds a signature against; ours may have been set meanwhile.
  const there = before - (await port.clockSkewMs());
  const due = orders.filter((order) => mayBeAbsent(order, before) && mayBeAbsent(order, there));
  if (due.length === 0) return [];
  const since = Math.min(...due.map(({ signedAt }) => signedAt ?? before)) - clockMarginMs;
  // The trades first: whose order is not in the other lists, which are younger, was placed before all of them.
  const trades = await port.fillsSince(market.symbol, since, 'URGENT');
  const lists = [port.openOrders(market.symbol, 'URGENT'), port.ordersSince(market.symbol, since, 'URGENT')];
  const reports = (await Promise.all(lists)).flat();
  const listed = new Set(reports.map(({ exchangeOrderId }) => exchangeOrderId));
  const unnamed = trades.filter((trade) => trade.clientOrderId === null && !listed.has(trade.exchangeOrderId));
  const learnt = await namesOf(new Set(unnamed.map((trade) => trade.exchangeOrderId)), market, desk);
  // What nobody can be said to have executed may be of any of them.
  if (learnt.includes(null)) return [];
  const named = new Set([...[...trades, ...reports].map(({ clientOrderId }) => clientOrderId), ...learnt]);
  return due.filter((order) => !named.has(referenceOf(order, market.symbol).clientOrderId));
}

/** Under which ids of clients orders were placed (Binance does not say so with a trade): "" of none, null where nobody knows the order. */
async function namesOf(
  exchangeOrderIds: ReadonlySet<string>,
  market: Market,
  desk: AccountDesk,
): Promise<readonly (string | null)[]> {
  if (exchangeOrderIds.size === 0) return [];
  const names = new Map<string, string>();
  await desk.book(async (_booking, tx) => {
    for (const exchangeOrderId of exchangeOrderIds) {
      const known = await tx.attempt({ marketId: market.id, exchangeOrderId });
      if (known !== null) names.set(exchangeOrderId, known.clientOrderId);
    }
  });
  const strangers = [...exchangeOrderIds].filter((exchangeOrderId) => !names.has(exchangeOrderId));
  const asked: (string | null)[] = [];
  for (const exchangeOrderId of strangers) {
    const report = await desk.port.findOrder({ symbol: market.symbol, clientOrderId: null, exchangeOrderId });
    if (report === null) return [null];
    asked.push(report.clientOrderId ?? '');
  }
  return [...names.values(), ...asked];
}

function lastAccepted(signedAt: EpochMs): EpochMs {
  return signedAt + recvWindowMs + backEndMs + marginMs;
}
