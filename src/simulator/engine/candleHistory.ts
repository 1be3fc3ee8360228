import { timeframeMs, type EpochMs } from '../../domain/marketData';
import { openTimeOf, type UnitCandle } from './candle';
import type { CandleHistory } from './candleBook';
import type { FlowProfile, MarketSpec } from './marketSpec';
import type { Random } from './random';

const { M1, H1, D1, W1 } = timeframeMs;
const yearMs = 365 * D1;
/** Whole days before today's that are there as minutes, as hours and as days: at least 1,000 candles of 5 m and 1 h. */
const minuteDays = 4;
const hourDays = 90;
const dayWeeks = 104;

export interface HistoryOptions {
  readonly spec: MarketSpec;
  readonly flow: FlowProfile;
  readonly random: Random;
  /** The moment at which the live market takes over: the start of a minute. */
  readonly end: EpochMs;
  /** Where the price stands then. */
  readonly endTicks: number;
  /** The id of the first live trade; history counts down from it. */
  readonly endTradeId: number;
}

/** Invents a past that ends where the live market begins: a random walk backwards, whose candles join without a gap. */
export function inventHistory(options: HistoryOptions): CandleHistory {
  const minuteStart = openTimeOf(options.end, D1) - minuteDays * D1;
  const hourStart = minuteStart - hourDays * D1;
  const dayStart = openTimeOf(hourStart, W1) - dayWeeks * W1;
  const walk = new BackwardWalk(options);
  const minutes = walk.back({ from: options.end, to: minuteStart, stepMs: M1 });
  const hours = walk.back({ from: minuteStart, to: hourStart, stepMs: H1 });
  const days = walk.back({ from: hourStart, to: dayStart, stepMs: D1 });
  return { minutes, hours, days };
}

class BackwardWalk {
  private ticks: number;
  private tradeId: number;

  constructor(private readonly options: HistoryOptions) {
    this.ticks = options.endTicks;
    this.tradeId = options.endTradeId;
  }

  back(range: { readonly from: EpochMs; readonly to: EpochMs; readonly stepMs: number }): UnitCandle[] {
    const candles: UnitCandle[] = [];
    for (let openTime = range.from - range.stepMs; openTime >= range.to; openTime -= range.stepMs) {
      candles.push(this.candle(openTime, range.stepMs));
    }
    return candles.reverse();
  }

  private candle(openTime: EpochMs, stepMs: number): UnitCandle {
    const { random, flow, spec } = this.options;
    const deviation = flow.annualVolatility * Math.sqrt(stepMs / yearMs);
    const closeTicks = this.ticks;
    // Pulled back to where it began, or two years of walking would end at pennies or at millions.
    const pull = 0.02 * Math.sqrt(stepMs / D1) * Math.log(closeTicks / this.options.endTicks);
    const openTicks = Math.max(10, Math.round(closeTicks * Math.exp(deviation * random.normal() - pull)));
    const wick = (): number => 1 + deviation * 0.5 * Math.abs(random.normal());
    const highTicks = Math.round(Math.max(openTicks, closeTicks) * wick());
    const lowTicks = Math.max(1, Math.round(Math.min(openTicks, closeTicks) / wick()));

    const tradeCount = Math.max(1, Math.round((stepMs / M1) * 90 * Math.exp(0.4 * random.normal())));
    const lotCost = (closeTicks * 10 ** -spec.priceDecimals) / 10 ** spec.amountDecimals;
    const lots = Math.max(tradeCount, Math.round((tradeCount * flow.medianCost * 0.8) / lotCost));
    const averageTicks = lowTicks + random.integer(highTicks - lowTicks + 1);
    const takerBuyLots = Math.round(lots * (0.35 + 0.3 * random.next()));

    this.ticks = openTicks;
    this.tradeId -= tradeCount;
    return {
      openTime,
      openTicks,
      highTicks,
      lowTicks,
      closeTicks,
      lots,
      cost: BigInt(lots) * BigInt(averageTicks),
      takerBuyLots,
      takerBuyCost: BigInt(takerBuyLots) * BigInt(averageTicks),
      tradeCount,
      firstTradeId: this.tradeId,
      lastTradeId: this.tradeId + tradeCount - 1,
    };
  }
}
