import { Backoff, type BackoffLimits } from './backoff';

/**
 * The door through which every connection attempt to one exchange goes. One failure closes it for all,
 * for a jittered and growing time: a hundred subscriptions on a lost connection make one attempt, not a hundred.
 */
export class ReconnectGate {
  readonly #backoff: Backoff;
  readonly #waiting = new Set<{ readonly callback: () => void }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: { readonly random: () => number; readonly limits: BackoffLimits }) {
    this.#backoff = new Backoff(parts);
  }

  /** Calls back at once, or when the gate opens. The answer takes the caller off the list. */
  pass(callback: () => void): () => void {
    if (this.#timer === null) {
      callback();
      return () => undefined;
    }
    const entry = { callback };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  /** A connection or a request failed. minimumMs: the exchange itself asked for this pause. */
  failed(minimumMs = 0): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(
      () => {
        this.#open();
      },
      Math.max(this.#backoff.nextMs(), minimumMs),
    );
  }

  succeeded(): void {
    this.#backoff.reset();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting.clear();
  }

  #open(): void {
    this.#timer = null;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { callback } of waiting) callback();
  }
}
