/** Between two questions. Events come in bursts; the last answer holds what all of them have changed. */
const everyMs = 1_000;

/** Asks again what has changed: at once, but not more often than once a second, however often it is called. */
export class Refresher {
  #isAsking = false;
  #isWanted = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly refresh: () => Promise<void>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  ask(): void {
    this.#isWanted = true;
    if (!this.#isAsking && this.#timer === null) this.#run();
  }

  stop(): void {
    this.#isWanted = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #run(): void {
    this.#isWanted = false;
    this.#isAsking = true;
    this.refresh()
      .catch(this.onFailure)
      .finally(() => {
        this.#isAsking = false;
        this.#timer = setTimeout(() => {
          this.#timer = null;
          if (this.#isWanted) this.#run();
        }, everyMs);
      });
  }
}
