import type { Fill, OrderTerms } from '../../domain/orders';
import { BadMarketData } from '../badMarketData';
import { optional, readRecord, readText } from '../readNumbers';
import { readFill } from '../trading/readFill';
import type { AccountMarket, OrderCall, OrderList, TradingDifferences } from '../trading/tradingDifferences';
import { mexcAccount, mexcKeyPermissions } from './mexcKey';
import { mexcRefusals } from './mexcRefusals';
import { mexcTransfers } from './mexcTransfers';
import { readMexcOrder, readMexcPlaced } from './readMexcOrder';
import { refineMexcAccount } from './refineMexcAccount';

const dayMs = 86_400_000;

/** Trading on MEXC spot, and whatever speaks its protocol at another address. Its swaps are another API, which is not spoken here. */
export const mexcTrading: TradingDifferences = {
  options: {},
  refine: refineMexcAccount,
  wallets: ['spot'],
  orderCall,
  orderLists: () => [orders],
  refusals: mexcRefusals,
  // Unknown order sent; order does not exist. Source: MEXC spot v3, error codes.
  noSuchOrder: ['-2011', '-2013'],
  readOrder: readMexcOrder,
  readAnswer: (value, market) => (isCancellation(value, market) ? null : readMexcOrder(value, market)),
  readFill: readMexcFill,
  // "You can query a maximum of the latest 7 days." Source: MEXC spot v3, all orders.
  orderHistory: { windowMs: 7 * dayMs, reachMs: 7 * dayMs, rows: 1_000 },
  // "Only the transaction records in the past 1 month can be queried"; at most 100. Source: MEXC spot v3, account trade list.
  fillHistory: { windowMs: 7 * dayMs, reachMs: 28 * dayMs, rows: 100 },
  historyParams: (from, until) => ({ startTime: from, endTime: until }),
  readPlaced: readMexcPlaced,
  session: () => ({ url: /[?&]listenKey=/, confirmedBy: 'answer', forget: () => undefined }),
  transfers: mexcTransfers,
  keyPermissions: mexcKeyPermissions,
  exchangeAccount: mexcAccount,
};

/** By MEXC's own name: ccxt's unified one is sent beside it where an order is canceled. */
const orders: OrderList = { params: {}, named: (clientOrderId) => ({ origClientOrderId: clientOrderId }) };

function readMexcFill(value: unknown, market: AccountMarket): Fill {
  const raw = readRecord(value, 'trade');
  const { clientOrderId, isMaker, isSelfTrade, tradeType } = readRecord(raw.info, 'trade');
  // ccxt takes every side of a frame that is not 1 for a sale, and does not read who was the maker.
  if (tradeType !== undefined && tradeType !== 1 && tradeType !== 2) throw new BadMarketData('side is missing');
  const fill = readFill({ ...raw, takerOrMaker: isMaker === true ? 'maker' : 'taker' }, market, {
    clientOrderId: optional(clientOrderId === '' ? null : clientOrderId, (id) => readText(id, 'client order id')),
    positionSide: null,
  });
  // MEXC lets an account trade with itself: both sides of that may have one id, and each is an execution.
  return isSelfTrade === true ? { ...fill, tradeId: `${fill.tradeId}-${fill.side}` } : fill;
}

/**
 * Null of orders that wait for a price: MEXC's API takes none on spot. ccxt sends IOC and FOK as the types that they are there.
 * Source: MEXC spot v3, new order; ccxt js/src/mexc.js, `createSpotOrderRequest`.
 */
function orderCall({ type, amount, quoteAmount, price, timeInForce }: OrderTerms): OrderCall | null {
  if (type !== 'MARKET' && type !== 'LIMIT') return null;
  return {
    type: type === 'LIMIT' ? 'limit' : 'market',
    amount: amount ?? undefined,
    price: price ?? undefined,
    params: {
      ...(timeInForce === 'POST_ONLY' ? { postOnly: true } : {}),
      ...(timeInForce === 'IOC' || timeInForce === 'FOK' ? { timeInForce } : {}),
      ...(quoteAmount === null ? {} : { cost: quoteAmount }),
    },
  };
}

/** It tells the order as it was: its status is not the one that the order has now, and often it has none. */
function isCancellation(value: unknown, { exchangeId }: AccountMarket): boolean {
  const info = readRecord(readRecord(value, 'order').info, 'order');
  if (info.symbol !== exchangeId) throw new BadMarketData('the answer is about another market');
  return !('time' in info);
}
