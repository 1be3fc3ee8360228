import type { Candle } from '../domain/marketData';

/** Puts candles in order and says when one is final. Most exchanges do not: it shows by the next one beginning. */
export class CandleSequence {
  #current: Candle | null = null;
  /** False after a lost connection: the last state that we saw of a candle need not be its final one. */
  #isUnbroken = false;
  #hasLive = false;

  interrupt(): void {
    this.#isUnbroken = false;
    this.#hasLive = false;
  }

  /** A state that the stream told. Gives what is to be passed on. */
  live(candle: Candle): readonly Candle[] {
    const told = this.#accept(candle);
    if (told.length > 0) this.#isUnbroken = true;
    this.#hasLive = true;
    return told;
  }

  /** A state that REST told: older than what the stream has told of the same candle in the meantime. */
  asked(candle: Candle): readonly Candle[] {
    if (this.#hasLive && !candle.closed && this.#current?.openTime === candle.openTime) return [];
    return this.#accept(candle);
  }

  #accept(candle: Candle): readonly Candle[] {
    const last = this.#current;
    if (last !== null && candle.openTime < last.openTime) return [];
    // A closed candle is final.
    if (last?.openTime === candle.openTime && last.closed) return [];
    this.#current = candle;
    const hasMovedOn = last !== null && candle.openTime > last.openTime;
    if (!hasMovedOn || last.closed || !this.#isUnbroken) return [candle];
    return [{ ...last, closed: true }, candle];
  }
}
