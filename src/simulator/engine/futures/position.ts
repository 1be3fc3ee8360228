import type { EpochMs } from '../../../domain/marketData';
import { costOf } from '../accounts/money';
import type { MarketSpec } from '../marketSpec';

export type PositionSide = 'BOTH' | 'LONG' | 'SHORT';

/** What an account holds of a contract: all of it (BOTH), or its long or its short part in hedge mode. */
export class Position {
  /** Below zero where it is short. */
  lots = 0;
  /** What its lots cost at their average price, in money units; never below zero. */
  entryCost = 0n;
  /** Gained by all that was closed, before fees. */
  realized = 0n;
  updatedAt: EpochMs = 0;

  constructor(
    readonly spec: MarketSpec,
    readonly side: PositionSide,
  ) {}

  /** Adds what was bought (above zero) or sold, at one price. Gives the profit of what it closed, in money units. */
  trade(lots: number, priceTicks: number, time: EpochMs): bigint {
    this.updatedAt = time;
    const isClosing = this.lots !== 0 && lots > 0 !== this.lots > 0;
    const closed = isClosing ? Math.min(Math.abs(lots), Math.abs(this.lots)) : 0;
    const profit = closed === 0 ? 0n : this.close(closed, priceTicks);
    const opened = Math.abs(lots) - closed;
    this.lots += Math.sign(lots) * opened;
    this.entryCost += costOf(this.spec, priceTicks, opened);
    this.realized += profit;
    return profit;
  }

  /** Price × amount at this price (money units for one base unit), below zero where it is short. */
  notional(price: bigint): bigint {
    return (BigInt(this.lots) * price) / 10n ** BigInt(this.spec.amountDecimals);
  }

  unrealized(price: bigint): bigint {
    const notional = this.notional(price);
    return this.lots >= 0 ? notional - this.entryCost : notional + this.entryCost;
  }

  /** Money units for one base unit; zero where there is no position. */
  entryPrice(): bigint {
    if (this.lots === 0) return 0n;
    return (this.entryCost * 10n ** BigInt(this.spec.amountDecimals)) / BigInt(Math.abs(this.lots));
  }

  private close(lots: number, priceTicks: number): bigint {
    const held = Math.abs(this.lots);
    const entry = (this.entryCost * BigInt(lots)) / BigInt(held);
    const exit = costOf(this.spec, priceTicks, lots);
    const profit = this.lots > 0 ? exit - entry : entry - exit;
    this.entryCost -= entry;
    this.lots -= Math.sign(this.lots) * lots;
    return profit;
  }
}
