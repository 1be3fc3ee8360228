import type { AccountDesk } from './accountDesk';

/** Binance takes a request from up to a second ahead of its clock. */
const trustedWithinMs = 1_000;
const warnBeyondMs = 500;

/**
 * Compares our clock with the exchange's. An order that is signed by a wrong clock is refused by the exchange at best; at worst it is
 * taken after it was thought too old to be. So none is sent until the clocks agree again; cancels go on.
 */
export class ClockWatch {
  #skewMs = 0;

  constructor(private readonly desk: AccountDesk) {}

  get isTrusted(): boolean {
    return isTrustworthy(this.#skewMs);
  }

  /** Rejects where the exchange does not tell its time: then what was measured last still counts. */
  async look(): Promise<void> {
    const skewMs = await this.desk.port.clockSkewMs();
    const isWorse = this.isTrusted && !isTrustworthy(skewMs);
    this.#skewMs = skewMs;
    if (Math.abs(skewMs) > warnBeyondMs) this.desk.logger.warn({ skewMs }, 'our clock is not the exchange’s');
    if (isWorse) this.desk.alarm({ kind: 'CLOCK_SKEWED', orderId: null, detail: `${skewMs} ms: no order is sent` });
  }
}

function isTrustworthy(skewMs: number): boolean {
  return Math.abs(skewMs) <= trustedWithinMs;
}
