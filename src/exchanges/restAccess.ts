import type { EpochMs } from '../domain/marketData';
import type { CcxtModule } from './ccxtTypes';
import { rateLimited, translateError } from './translateError';

/** Where the exchange says "too many" without saying for how long. */
const unknownPauseMs = 5_000;

/** The way to an exchange's REST. While the exchange wants a pause, nothing is sent: to go on would end in a ban. */
export class RestAccess {
  #pausedUntil: EpochMs = 0;

  constructor(private readonly parts: { readonly ccxt: () => CcxtModule; readonly clock: () => EpochMs }) {}

  /** How long the exchange still wants us to wait; 0 where it does not. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - this.parts.clock());
  }

  pause(retryAfterMs: number | null): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.parts.clock() + (retryAfterMs ?? unknownPauseMs));
  }

  /** Throws EXCHANGE_UNAVAILABLE, EXCHANGE_RATE_LIMITED, MARKET_NOT_FOUND. */
  async ask<T>(call: () => Promise<T>): Promise<T> {
    if (this.pauseMs > 0) throw rateLimited(this.pauseMs);
    try {
      return await call();
    } catch (error) {
      throw translateError(error, this.parts.ccxt(), this.pauseMs > 0 ? this.pauseMs : null);
    }
  }
}
