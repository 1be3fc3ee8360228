import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A program that Node runs in a process of its own, from the folder of the project, and what it prints. */
export class NodeProcess {
  stdout = '';
  stderr = '';
  /** Null while it runs, and where a signal ended it. */
  status: number | null = null;
  hasEnded = false;
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;

  /** environment: the test's own where nothing is said. */
  constructor(args: readonly string[], environment?: Readonly<Record<string, string | undefined>>) {
    const cwd = path.resolve(__dirname, '../..');
    this.#child = spawn(process.execPath, args, { cwd, env: environment ?? process.env });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.#child, 'close').then(([status]) => {
      this.hasEnded = true;
      this.status = status as number | null;
      return this.status;
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
