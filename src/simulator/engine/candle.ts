import { timeframeMs, type EpochMs } from '../../domain/marketData';

const weekMs = timeframeMs.W1;
/** 1970-01-01 was a Thursday, weeks begin on Monday. */
const firstMondayMs = 4 * timeframeMs.D1;

/** A candle in whole ticks and lots; costs in units of 10^-(priceDecimals + amountDecimals). */
export interface UnitCandle {
  readonly openTime: EpochMs;
  openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  lots: number;
  cost: bigint;
  takerBuyLots: number;
  takerBuyCost: bigint;
  tradeCount: number;
  firstTradeId: number;
  lastTradeId: number;
}

export interface UnitTrade {
  readonly id: number;
  readonly priceTicks: number;
  readonly lots: number;
  readonly time: EpochMs;
  readonly isBuyerMaker: boolean;
}

/** When the candle that holds this moment began. */
export function openTimeOf(time: EpochMs, intervalMs: number): EpochMs {
  const offset = intervalMs === weekMs ? firstMondayMs : 0;
  return Math.floor((time - offset) / intervalMs) * intervalMs + offset;
}

/** A candle of a time without trades: it stays where the one before it closed. */
export function flatCandle(openTime: EpochMs, priceTicks: number): UnitCandle {
  return {
    openTime,
    openTicks: priceTicks,
    highTicks: priceTicks,
    lowTicks: priceTicks,
    closeTicks: priceTicks,
    lots: 0,
    cost: 0n,
    takerBuyLots: 0,
    takerBuyCost: 0n,
    tradeCount: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  };
}

export function addTrade(candle: UnitCandle, trade: UnitTrade): void {
  const cost = BigInt(trade.priceTicks) * BigInt(trade.lots);
  if (candle.tradeCount === 0) {
    candle.openTicks = trade.priceTicks;
    candle.highTicks = trade.priceTicks;
    candle.lowTicks = trade.priceTicks;
    candle.firstTradeId = trade.id;
  }
  candle.highTicks = Math.max(candle.highTicks, trade.priceTicks);
  candle.lowTicks = Math.min(candle.lowTicks, trade.priceTicks);
  candle.closeTicks = trade.priceTicks;
  candle.lots += trade.lots;
  candle.cost += cost;
  if (!trade.isBuyerMaker) {
    candle.takerBuyLots += trade.lots;
    candle.takerBuyCost += cost;
  }
  candle.tradeCount += 1;
  candle.lastTradeId = trade.id;
}

/** Adds a later candle to one that covers its time too. */
export function mergeCandle(into: UnitCandle, later: UnitCandle): void {
  if (later.tradeCount === 0) return;
  if (into.tradeCount === 0) {
    into.openTicks = later.openTicks;
    into.highTicks = later.highTicks;
    into.lowTicks = later.lowTicks;
    into.firstTradeId = later.firstTradeId;
  }
  into.highTicks = Math.max(into.highTicks, later.highTicks);
  into.lowTicks = Math.min(into.lowTicks, later.lowTicks);
  into.closeTicks = later.closeTicks;
  into.lots += later.lots;
  into.cost += later.cost;
  into.takerBuyLots += later.takerBuyLots;
  into.takerBuyCost += later.takerBuyCost;
  into.tradeCount += later.tradeCount;
  into.lastTradeId = later.lastTradeId;
}

/** Sums finer candles (oldest first) to coarser ones. */
export function coarsen(finer: readonly UnitCandle[], intervalMs: number): UnitCandle[] {
  const coarser: UnitCandle[] = [];
  for (const candle of finer) {
    const openTime = openTimeOf(candle.openTime, intervalMs);
    let last = coarser.at(-1);
    if (last?.openTime !== openTime) {
      last = flatCandle(openTime, candle.openTicks);
      coarser.push(last);
    }
    mergeCandle(last, candle);
  }
  return coarser;
}
