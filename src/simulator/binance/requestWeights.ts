import type { EpochMs } from '../../domain/marketData';
import { BinanceError } from './binanceError';

const windowMs = 60_000;

/** Counts request weight by calendar minute, as Binance does, and refuses what goes over the limit. */
export class RequestWeights {
  private windowStart: EpochMs = 0;
  private used = 0;
  private readonly byCall = new Map<string, number>();

  constructor(private readonly options: { readonly limitPerMinute: number; readonly now: () => EpochMs }) {}

  get usedInMinute(): number {
    return this.used;
  }

  /** Throws -1003 with status 429 and Retry-After where the minute's weight is used up. */
  charge(call: string, weight: number): void {
    const now = this.options.now();
    const start = Math.floor(now / windowMs) * windowMs;
    if (start !== this.windowStart) {
      this.windowStart = start;
      this.used = 0;
    }
    this.used += weight;
    this.byCall.set(call, (this.byCall.get(call) ?? 0) + weight);
    if (this.used > this.options.limitPerMinute) {
      throw BinanceError.tooManyRequests(Math.ceil((start + windowMs - now) / 1000));
    }
  }

  totals(): ReadonlyMap<string, number> {
    return this.byCall;
  }
}
