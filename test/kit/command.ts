import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { eventually } from './eventually';

const projectDir = path.resolve(__dirname, '../..');

/** One of the commands of src/cli, run from its source as a process of its own with settings of its own. */
export class Command {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;

  constructor(name: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, ['--require', '@swc-node/register', `src/cli/${name}.ts`, ...args], {
      cwd: projectDir,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.#child, 'close').then(([status]) => status as number | null);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Waits until the pattern is found in what was printed on standard output. Throws where the command ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let status: number | null | undefined;
    void this.ended.then((ended) => (status = ended));
    await eventually(() => pattern.test(this.stdout) || status !== undefined, { timeoutMs: 60_000 });
    const match = pattern.exec(this.stdout);
    if (match === null)
      throw new Error(`ended with ${String(status)} without ${String(pattern)}: ${this.stdout}${this.stderr}`);
    return match;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
