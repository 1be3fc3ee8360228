import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Asker, IntentRequest } from '../../src/trading/orderIntake';
import type { OrderAnswer } from '../../src/trading/trading';
import { fromSource } from './fromSource';

const root = resolve(__dirname, '../..');
const program = 'test/trading/faults/fixtures/tradingNode.ts';

export interface NodeSettings {
  readonly databaseUrl: string;
  readonly restUrl: string;
  readonly wsUrl: string;
  readonly answerTimeoutMs?: number;
}

export type NodeCommand =
  | { readonly do: 'create'; readonly asker: Asker; readonly request: IntentRequest }
  | { readonly do: 'cancel'; readonly asker: Asker; readonly orderId: string }
  | { readonly do: 'lead' }
  | { readonly do: 'warm'; readonly market: string }
  | { readonly do: 'stop' };

type Answer = { readonly answer: unknown } | { readonly failure: string };

/** A node of trading in a process of its own, so that it can be killed (SIGKILL) or put to sleep (SIGSTOP) at any moment. */
export class TradingNodeProcess {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #number = 0;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {}

  /** Resolves when it is open; it may not lead yet. */
  static async start(settings: NodeSettings): Promise<TradingNodeProcess> {
    const args = [...fromSource(), program, JSON.stringify(settings)];
    const child = spawn(process.execPath, args, { cwd: root });
    const node = new TradingNodeProcess(child);
    await node.#listen();
    return node;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Rejects where the process ends before it has answered. */
  create(asker: Asker, request: IntentRequest): Promise<OrderAnswer> {
    return this.ask({ do: 'create', asker, request }) as Promise<OrderAnswer>;
  }

  async epoch(): Promise<number | null> {
    return ((await this.ask({ do: 'lead' })) as { readonly epoch: number | null }).epoch;
  }

  ask(command: NodeCommand): Promise<unknown> {
    this.#number += 1;
    const id = this.#number;
    return new Promise((resolveAnswer, reject) => {
      this.#waiting.set(id, (answer) => {
        if ('failure' in answer) reject(new Error(answer.failure));
        else resolveAnswer(answer.answer);
      });
      this.child.stdin.write(`${JSON.stringify({ id, command })}\n`);
    });
  }

  /** SIGSTOP: it hears nothing and does nothing, but its connections stay. SIGCONT ends it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** At once, as a crash does. What was asked and not answered is rejected. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    await this.ask({ do: 'stop' });
    await exited;
  }

  async #listen(): Promise<void> {
    let complaints = '';
    this.child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString('utf8');
      if (process.env['TRADING_LOG'] !== undefined) process.stderr.write(chunk);
    });
    // A node that was killed takes no more commands.
    this.child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: this.child.stdout });
    const opened = once(lines, 'line');
    lines.on('line', (line) => {
      const message = JSON.parse(line) as { readonly id?: number } & Answer;
      const answer = this.#waiting.get(message.id ?? -1);
      this.#waiting.delete(message.id ?? -1);
      answer?.(message);
    });
    const ended = once(this.child, 'exit').then(() => {
      for (const answer of this.#waiting.values()) answer({ failure: 'the node has ended' });
      this.#waiting.clear();
      return 'ended' as const;
    });
    if ((await Promise.race([opened, ended])) === 'ended') throw new Error(`the node has not opened: ${complaints}`);
  }
}
