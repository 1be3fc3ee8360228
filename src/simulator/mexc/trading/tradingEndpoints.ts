import type { Account } from '../../engine/accounts/account';
import type { AccountOrder } from '../../engine/accounts/accountOrder';
import type { SimulatedMarket } from '../../engine/simulatedMarket';
import type { SignedEndpoint } from '../endpoint';
import { findMarket } from '../marketData';
import { MexcError } from '../mexcError';
import type { Parameters } from '../parameters';
import { readOrderId, toCancelled, toMyTrade, toOrderStatus, toPlaced } from './orderFormat';
import { readOrderRequest } from './orderRequest';
import type { PrivateApi } from './privateApi';
import { inMexcWords } from './refusals';

const dayMs = 86_400_000;
/** "You can query a maximum of the latest 7 days"; the latest day where nothing is said. Source: MEXC spot v3, all orders. */
const ordersReachMs = 7 * dayMs;
/** "Only the transaction records in the past 1 month can be queried". Source: MEXC spot v3, account trade list. */
const tradesReachMs = 30 * dayMs;
const maxTrades = 100;

/** Orders and trades over REST. Source: MEXC spot v3, spot account/trade. */
export function tradingEndpoints({ venue, desk }: PrivateApi): readonly SignedEndpoint[] {
  const market = (parameters: Parameters): SimulatedMarket => findMarket(venue, parameters.requiredText('symbol'));
  const trade = (method: 'POST' | 'DELETE', path: string, handle: SignedEndpoint['handle']): SignedEndpoint => ({
    method,
    path: `/api/v3/${path}`,
    weight: 1,
    needs: 'TRADE',
    handle,
  });
  const read = (path: string, weight: number, handle: SignedEndpoint['handle']): SignedEndpoint => ({
    method: 'GET',
    path: `/api/v3/${path}`,
    weight,
    needs: 'READ',
    handle,
  });
  return [
    trade('POST', 'order', (parameters, account) => {
      const [found, request] = [market(parameters), readOrderRequest(parameters)];
      return toPlaced(inMexcWords(() => desk.place(found, account, request)));
    }),
    trade('POST', 'order/test', (parameters, account) => {
      const [found, request] = [market(parameters), readOrderRequest(parameters)];
      inMexcWords(() => {
        desk.test(found, account, request);
      });
      return {};
    }),
    trade('DELETE', 'order', (parameters, account) => {
      const found = market(parameters);
      const order = findOrder(found, parameters, account);
      const answer = order === null ? null : toCancelled(order);
      if (order === null || !desk.cancel(found, account, order)) throw new MexcError(-2011, 'Unknown order sent.');
      return answer;
    }),
    trade('DELETE', 'openOrders', (parameters, account) => {
      const found = market(parameters);
      return account.openOrders(found.spec.id).map((order) => {
        const answer = toCancelled(order);
        desk.cancel(found, account, order);
        return answer;
      });
    }),
    read('order', 2, (parameters, account) => {
      const order = findOrder(market(parameters), parameters, account);
      if (order === null) throw new MexcError(-2013, 'Order does not exist.');
      return toOrderStatus(order);
    }),
    read('openOrders', 3, (parameters, account) => {
      const symbol = parameters.text('symbol');
      return account.openOrders(symbol === null ? null : findMarket(venue, symbol).spec.id).map(toOrderStatus);
    }),
    read('allOrders', 10, (parameters, account) => {
      const { spec } = market(parameters);
      const isAsked = period(parameters, venue.now(), { reachMs: ordersReachMs, byDefaultMs: dayMs });
      const found = [...account.orders.values()].filter(
        (order) => order.spec.id === spec.id && isAsked(order.createdAt),
      );
      return newestFirst(found, parameters.limit(500, 1_000)).map(toOrderStatus);
    }),
    read('myTrades', 10, (parameters, account) => {
      const { spec } = market(parameters);
      const orderId = parameters.text('orderId');
      const isAsked = period(parameters, venue.now(), { reachMs: tradesReachMs, byDefaultMs: tradesReachMs });
      const found = account.fills.filter(
        ({ order, time }) =>
          order.spec.id === spec.id && isAsked(time) && (orderId === null || order.id === readOrderId(orderId)),
      );
      return newestFirst(found, parameters.limit(maxTrades, maxTrades)).map(toMyTrade);
    }),
  ];
}

/** By MEXC's id, or by the client's. Throws 700004 where neither was sent. */
function findOrder(market: SimulatedMarket, parameters: Parameters, account: Account): AccountOrder | null {
  const id = parameters.text('orderId');
  const clientId = parameters.text('origClientOrderId');
  if (id !== null) {
    const number = readOrderId(id);
    return number === null ? null : account.order(market.spec.id, number);
  }
  if (clientId !== null) return account.orderByClientId(market.spec.id, clientId);
  throw new MexcError(700_004, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
}

/** Whether a moment is in the period that was asked for. Throws 400 where that begins before what is told. */
function period(
  parameters: Parameters,
  now: number,
  { reachMs, byDefaultMs }: { readonly reachMs: number; readonly byDefaultMs: number },
): (time: number) => boolean {
  const since = parameters.integer('startTime') ?? now - byDefaultMs;
  const until = parameters.integer('endTime') ?? Infinity;
  if (since < now - reachMs) {
    throw new MexcError(400, `The start time cannot be earlier than ${reachMs / dayMs} days`);
  }
  return (time) => time >= since && time <= until;
}

function newestFirst<T>(found: readonly T[], limit: number): readonly T[] {
  return found.slice(-limit).reverse();
}
