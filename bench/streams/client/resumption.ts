import type { ResumeReport } from './orders';

const staleAfterMs = 100;

interface Progress {
  sequence: number;
  widestJump: number;
  /** Age of what came first, or right after the widest jump. */
  firstAgeMs: number;
  staleBytes: number;
}

/**
 * What readers see who read again. First comes what was under way to them when they stopped; where the server then left out
 * what was outdated, the sequence jumps, and what follows the widest jump is the first that was sent after it.
 */
export class Resumption {
  readonly #readers = new Map<number, Progress>();
  #staleForMs = 0;

  constructor(
    private readonly resumedAtMs: number,
    /** A jump is as wide as a good part of what was published meanwhile. */
    private readonly leastJump: number,
  ) {}

  receive(reader: number, event: { readonly sequence: number; readonly ageMs: number; readonly bytes: number }): void {
    const { sequence, ageMs, bytes } = event;
    const progress = this.#readers.get(reader);
    if (progress === undefined) {
      const staleBytes = ageMs > staleAfterMs ? bytes : 0;
      this.#readers.set(reader, { sequence, widestJump: this.leastJump, firstAgeMs: ageMs, staleBytes });
    } else {
      const jump = sequence - progress.sequence;
      if (jump > progress.widestJump) {
        progress.widestJump = jump;
        progress.firstAgeMs = ageMs;
      }
      progress.sequence = Math.max(progress.sequence, sequence);
      if (ageMs > staleAfterMs) progress.staleBytes += bytes;
    }
    if (ageMs > staleAfterMs) this.#staleForMs = Math.max(this.#staleForMs, performance.now() - this.resumedAtMs);
  }

  report(): ResumeReport {
    const all = [...this.#readers.values()];
    return {
      firstAgeMs: Math.max(...all.map(({ firstAgeMs }) => firstAgeMs)),
      staleForMs: this.#staleForMs,
      staleBytes: Math.max(...all.map(({ staleBytes }) => staleBytes)),
    };
  }
}
