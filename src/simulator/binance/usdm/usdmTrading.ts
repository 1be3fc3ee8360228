import type { Account } from '../../engine/accounts/account';
import type { FuturesAccount } from '../../engine/futures/futuresAccount';
import type { AlgoOrder, FuturesOrder } from '../../engine/futures/futuresOrder';
import type { SimulatedMarket } from '../../engine/simulatedMarket';
import { BinanceError } from '../binanceError';
import type { SignedEndpoint } from '../endpoint';
import { findMarket } from '../marketData';
import { page, timeRange } from '../paging';
import type { Parameters } from '../parameters';
import { readClientOrderId } from '../readers';
import type { UsdmApi } from './usdmApi';
import { toAlgoOrder, toUsdmOrder, toUserTrade } from './usdmFormat';
import { readAlgoOrder, readUsdmOrder } from './usdmOrderRequest';
import { inUsdmWords } from './usdmRefusals';

const weekMs = 7 * 86_400_000;
const allDone = { code: 200, msg: 'The operation of cancel all open order is done.' };

type Handle = (account: FuturesAccount, parameters: Parameters) => unknown;

/** Orders and conditional orders over REST. Source: Binance USD-M API, trade endpoints. */
export function usdmTradingEndpoints(api: UsdmApi): readonly SignedEndpoint[] {
  const { desk, algos } = api.house;
  const market = (parameters: Parameters): SimulatedMarket => findMarket(api.venue, parameters.requiredSymbol());
  const endpoint =
    (method: SignedEndpoint['method'], needs: SignedEndpoint['needs']) =>
    (path: string, weight: number, handle: Handle): SignedEndpoint => ({
      method,
      path: `/fapi/v1/${path}`,
      weight,
      needs,
      handle: (parameters: Parameters, account: Account) => handle(api.house.accountOf(account), parameters),
    });
  const [read, post, remove] = [endpoint('GET', 'READ'), endpoint('POST', 'FUTURES'), endpoint('DELETE', 'FUTURES')];
  return [
    post('order', 1, (account, parameters) => {
      const order = inUsdmWords(() => desk.place(market(parameters), account, readUsdmOrder(parameters)));
      return toUsdmOrder(order);
    }),
    post('order/test', 1, (account, parameters) => {
      inUsdmWords(() => {
        desk.test(market(parameters), account, readUsdmOrder(parameters));
      });
      return {};
    }),
    remove('order', 1, (account, parameters) => {
      const order = findOrder(account, market(parameters), parameters);
      if (order === null || !desk.cancel(account, order)) throw new BinanceError(-2011, 'Unknown order sent.');
      return toUsdmOrder(order);
    }),
    remove('allOpenOrders', 1, (account, parameters) => {
      for (const order of account.openOrders(market(parameters).spec.id)) desk.cancel(account, order);
      return allDone;
    }),
    read('order', 1, (account, parameters) => {
      const order = findOrder(account, market(parameters), parameters);
      if (order === null) throw new BinanceError(-2013, 'Order does not exist.');
      return toUsdmOrder(order);
    }),
    read('openOrder', 1, (account, parameters) => {
      const order = findOrder(account, market(parameters), parameters);
      const isOpen = account.openOrders(null).some((open) => open === order);
      if (order === null || !isOpen) throw new BinanceError(-2013, 'Order does not exist.');
      return toUsdmOrder(order);
    }),
    read('openOrders', 1, (account, parameters) => account.openOrders(symbolOf(api, parameters)).map(toUsdmOrder)),
    read('allOrders', 5, (account, parameters) => {
      const { spec } = market(parameters);
      const isInTime = timeRange(parameters, weekMs);
      const fromId = parameters.integer('orderId') ?? 0;
      const found = [...account.orders.values()].filter(
        (order) => order.spec === spec && order.id >= fromId && isInTime(order.createdAt),
      );
      return page(found, parameters, 'orderId').map(toUsdmOrder);
    }),
    read('userTrades', 5, (account, parameters) => {
      const { spec } = market(parameters);
      const isInTime = timeRange(parameters, weekMs);
      const orderId = parameters.integer('orderId');
      const fromId = parameters.integer('fromId') ?? 0;
      const found = account.fills.filter(
        ({ order, tradeId, time }) =>
          order.spec === spec && (orderId === null || order.id === orderId) && tradeId >= fromId && isInTime(time),
      );
      return page(found, parameters, 'fromId').map(toUserTrade);
    }),
    post('algoOrder', 1, (account, parameters) =>
      toAlgoOrder(inUsdmWords(() => algos.place(market(parameters), account, readAlgoOrder(parameters)))),
    ),
    remove('algoOrder', 1, (account, parameters) => {
      const algo = findAlgo(account, parameters);
      if (algo === null || !algos.cancel(account, algo)) throw new BinanceError(-2011, 'Unknown order sent.');
      return { algoId: algo.id, clientAlgoId: algo.clientAlgoId, code: '200', msg: 'success' };
    }),
    remove('algoOpenOrders', 1, (account, parameters) => {
      for (const algo of account.openAlgos(market(parameters).spec.id)) algos.cancel(account, algo);
      return allDone;
    }),
    read('algoOrder', 1, (account, parameters) => {
      const algo = findAlgo(account, parameters);
      if (algo === null) throw new BinanceError(-2013, 'Order does not exist.');
      return toAlgoOrder(algo);
    }),
    read('openAlgoOrders', 1, (account, parameters) => account.openAlgos(symbolOf(api, parameters)).map(toAlgoOrder)),
    read('allAlgoOrders', 5, (account, parameters) => {
      const { spec } = market(parameters);
      const isInTime = timeRange(parameters, weekMs);
      const fromId = parameters.integer('algoId') ?? 0;
      const found = [...account.algos.values()].filter(
        (algo) => algo.spec === spec && algo.id >= fromId && isInTime(algo.createdAt),
      );
      return page(found, parameters, 'algoId').map(toAlgoOrder);
    }),
  ];
}

function symbolOf(api: UsdmApi, parameters: Parameters): string | null {
  const symbol = parameters.symbol();
  return symbol === null ? null : findMarket(api.venue, symbol).spec.id;
}

/** By the exchange's id, which goes first, or by the client's. Throws -1102 where neither was sent. */
function findOrder(account: FuturesAccount, market: SimulatedMarket, parameters: Parameters): FuturesOrder | null {
  const id = parameters.integer('orderId');
  const clientId = readClientOrderId(parameters, 'origClientOrderId');
  if (id !== null) return account.order(market.spec.id, id);
  if (clientId !== null) return account.orderByClientId(market.spec.id, clientId);
  throw new BinanceError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
}

function findAlgo(account: FuturesAccount, parameters: Parameters): AlgoOrder | null {
  const id = parameters.integer('algoId');
  const clientId = readClientOrderId(parameters, 'clientAlgoId');
  if (id !== null) return account.algos.get(id) ?? null;
  if (clientId === null) {
    throw new BinanceError(-1102, "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!");
  }
  const found = [...account.algos.values()].filter(({ clientAlgoId }) => clientAlgoId === clientId);
  return found.find(({ status }) => status === 'NEW') ?? found.at(-1) ?? null;
}
