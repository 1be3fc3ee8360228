import type { Side } from '../../engine/bookSide';
import { parseUnits } from '../../engine/units';
import type { RecordedDepth, RecordedLevel, RecordedSnapshot } from './recordedMessages';
import { RecordingError } from './recordingError';

/** A level that a recorded update changed. */
export interface ReplayedLevel {
  readonly side: Side;
  readonly priceTicks: number;
  readonly lots: number;
}

/**
 * The book of a recording, kept by the exchange's rule: a snapshot, then every update after it. It opens with the recorded
 * snapshot even before that line is played, because updates that are older than a snapshot do not change it.
 * Source: Binance spot and USD-M API, "How to manage a local order book correctly".
 */
export class ReplayBook {
  private readonly sides: Readonly<Record<Side, Map<number, number>>> = { BUY: new Map(), SELL: new Map() };
  private lastUpdateId = 0;
  private missed = 0;

  constructor(private readonly steps: { readonly priceDecimals: number; readonly amountDecimals: number }) {}

  get updateId(): number {
    return this.lastUpdateId;
  }

  /** Updates of the recording that did not join the one before. */
  get gaps(): number {
    return this.missed;
  }

  /** Takes a snapshot, unless the book is already past it. */
  reset(snapshot: RecordedSnapshot): void {
    if (snapshot.lastUpdateId <= this.lastUpdateId) return;
    this.sides.BUY.clear();
    this.sides.SELL.clear();
    for (const level of snapshot.bids) this.set('BUY', level);
    for (const level of snapshot.asks) this.set('SELL', level);
    this.lastUpdateId = snapshot.lastUpdateId;
  }

  /** Applies an update, unless the book is already past it, and gives the levels that it named. */
  apply(depth: RecordedDepth): readonly ReplayedLevel[] {
    if (depth.u <= this.lastUpdateId) return [];
    if (this.lastUpdateId > 0 && !this.joins(depth)) this.missed += 1;
    this.lastUpdateId = depth.u;
    return [...depth.b.map((level) => this.set('BUY', level)), ...depth.a.map((level) => this.set('SELL', level))];
  }

  /** Futures name the update before; on spot the ids go on without a gap. The first after a snapshot may begin before it. */
  private joins({ U, pu }: RecordedDepth): boolean {
    return pu === undefined ? U <= this.lastUpdateId + 1 : pu <= this.lastUpdateId;
  }

  /** [price in ticks, lots] of a side from the best price on. */
  top(side: Side, depth: number): [number, number][] {
    const sign = side === 'BUY' ? -1 : 1;
    return [...this.sides[side]].sort(([a], [b]) => sign * (a - b)).slice(0, depth);
  }

  private set(side: Side, [price, amount]: RecordedLevel): ReplayedLevel {
    const priceTicks = parseUnits(price, this.steps.priceDecimals);
    const lots = parseUnits(amount, this.steps.amountDecimals);
    if (priceTicks === null || lots === null) throw new RecordingError(`${price} × ${amount} is not a level of a book`);
    if (lots === 0) this.sides[side].delete(priceTicks);
    else this.sides[side].set(priceTicks, lots);
    return { side, priceTicks, lots };
  }
}
