import type { Account } from '../../engine/accounts/account';
import type { AccountOrder } from '../../engine/accounts/accountOrder';
import { feeBps } from '../../engine/accounts/money';
import type { SimulatedMarket } from '../../engine/simulatedMarket';
import { formatUnits } from '../../engine/units';
import { BinanceError } from '../binanceError';
import type { SignedEndpoint } from '../endpoint';
import { fixed8 } from '../format';
import { findMarket } from '../marketData';
import { page, timeRange } from '../paging';
import type { Parameters } from '../parameters';
import { money, toCancelled, toMyTrade, toNewOrder, toOrderStatus } from './orderFormat';
import { readClientOrderId } from '../readers';
import { answersFully, readOrderRequest } from './orderRequest';
import type { PrivateApi } from './privateApi';
import { inBinanceWords } from './refusals';
import { transferEndpoints } from './transferEndpoints';

const rate = fixed8(formatUnits(feeBps, 4));
const maxRangeMs = 24 * 3_600_000;
const noRate = fixed8(formatUnits(0, 4));

/** Account and orders over REST. Source: Binance spot API, trading and account endpoints. */
export function tradingEndpoints(api: PrivateApi): readonly SignedEndpoint[] {
  const market = (parameters: Parameters): SimulatedMarket => findMarket(api.venue, parameters.requiredSymbol());
  const trade = (method: 'POST' | 'DELETE', path: string, handle: SignedEndpoint['handle']): SignedEndpoint => ({
    method,
    path: `/api/v3/${path}`,
    weight: 1,
    needs: 'TRADE',
    handle,
  });
  const read = (path: string, weight: number, handle: SignedEndpoint['handle']): SignedEndpoint => ({
    method: 'GET',
    path,
    weight,
    needs: 'READ',
    handle,
  });
  return [
    trade('POST', 'order', (parameters, account) => place(api, market(parameters), { parameters, account })),
    trade('POST', 'order/test', (parameters, account) => {
      const found = market(parameters);
      inBinanceWords(() => {
        api.desk.test(found, account, readOrderRequest(parameters));
      });
      return {};
    }),
    trade('DELETE', 'order', (parameters, account) => cancel(api, market(parameters), { parameters, account })),
    trade('DELETE', 'openOrders', (parameters, account) => cancelAll(api, market(parameters), account)),
    read('/api/v3/order', 4, (parameters, account) => {
      const order = findOrder(market(parameters), parameters, account);
      if (order === null) throw new BinanceError(-2013, 'Order does not exist.');
      return toOrderStatus(order);
    }),
    read('/api/v3/openOrders', 6, (parameters, account) => {
      const symbol = parameters.symbol();
      return account.openOrders(symbol === null ? null : findMarket(api.venue, symbol).spec.id).map(toOrderStatus);
    }),
    read('/api/v3/allOrders', 20, (parameters, account) => allOrders(market(parameters), parameters, account)),
    read('/api/v3/myTrades', 20, (parameters, account) => myTrades(market(parameters), parameters, account)),
    read('/api/v3/account', 20, (parameters, account) => accountInfo(account, parameters)),
    read('/api/v3/account/commission', 20, (parameters) => {
      const rates = { maker: rate, taker: rate, buyer: noRate, seller: noRate };
      return { symbol: market(parameters).spec.id, standardCommission: rates };
    }),
    read('/sapi/v1/account/apiRestrictions', 1, (_parameters, account) => restrictions(account)),
    ...transferEndpoints(api.venue.now),
  ];
}

interface Call {
  readonly parameters: Parameters;
  readonly account: Account;
}

function place(api: PrivateApi, market: SimulatedMarket, { parameters, account }: Call): object {
  const request = readOrderRequest(parameters);
  const length = parameters.text('newOrderRespType') ?? (answersFully(request.type) ? 'FULL' : 'ACK');
  const known = account.fills.length;
  const order = inBinanceWords(() => api.desk.place(market, account, request));
  return toNewOrder(
    order,
    account.fills.slice(known).filter((fill) => fill.order === order),
    length,
  );
}

function cancel(api: PrivateApi, market: SimulatedMarket, { parameters, account }: Call): object {
  const order = findOrder(market, parameters, account);
  if (order === null || !api.desk.cancel(market, account, order)) {
    throw new BinanceError(-2011, 'Unknown order sent.');
  }
  return toCancelled(order, readClientOrderId(parameters, 'newClientOrderId') ?? `cancel-${order.id}`);
}

function cancelAll(api: PrivateApi, market: SimulatedMarket, account: Account): object[] {
  const open = account.openOrders(market.spec.id);
  if (open.length === 0) throw new BinanceError(-2011, 'Unknown order sent.');
  for (const order of open) api.desk.cancel(market, account, order);
  return open.map((order) => toCancelled(order, `cancel-${order.id}`));
}

/** By the exchange's id, or by the client's. Throws -1102 where neither was sent. */
function findOrder(market: SimulatedMarket, parameters: Parameters, account: Account): AccountOrder | null {
  const id = parameters.integer('orderId');
  const clientId = readClientOrderId(parameters, 'origClientOrderId');
  if (id === null && clientId === null) {
    throw new BinanceError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
  }
  const order = id === null ? null : account.order(market.spec.id, id);
  if (id !== null && clientId !== null) return order?.clientOrderId === clientId ? order : null;
  return clientId === null ? order : account.orderByClientId(market.spec.id, clientId);
}

function allOrders(market: SimulatedMarket, parameters: Parameters, account: Account): object[] {
  const fromId = parameters.integer('orderId');
  const inTime = timeRange(parameters, maxRangeMs);
  const found = [...account.orders.values()].filter(
    (order) => order.spec.id === market.spec.id && order.id >= (fromId ?? 0) && inTime(order.createdAt),
  );
  return page(found, parameters, 'orderId').map(toOrderStatus);
}

function myTrades(market: SimulatedMarket, parameters: Parameters, account: Account): object[] {
  const orderId = parameters.integer('orderId');
  const fromId = parameters.integer('fromId');
  const inTime = timeRange(parameters, maxRangeMs);
  const found = account.fills.filter(
    ({ order, tradeId, time }) =>
      order.spec.id === market.spec.id &&
      (orderId === null || order.id === orderId) &&
      tradeId >= (fromId ?? 0) &&
      inTime(time),
  );
  return page(found, parameters, 'fromId').map(toMyTrade);
}

function accountInfo(account: Account, parameters: Parameters): object {
  const omitsZero = parameters.text('omitZeroBalances') === 'true';
  const { mayTrade, mayWithdraw } = account.identity.permissions;
  const balances = account.assets.map((asset) => ({ asset, ...account.balance(asset) }));
  return {
    makerCommission: feeBps,
    takerCommission: feeBps,
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: { maker: rate, taker: rate, buyer: noRate, seller: noRate },
    canTrade: mayTrade,
    canWithdraw: mayWithdraw,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: account.updatedAt,
    accountType: 'SPOT',
    balances: balances
      .filter(({ free, locked }) => !omitsZero || free + locked > 0n)
      .map(({ asset, free, locked }) => ({ asset, free: money(free), locked: money(locked) })),
    permissions: ['SPOT'],
    uid: account.identity.uid,
  };
}

function restrictions(account: Account): object {
  const { permissions, createdAt } = account.identity;
  return {
    ipRestrict: permissions.isIpRestricted,
    createTime: createdAt,
    enableReading: permissions.mayRead,
    enableSpotAndMarginTrading: permissions.mayTrade,
    enableWithdrawals: permissions.mayWithdraw,
    enableInternalTransfer: permissions.mayTransferInternally,
    permitsUniversalTransfer: permissions.mayTransferUniversally,
    enableMargin: false,
    enableFutures: permissions.mayTradeFutures,
    enableVanillaOptions: false,
    enablePortfolioMarginTrading: false,
  };
}
