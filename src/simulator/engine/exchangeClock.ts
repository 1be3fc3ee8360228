import type { EpochMs } from '../../domain/marketData';

/** The exchange's own clock: the host's, moved by an offset that can be stepped. */
export class ExchangeClock {
  private offset = 0;

  constructor(private readonly hostNow: () => EpochMs) {}

  get offsetMs(): number {
    return this.offset;
  }

  readonly now = (): EpochMs => this.hostNow() + this.offset;

  /** From now on the exchange is this much ahead of the host; below zero, behind. */
  step(offsetMs: number): void {
    this.offset = offsetMs;
  }
}
