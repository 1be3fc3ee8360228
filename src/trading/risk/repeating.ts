import type { BackgroundRunner } from '../../telemetry/backgroundRunner';

/** Work that is done again and again, a while after it ended last, and at once where it is asked for. Never twice at a time. */
export class Repeating {
  #cancelNext: (() => void) | null = null;
  #current: Promise<void> | null = null;
  #isAskedFor = false;
  #isStopped = false;

  constructor(
    private readonly parts: {
      /** Names it where it fails. */
      readonly task: string;
      readonly everyMs: number;
      /** Runs a task after so many milliseconds; gives what prevents it. */
      readonly schedule: (task: () => void, delayMs: number) => () => void;
      readonly runner: BackgroundRunner;
      readonly work: () => Promise<void>;
    },
  ) {}

  start(): void {
    this.wake();
  }

  /** Does the work now, or once more where it is being done. */
  wake(): void {
    if (this.#isStopped) return;
    if (this.#current !== null) {
      this.#isAskedFor = true;
      return;
    }
    this.#cancelNext?.();
    this.#isAskedFor = false;
    this.#current = new Promise((resolve) => {
      this.parts.runner.run(this.parts.task, async () => {
        try {
          await this.parts.work();
        } finally {
          this.#current = null;
          this.#plan();
          resolve();
        }
      });
    });
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelNext?.();
    await this.#current;
  }

  #plan(): void {
    if (this.#isStopped) return;
    if (this.#isAskedFor) {
      this.wake();
      return;
    }
    this.#cancelNext = this.parts.schedule(() => {
      this.wake();
    }, this.parts.everyMs);
  }
}
