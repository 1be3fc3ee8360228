import { writeFileSync } from 'node:fs';

/** What a drill found, for whoever ran it: a line a step, with how long it took. */
export class DrillReport {
  readonly #lines: string[] = [];

  begin(title: string): Drill {
    this.#lines.push('', title);
    return new Drill(this.#lines);
  }

  /** file: where it is to stand; undefined: nowhere. */
  write(file: string | undefined): void {
    if (file !== undefined) writeFileSync(file, `${this.#lines.join('\n').trim()}\n`);
  }
}

class Drill {
  readonly #beganAt = performance.now();

  constructor(private readonly lines: string[]) {}

  get elapsedMs(): number {
    return performance.now() - this.#beganAt;
  }

  note(what: string): void {
    const seconds = (this.elapsedMs / 1_000).toFixed(1).padStart(5);
    this.lines.push(`  ${seconds} s  ${what}`);
  }
}
