interface Task {
  readonly at: number;
  readonly work: () => void;
}

/** Time that stands still until the next task is due; tasks of one moment run in the order in which they were asked for. */
export class SimulatedTime {
  #tasks: Task[] = [];
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  readonly now = (): number => this.#now;

  /** Runs a task after so many milliseconds; gives what prevents it. */
  readonly schedule = (work: () => void, delayMs: number): (() => void) => {
    const task = { at: this.#now + delayMs, work };
    let index = this.#tasks.length;
    while (index > 0 && this.#tasks[index - 1]!.at > task.at) index -= 1;
    this.#tasks.splice(index, 0, task);
    return () => {
      const found = this.#tasks.indexOf(task);
      if (found >= 0) this.#tasks.splice(found, 1);
    };
  };

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(resolve, delayMs);
    });
  }

  /** Goes on to the next task and runs it; false where none is due by then. */
  step(until: number): boolean {
    const [next] = this.#tasks;
    if (next === undefined || next.at > until) {
      this.#now = Math.max(this.#now, until);
      return false;
    }
    this.#tasks.shift();
    this.#now = next.at;
    next.work();
    return true;
  }
}
