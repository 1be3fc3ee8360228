import type { Logger } from './logger';
import type { Metrics } from './metrics';

/** The one place where a promise may be left to run by itself: failures are logged and counted under the task's name. */
export class BackgroundRunner {
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly parts: { readonly logger: Logger; readonly metrics: Metrics }) {}

  run(task: string, work: () => Promise<void>): void {
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.parts.metrics.backgroundFailures.inc({ task });
        this.parts.logger.error({ err: error, task }, 'background work failed');
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when everything handed over so far has ended. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
