import { product } from '../../domain/money';
import type { Fill, OrderSide, PositionSide } from '../../domain/orders';
import type { EpochMs } from '../../domain/marketData';
import { BadMarketData } from '../badMarketData';
import { optional, readAmount, readPrice, readRecord, readText, readTime } from '../readNumbers';
import { readFees, readSide, toBaseUnits } from './readUnified';
import type { AccountMarket } from './tradingDifferences';

/** What an answer to an order leaves out of its executions, because the order says it. */
export interface FillContext {
  readonly exchangeOrderId: string;
  readonly side: OrderSide;
  readonly exchangeTime: EpochMs;
  /** An execution within the answer to a new order took what was in the book. */
  readonly takerOrMaker: 'taker' | null;
}

/** Reads ccxt's structure of an own trade. Throws BadMarketData. */
export function readFill(
  value: unknown,
  market: AccountMarket,
  extras: {
    readonly clientOrderId: string | null;
    readonly positionSide: PositionSide | null;
    readonly context?: FillContext;
  },
): Fill {
  const raw = readRecord(value, 'trade');
  const { context } = extras;
  if (raw.symbol !== market.symbol) throw new BadMarketData('a trade is of another market');
  const price = readPrice(raw.price);
  const contracts = readAmount(raw.amount);
  if (contracts === '0') throw new BadMarketData('a trade is of nothing');
  const amount = toBaseUnits(contracts, market.contractSize);
  return {
    tradeId: readText(raw.id, 'trade id'),
    exchangeOrderId: optional(raw.order, (order) => readText(order, 'order id')) ?? required(context).exchangeOrderId,
    clientOrderId: extras.clientOrderId,
    symbol: market.symbol,
    side: raw.side === undefined ? required(context).side : readSide(raw.side),
    positionSide: extras.positionSide,
    price,
    amount,
    cost: optional(raw.cost, (cost) => readAmount(cost, 'cost')) ?? product(price, amount),
    takerOrMaker: readLiquidity(raw.takerOrMaker) ?? context?.takerOrMaker ?? null,
    fees: readFees(raw),
    exchangeTime: optional(raw.timestamp, (time) => readTime(time)) ?? required(context).exchangeTime,
  };
}

function required(context: FillContext | undefined): FillContext {
  if (context === undefined) throw new BadMarketData('a trade does not say whose it is');
  return context;
}

function readLiquidity(value: unknown): 'taker' | 'maker' | null {
  return value === 'taker' || value === 'maker' ? value : null;
}
