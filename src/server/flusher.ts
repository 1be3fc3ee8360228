export interface Flushable {
  flush(): void;
}

/** Lets everything that a turn of the event loop (or a window of some milliseconds) has for a socket go out in one write. One timer for all sockets. */
export class Flusher {
  #waiting: Flushable[] = [];

  constructor(private readonly windowMs: number) {}

  /** Call once until it was flushed. */
  add(socket: Flushable): void {
    this.#waiting.push(socket);
    if (this.#waiting.length > 1) return;
    if (this.windowMs === 0) setImmediate(this.#flush);
    else setTimeout(this.#flush, this.windowMs);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) socket.flush();
  };
}
