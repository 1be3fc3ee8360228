import type { ResumeReport } from './orders';

/** Longer than this after a newer event of its market was due, an event is outdated, and not merely under way. */
const outdatedAfterMs = 100;

/**
 * What readers see who read again: at first what lay in the kernel's buffers when they stopped, which nobody can take back,
 * then whatever the server has kept for them. An event counts by what could have been sent in its place: the newest
 * of a quiet market is right, however old.
 */
export class Resumption {
  readonly #outdatedBytes = new Map<number, number>();
  #outdatedForMs = 0;

  constructor(private readonly resumedAtMs: number) {}

  receive(
    reader: number,
    event: { readonly outdatedMs: number; readonly bytes: number; readonly nowMs: number },
  ): void {
    if (event.outdatedMs <= outdatedAfterMs) return;
    this.#outdatedForMs = Math.max(this.#outdatedForMs, event.nowMs - this.resumedAtMs);
    this.#outdatedBytes.set(reader, (this.#outdatedBytes.get(reader) ?? 0) + event.bytes);
  }

  report(): ResumeReport {
    return { outdatedForMs: this.#outdatedForMs, outdatedBytes: Math.max(0, ...this.#outdatedBytes.values()) };
  }
}
