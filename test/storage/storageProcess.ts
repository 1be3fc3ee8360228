import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findProjectDir } from '../../src/config/processConfig';
import { fromSource } from '../kit/fromSource';

interface Line {
  readonly event: 'progress' | 'open' | 'failed';
  readonly message?: string;
  readonly isSentence?: boolean;
}

/** A process of its own that opens the storage of a data folder. */
export class StorageProcess {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #wake: () => void = () => undefined;

  constructor(dataDir: string) {
    const fixture = path.join(__dirname, 'fixtures/storageProcess.ts');
    this.#child = spawn(process.execPath, [...fromSource(), fixture, dataDir], {
      cwd: findProjectDir(),
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    this.#exited = once(this.#child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
    if (this.#child.stdout === null) throw new Error('the process has no output');
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      this.#wake();
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }

  /** Resolves when it has said such a line. Rejects when it ends before. */
  async said(matches: (line: Line) => boolean): Promise<Line> {
    const found = async (): Promise<Line> => {
      for (;;) {
        const line = this.lines.find(matches);
        if (line !== undefined) return line;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    const ended = this.#exited.then(() => {
      throw new Error(`ended before: ${JSON.stringify(this.lines)}`);
    });
    return Promise.race([found(), ended]);
  }

  async opened(): Promise<void> {
    await this.said((line) => line.event === 'open');
  }

  /** Resolves to the exit status, null where a signal ended it. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** As a terminal does on Ctrl-C: to the process and to what it started in its group. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }
}
