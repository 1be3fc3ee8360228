import { eventually } from './eventually';

/** Opens a stream, reads it as fast as it goes and keeps what it got, the arrival times too. */
export class StreamReader<Event> {
  readonly events: Event[] = [];
  readonly arrivals: number[] = [];
  error: unknown = null;
  isDone = false;
  readonly #iterator: AsyncIterator<Event, undefined>;

  constructor(source: AsyncIterable<Event, undefined>) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#read();
  }

  /** The first event for which this holds, now or later. */
  async first(isWanted: (event: Event) => boolean, timeoutMs = 20_000): Promise<Event> {
    return eventually(() => this.events.find(isWanted), { timeoutMs });
  }

  /** The same among the events from this index on. */
  async firstFrom(index: number, isWanted: (event: Event) => boolean): Promise<Event> {
    return eventually(() => this.events.slice(index).find(isWanted));
  }

  async stop(): Promise<void> {
    await this.#iterator.return?.();
  }

  #read(): void {
    this.#iterator.next().then(
      ({ done, value }) => {
        if (done === true) {
          this.isDone = true;
          return;
        }
        this.events.push(value);
        this.arrivals.push(Date.now());
        this.#read();
      },
      (error: unknown) => {
        this.error = error;
        this.isDone = true;
      },
    );
  }
}
