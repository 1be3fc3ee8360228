/** The time of day, and as much later as the test says. */
export class MovableClock {
  #aheadMs = 0;

  readonly now = (): number => Date.now() + this.#aheadMs;

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}
