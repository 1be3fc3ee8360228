import { toDecimalString, Decimal, type DecimalString } from '../../domain/decimal';
import { product, quotient } from '../../domain/money';
import type { OrderReport, OrderTerms, OrderType, PositionSide, TimeInForce } from '../../domain/orders';
import { BadMarketData } from '../badMarketData';
import { optional, readAmount, readDecimal, readList, readRecord, readText, readTime } from '../readNumbers';
import { orderTypeOf } from './binanceOrderTypes';
import { readFill } from '../trading/readFill';
import { readNonZero, readSide, readStatus, toBaseUnits } from '../trading/readUnified';
import type { AccountMarket } from '../trading/tradingDifferences';

type Raw = Readonly<Record<string, unknown>>;

/** Binance's names of one thing in answers of REST, and in events of the socket. */
interface Fields {
  readonly type: unknown;
  readonly timeInForce: unknown;
  readonly amount: unknown;
  readonly quoteAmount: unknown;
  readonly price: unknown;
  readonly triggerPrice: unknown;
  /** Of spot: basis points. */
  readonly trailingBips: unknown;
  /** Of swaps: percent. */
  readonly trailingPercent: unknown;
  readonly reduceOnly: unknown;
  readonly positionSide: unknown;
  readonly clientOrderId: unknown;
  readonly filled: unknown;
  readonly cost: unknown;
  readonly average: unknown;
  readonly time: unknown;
}

/**
 * Reads an order from Binance's own fields beside ccxt's structure: ccxt turns a stop into a "market" order, and gives an order
 * without a limit the average as its price. Throws BadMarketData.
 */
export function readBinanceOrder(value: unknown, market: AccountMarket): OrderReport {
  const raw = readRecord(value, 'order');
  const info = readRecord(raw.info, 'order');
  // ccxt's own `symbol` is the one that was asked for, whatever came.
  if ((info.symbol ?? info.s) !== market.exchangeId) throw new BadMarketData('an order is of another market');
  const fields = 'X' in info ? socketFields(info) : restFields(info);
  const terms = readTerms(fields, raw, market);
  const exchangeOrderId = readOrderId(raw, info);
  const clientOrderId = optional(fields.clientOrderId, (id) => readText(id, 'client order id'));
  const exchangeTime = readTime(fields.time);
  const filled = toBaseUnits(readAmount(fields.filled ?? '0', 'filled'), market.contractSize);
  const cost = readCost(fields, filled);
  const context = { exchangeOrderId, side: terms.side, exchangeTime, takerOrMaker: 'taker' } as const;
  return {
    exchangeOrderId,
    clientOrderId,
    symbol: market.symbol,
    status: readStatus(isTriggered(info) ? 'open' : raw.status),
    terms,
    filled,
    cost,
    average: readAverage(fields, filled, cost),
    exchangeTime,
    // Of REST alone: with an event of the socket, ccxt hands over what it remembers of earlier ones.
    fills: 'fills' in info ? readFills(raw, market, { clientOrderId, positionSide: terms.positionSide, context }) : [],
  };
}

/** A conditional order has an id from another sequence, until it becomes an order. */
function readOrderId(raw: Raw, info: Raw): string {
  const conditionalId = info.algoId ?? info.aid;
  if (conditionalId === undefined) return readText(raw.id, 'order id');
  const orderId = info.actualOrderId ?? info.ai;
  return isPresent(orderId) ? readText(orderId, 'order id') : `algo-${readText(conditionalId, 'algo id')}`;
}

/** What became of a conditional order that was triggered, the order tells that it has become; ccxt takes both words for filled. */
function isTriggered(info: Raw): boolean {
  const status = info.algoStatus ?? ('caid' in info ? info.X : null);
  return status === 'TRIGGERED' || status === 'FINISHED';
}

function readFills(raw: Raw, market: AccountMarket, extras: Parameters<typeof readFill>[2]): OrderReport['fills'] {
  return readList(raw.trades ?? [], 'trades').map((trade) => readFill(trade, market, extras));
}

function restFields(info: Raw): Fields {
  return {
    type: info.origType ?? info.type ?? info.orderType,
    timeInForce: info.timeInForce,
    amount: info.origQty ?? info.quantity,
    quoteAmount: info.origQuoteOrderQty,
    price: info.price,
    triggerPrice: info.activatePrice ?? info.stopPrice ?? info.triggerPrice,
    trailingBips: info.trailingDelta,
    trailingPercent: info.priceRate ?? info.callbackRate,
    reduceOnly: info.reduceOnly,
    positionSide: info.positionSide,
    // A cancellation has a client id of its own.
    clientOrderId: info.origClientOrderId ?? info.clientOrderId ?? info.clientAlgoId,
    filled: info.executedQty,
    cost: info.cummulativeQuoteQty ?? info.cumQuote,
    average: info.avgPrice,
    time: info.updateTime ?? info.transactTime ?? info.time,
  };
}

function socketFields(info: Raw): Fields {
  const original = info.C;
  return {
    type: info.ot ?? info.o,
    timeInForce: info.f,
    amount: info.q,
    quoteAmount: info.Q,
    price: info.p,
    triggerPrice: info.AP ?? info.P ?? info.sp ?? info.tp,
    trailingBips: info.d,
    trailingPercent: info.cr,
    reduceOnly: info.R,
    positionSide: info.ps,
    clientOrderId: typeof original === 'string' && original !== '' ? original : (info.c ?? info.caid),
    filled: info.z ?? info.aq,
    cost: info.Z,
    average: info.ap,
    time: info.T,
  };
}

function readTerms(fields: Fields, raw: Raw, market: AccountMarket): OrderTerms {
  const type = readType(fields, market);
  const quoteAmount = readNonZero(fields.quoteAmount, 'quote amount');
  const contracts = readNonZero(fields.amount, 'amount');
  const hasLimit = type === 'LIMIT' || type.endsWith('_LIMIT');
  return {
    symbol: market.symbol,
    type,
    side: readSide(raw.side),
    amount: quoteAmount === null && contracts !== null ? toBaseUnits(contracts, market.contractSize) : null,
    quoteAmount,
    price: hasLimit ? readNonZero(fields.price, 'price') : null,
    triggerPrice: readNonZero(fields.triggerPrice, 'trigger price'),
    trailingDelta: type === 'TRAILING_STOP' ? readTrailingDelta(fields) : null,
    timeInForce: hasLimit ? readTimeInForce(fields) : null,
    positionSide: readPositionSide(fields.positionSide),
    reduceOnly: fields.reduceOnly === true,
  };
}

function readType(fields: Fields, market: AccountMarket): OrderType {
  const name = readText(fields.type, 'order type');
  const type = orderTypeOf(name, market.isSwap);
  if (!market.isSwap && name === 'STOP_LOSS' && isPresent(fields.trailingBips)) return 'TRAILING_STOP';
  // What Binance itself places (a liquidation) has types of its own; with or without a limit is all that matters of it.
  return type ?? (readNonZero(fields.price, 'price') === null ? 'MARKET' : 'LIMIT');
}

function readTimeInForce(fields: Fields): TimeInForce {
  if (fields.type === 'LIMIT_MAKER' || fields.timeInForce === 'GTX') return 'POST_ONLY';
  return fields.timeInForce === 'IOC' || fields.timeInForce === 'FOK' ? fields.timeInForce : 'GTC';
}

function readTrailingDelta({ trailingBips, trailingPercent }: Fields): DecimalString | null {
  const [value, divisor] = isPresent(trailingBips) ? [trailingBips, 10_000] : [trailingPercent, 100];
  const delta = optional(value, (present) => readAmount(present, 'trailing delta'));
  return delta === null ? null : toDecimalString(new Decimal(delta).dividedBy(divisor).toFixed());
}

/** Spot has none, a position that is one number is "BOTH". */
export function readPositionSide(value: unknown): PositionSide | null {
  return value === 'LONG' || value === 'SHORT' ? value : null;
}

/** Binance says a negative cost of old orders where it no longer knows it. */
function readCost(fields: Fields, filled: DecimalString): DecimalString | null {
  const told = optional(fields.cost, (cost) => readDecimal(cost, 'cost'));
  if (told !== null) return told.startsWith('-') ? null : told;
  const average = readNonZero(fields.average, 'average');
  return average === null ? null : product(average, filled);
}

function readAverage(fields: Fields, filled: DecimalString, cost: DecimalString | null): DecimalString | null {
  const told = readNonZero(fields.average, 'average');
  if (told !== null) return told;
  return cost === null || cost === '0' || filled === '0' ? null : quotient(cost, filled);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== 0 && value !== '0';
}
