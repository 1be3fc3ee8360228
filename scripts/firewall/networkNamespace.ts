import { execFile, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A machine of its own as far as networks and mounts go. It ends with the process that holds it; nothing of it is left on this machine. */
export class NetworkNamespace {
  readonly #children: ChildProcess[] = [];

  private constructor(private readonly holder: ChildProcess) {}

  /** Throws where this process may not make one: it takes root. */
  static async make(): Promise<NetworkNamespace> {
    // The holder says when it is inside; it ends by itself with its input, should this process die.
    const holder = spawn('unshare', ['--net', '--mount', 'sh', '-c', 'echo inside && exec cat'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let complaint = '';
    holder.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')]);
    if (holder.exitCode !== null)
      throw new Error(`no network namespace can be made here (root is needed for it): ${complaint.trim()}`);
    const made = new NetworkNamespace(holder);
    if (readlinkSync(`/proc/${made.pid}/ns/net`) === readlinkSync('/proc/self/ns/net'))
      throw new Error('no network namespace of its own was made');
    await made.run('ip', 'link', 'set', 'lo', 'up');
    return made;
  }

  get pid(): number {
    return this.holder.pid ?? -1;
  }

  /** Runs a program to its end and gives what it printed. Throws where it fails. */
  async run(...command: readonly string[]): Promise<string> {
    const { stdout } = await run('nsenter', [...this.#into, ...command]);
    return stdout;
  }

  /** Runs lines of a shell, one after another, until one fails. */
  async runLines(text: string): Promise<string> {
    return this.run('sh', '-ec', text);
  }

  /** Starts a program that goes on until the namespace is closed. Resolves once it has printed something. */
  async start(...command: readonly string[]): Promise<void> {
    const child = spawn('nsenter', [...this.#into, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended with ${child.exitCode}`);
  }

  /** Starts a program whose output and end are the caller's to follow; it is ended with the namespace at the latest. */
  spawn(...command: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    const child = spawn('nsenter', [...this.#into, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    return child;
  }

  /** Ends what runs inside; the interfaces go with it. */
  async close(): Promise<void> {
    for (const child of [...this.#children, this.holder]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }
  }

  get #into(): readonly string[] {
    return ['--target', String(this.pid), '--net', '--mount', '--wd=.', '--'];
  }
}
