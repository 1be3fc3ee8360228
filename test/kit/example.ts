import path from 'node:path';
import { eventually } from './eventually';
import { NodeProcess } from './nodeProcess';

/** One of docs/examples, run as a reader of the documentation would. */
export class Example extends NodeProcess {
  /** environment: further variables, as secrets are given. */
  constructor(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    super([path.join('docs/examples', file), ...args], { ...process.env, ...environment });
  }

  /** How many of its lines hold this. */
  count(text: string): number {
    return this.stdout.split('\n').filter((line) => line.includes(text)).length;
  }

  /** Waits for a line that holds this, or for the end. */
  async says(text: string): Promise<void> {
    await eventually(() => this.count(text) > 0 || this.hasEnded);
  }

  /** What stands behind the name in its line. */
  json(name: string): unknown {
    const line = this.stdout.split('\n').find((one) => one.includes(` ${name} `));
    if (line === undefined) throw new Error(`it printed no ${name}: ${this.stdout}${this.stderr}`);
    return JSON.parse(line.slice(line.indexOf(` ${name} `) + name.length + 2));
  }
}
