export interface BackoffLimits {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Delays between attempts: exponential with full jitter, so that many clients of one exchange do not return in step. */
export class Backoff {
  #attempts = 0;

  /** random: 0 inclusive to 1 exclusive. */
  constructor(private readonly parts: { readonly random: () => number; readonly limits: BackoffLimits }) {}

  nextMs(): number {
    const { baseMs, capMs } = this.parts.limits;
    const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.floor(this.parts.random() * ceilingMs);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
