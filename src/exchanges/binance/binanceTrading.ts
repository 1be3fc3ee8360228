import type { DecimalString } from '../../domain/decimal';
import { product } from '../../domain/money';
import type { OrderTerms } from '../../domain/orders';
import type { CcxtAccountExchange } from '../ccxtTypes';
import { optional, readRecord, readText } from '../readNumbers';
import type { KeyPermissions } from '../tradingPort';
import { readFill } from '../trading/readFill';
import { toContracts } from '../trading/readUnified';
import type {
  AccountMarket,
  OrderCall,
  OrderList,
  StreamSession,
  TradingDifferences,
} from '../trading/tradingDifferences';
import { binanceRefusals } from './binanceRefusals';
import { binanceTransfers } from './binanceTransfers';
import { readBinanceOrder, readPositionSide } from './readBinanceOrder';

const dayMs = 86_400_000;

/** Trading on Binance spot and USD-M futures, its testnet, and whatever speaks its protocol at another address. */
export const binanceTrading: TradingDifferences = {
  options: {
    // ccxt refuses the question for the open orders of all markets until it is told that its price is known.
    warnOnFetchOpenOrdersWithoutSymbol: false,
    // Positions are asked for by us, with every change.
    watchPositions: { fetchPositionsSnapshot: false, awaitPositionsSnapshot: false },
  },
  refine: (base) => base,
  wallets: ['spot', 'swap'],
  orderCall,
  orderLists: (isSwap) => (isSwap ? [plainOrders, conditionalOrders] : [plainOrders]),
  refusals: binanceRefusals,
  noSuchOrder: ['-2011', '-2013'],
  readOrder: readBinanceOrder,
  readAnswer: (value, market) => (isAcknowledgement(value) ? null : readBinanceOrder(value, market)),
  readFill: (value, market) => {
    const info = readRecord(readRecord(value, 'trade').info, 'trade');
    const clientOrderId = optional(info.c, (id) => readText(id, 'client order id'));
    return readFill(value, market, { clientOrderId, positionSide: readPositionSide(info.positionSide ?? info.ps) });
  },
  orderHistory: { windowMs: dayMs, reachMs: null, rows: 1_000 },
  fillHistory: { windowMs: dayMs, reachMs: null, rows: 1_000 },
  historyParams: (from, until) => ({ startTime: from, endTime: until }),
  readPlaced: (value, _order, market) => readBinanceOrder(value, market),
  session: (wallet) => (wallet === 'swap' ? swapSession : spotSession),
  transfers: binanceTransfers,
  keyPermissions,
  exchangeAccount,
};

const plainOrders: OrderList = {
  params: {},
  named: (clientOrderId) => ({ origClientOrderId: clientOrderId }),
};

/** Orders of swaps that wait for a price. The order that one becomes is in the other list, under the same client id. */
const conditionalOrders: OrderList = {
  params: { trigger: true },
  named: (clientOrderId) => ({ clientAlgoId: clientOrderId }),
};

const spotSession: StreamSession = { url: /\/ws-api\//, confirmedBy: 'answer', forget: () => undefined };

const swapSession: StreamSession = {
  url: /[?&]listenKey=/,
  confirmedBy: 'opening',
  // ccxt believes in its key for 20 minutes, whatever the exchange says of it. Asked again, Binance tells the one that is good.
  forget: (exchange) => {
    exchange.options.future = {};
  },
};

/** The cancellation of a conditional order is answered with its ids alone. */
function isAcknowledgement(value: unknown): boolean {
  const info = readRecord(readRecord(value, 'order').info, 'order');
  return 'algoId' in info && !('symbol' in info);
}

/** A trailing stop trails by at most this much: Binance counts it in basis points (spot) or tenths of a percent (swaps). */
function orderCall(terms: OrderTerms, market: AccountMarket): OrderCall | null {
  if (market.isSwap && terms.quoteAmount !== null) return null;
  const isLimit = terms.price !== null;
  return {
    type: isLimit ? 'limit' : 'market',
    amount: terms.amount === null ? undefined : toContracts(terms.amount, market.contractSize),
    price: terms.price ?? undefined,
    params: { ...conditions(terms, market), ...timeInForce(terms), ...swapParams(terms, market), ...cost(terms) },
  };
}

/** Source: Binance GET /sapi/v1/account/apiRestrictions. */
async function keyPermissions(exchange: CcxtAccountExchange): Promise<KeyPermissions> {
  const told = readRecord(await exchange.sapiGetAccountApiRestrictions(), 'permissions');
  return {
    mayTrade: either(told.enableSpotAndMarginTrading, told.enableFutures),
    mayWithdraw: either(told.enableWithdrawals, false),
    mayTransfer: either(told.enableInternalTransfer, told.permitsUniversalTransfer),
    isIpRestricted: either(told.ipRestrict, false),
  };
}

/** Source: Binance GET /api/v3/account, `uid`. */
async function exchangeAccount(exchange: CcxtAccountExchange): Promise<string | null> {
  const { uid } = readRecord(await exchange.privateGetAccount(), 'account');
  return optional(uid, (told) => readText(told, 'uid'));
}

/** Null where neither is said to be so and one is not told at all. */
function either(a: unknown, b: unknown): boolean | null {
  if (a === true || b === true) return true;
  return a === false && b === false ? false : null;
}

function conditions({ type, triggerPrice, trailingDelta }: OrderTerms, market: AccountMarket): OrderCall['params'] {
  switch (type) {
    case 'MARKET':
    case 'LIMIT':
      return {};
    case 'STOP':
    case 'STOP_LIMIT':
      return { stopLossPrice: triggerPrice };
    case 'TAKE_PROFIT':
    case 'TAKE_PROFIT_LIMIT':
      return { takeProfitPrice: triggerPrice };
    case 'TRAILING_STOP':
      return {
        trailingPercent: trailingDelta === null ? undefined : product(trailingDelta, '100' as DecimalString),
        ...(market.isSwap ? {} : { stopLossOrTakeProfit: 'stopLoss' }),
        ...(triggerPrice === null ? {} : { trailingTriggerPrice: triggerPrice }),
      };
  }
}

function timeInForce({ timeInForce: wanted }: OrderTerms): OrderCall['params'] {
  if (wanted === null) return {};
  return wanted === 'POST_ONLY' ? { postOnly: true } : { timeInForce: wanted };
}

/** In hedge mode a side of the position is named, and "reduce only" may not be: to sell a long one can do nothing else. */
function swapParams({ positionSide, reduceOnly }: OrderTerms, market: AccountMarket): OrderCall['params'] {
  if (!market.isSwap) return {};
  if (positionSide !== null) return { positionSide };
  return reduceOnly ? { reduceOnly: true } : {};
}

function cost({ quoteAmount }: OrderTerms): OrderCall['params'] {
  return quoteAmount === null ? {} : { quoteOrderQty: quoteAmount };
}
