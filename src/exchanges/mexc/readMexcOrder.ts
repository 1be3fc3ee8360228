import type { DecimalString } from '../../domain/decimal';
import { quotient } from '../../domain/money';
import type { OrderReport, OrderTerms, OrderType, ReportedStatus, TimeInForce } from '../../domain/orders';
import { BadMarketData } from '../badMarketData';
import { optional, readAmount, readRecord, readText, readTime } from '../readNumbers';
import { readNonZero, readSide } from '../trading/readUnified';
import type { AccountMarket, NewOrder } from '../trading/tradingDifferences';

type Raw = Readonly<Record<string, unknown>>;

/** MEXC's names of one thing in answers of REST, and in frames of the socket. */
interface Fields {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly status: unknown;
  readonly amount: unknown;
  readonly quoteAmount: unknown;
  readonly price: unknown;
  readonly clientOrderId: unknown;
  readonly filled: unknown;
  readonly cost: unknown;
  readonly average: unknown;
  readonly time: unknown;
}

/** Words of REST and numbers of the socket. ccxt takes a partly filled order that was canceled for filled. Source: MEXC spot v3, order status. */
const statuses: Readonly<Record<string, ReportedStatus>> = {
  NEW: 'OPEN',
  PARTIALLY_FILLED: 'OPEN',
  FILLED: 'CLOSED',
  CANCELED: 'CANCELED',
  PARTIALLY_CANCELED: 'CANCELED',
  '1': 'OPEN',
  '2': 'CLOSED',
  '3': 'OPEN',
  '4': 'CANCELED',
  '5': 'CANCELED',
};

/** What cannot rest is a type of its own here. Source: MEXC spot v3, order type; spot account orders, `orderType`. */
const timesInForce: Readonly<Record<string, TimeInForce>> = {
  LIMIT_MAKER: 'POST_ONLY',
  IMMEDIATE_OR_CANCEL: 'IOC',
  FILL_OR_KILL: 'FOK',
  '2': 'POST_ONLY',
  '3': 'IOC',
  '4': 'FOK',
};

/** Reads an order of an answer, or of a frame of the socket. Throws BadMarketData. */
export function readMexcOrder(value: unknown, market: AccountMarket): OrderReport {
  const raw = readRecord(value, 'order');
  const info = readRecord(raw.info, 'order');
  const fields = 'cumulativeQuantity' in info || 'orderType' in info ? socketFields(info, raw) : restFields(info, raw);
  // ccxt's own `symbol` of an answer is the one that was asked for, whatever came; a frame has its market on its head.
  const isOfMarket = info.symbol === undefined ? raw.symbol === market.symbol : info.symbol === market.exchangeId;
  if (!isOfMarket) throw new BadMarketData('an order is of another market');
  const filled = readAmount(fields.filled ?? '0', 'filled');
  const cost = readAmount(fields.cost ?? '0', 'cost');
  return {
    exchangeOrderId: readText(raw.id, 'order id'),
    clientOrderId: optional(fields.clientOrderId === '' ? null : fields.clientOrderId, (id) =>
      readText(id, 'client order id'),
    ),
    symbol: market.symbol,
    status: readStatus(fields.status),
    terms: readTerms(fields, raw, market),
    filled,
    cost,
    average: readNonZero(fields.average, 'average') ?? (filled === '0' ? null : quotient(cost, filled)),
    exchangeTime: readTime(fields.time),
    fills: [],
  };
}

/** MEXC answers with the order's id before it tells what came of it: whatever is executed follows on the socket. */
export function readMexcPlaced(value: unknown, order: NewOrder, market: AccountMarket): OrderReport {
  const raw = readRecord(value, 'order');
  const info = readRecord(raw.info, 'order');
  if (info.symbol !== market.exchangeId) throw new BadMarketData('the answer is about another market');
  if (readSide(info.side ?? order.terms.side) !== order.terms.side) throw new BadMarketData('it has another side');
  const zero = '0' as DecimalString;
  return {
    exchangeOrderId: readText(raw.id, 'order id'),
    // MEXC does not repeat it; where it does, it has to be ours.
    clientOrderId: optional(info.clientOrderId, (id) => readText(id, 'client order id')) ?? order.clientOrderId,
    symbol: market.symbol,
    status: 'OPEN',
    terms: order.terms,
    filled: zero,
    cost: zero,
    average: null,
    exchangeTime: readTime(raw.timestamp ?? order.signedAt),
    fills: [],
  };
}

function restFields(info: Raw, raw: Raw): Fields {
  const type = readText(info.type, 'order type');
  return {
    type: type === 'MARKET' ? 'MARKET' : 'LIMIT',
    timeInForce: timesInForce[type] ?? 'GTC',
    status: info.status,
    amount: info.origQty,
    quoteAmount: info.origQuoteOrderQty,
    price: info.price,
    clientOrderId: info.clientOrderId,
    filled: info.executedQty,
    cost: info.cummulativeQuoteQty,
    average: null,
    time: raw.lastUpdateTimestamp ?? raw.timestamp,
  };
}

function socketFields(info: Raw, raw: Raw): Fields {
  const type = readText(info.orderType, 'order type');
  // ccxt takes everything that is not 1 for a sale.
  if (info.tradeType !== 1 && info.tradeType !== 2) throw new BadMarketData('side is missing');
  return {
    type: type === '5' ? 'MARKET' : 'LIMIT',
    timeInForce: timesInForce[type] ?? 'GTC',
    status: readText(info.status, 'status'),
    amount: info.quantity,
    quoteAmount: info.amount,
    price: info.price,
    clientOrderId: info.clientId,
    filled: info.cumulativeQuantity,
    cost: info.cumulativeAmount,
    average: info.avgPrice,
    // When the frame was sent: the order's own time is that of its beginning.
    time: raw.lastTradeTimestamp,
  };
}

/** What MEXC does not know stops here: guessed, it could end an order that lives. */
function readStatus(value: unknown): ReportedStatus {
  const status = typeof value === 'string' ? statuses[value] : undefined;
  if (status === undefined) throw new BadMarketData('status of an order is not known');
  return status;
}

function readTerms({ type, timeInForce, ...fields }: Fields, raw: Raw, market: AccountMarket): OrderTerms {
  const side = readSide(raw.side);
  const isMarket = type === 'MARKET';
  // Of a limit order it is what the whole of it costs.
  const quoteAmount = isMarket && side === 'BUY' ? readNonZero(fields.quoteAmount, 'quote amount') : null;
  return {
    symbol: market.symbol,
    type,
    side,
    amount: quoteAmount === null ? readNonZero(fields.amount, 'amount') : null,
    quoteAmount,
    price: isMarket ? null : readNonZero(fields.price, 'price'),
    triggerPrice: null,
    trailingDelta: null,
    timeInForce: isMarket ? null : timeInForce,
    positionSide: null,
    reduceOnly: false,
  };
}
