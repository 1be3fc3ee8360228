import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { eventually } from './eventually';

const projectDir = path.resolve(__dirname, '../..');

/** One of docs/examples, run as a reader of the documentation would. */
export class Example {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  hasEnded = false;

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, [path.join('docs/examples', file), ...args], { cwd: projectDir });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.#child, 'close').then(([status]) => {
      this.hasEnded = true;
      return status as number | null;
    });
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

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }
}
