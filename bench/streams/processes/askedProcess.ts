import { spawn, type ChildProcess } from 'node:child_process';
import { pinTo } from '../machine';
import type { Answer, Calls, Question } from './calls';

const answerTimeoutMs = 120_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The asking side: a process on a core of its own, started from a file of the benchmark. */
export class AskedProcess<Asked extends Calls> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #questions = 0;

  constructor(parts: { readonly file: string; readonly core: number }) {
    const node = [process.execPath, '--expose-gc', '--require', '@swc-node/register', parts.file];
    const [command = '', ...words] = [...pinTo(parts.core), ...node];
    this.#child = spawn(command, words, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // What a server runs with; graphql-js checks types more dearly without it.
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#child.on('message', (message: Answer) => {
      this.#settle(message);
    });
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${parts.file} has ended`));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask<Name extends keyof Asked & string>(name: Name, ask: Asked[Name]['ask']): Promise<Asked[Name]['answer']> {
    this.#questions += 1;
    const question: Question = { id: this.#questions, name, ask };
    return new Promise((resolve, reject) => {
      const impatience = setTimeout(() => {
        this.#waiting.delete(question.id);
        reject(new Error(`no answer to ${name} in ${answerTimeoutMs / 1000} s`));
      }, answerTimeoutMs);
      const settled = (): void => {
        clearTimeout(impatience);
      };
      this.#waiting.set(question.id, {
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#child.send(question, (error) => {
        if (error !== null) this.#settle({ id: question.id, failure: error.message });
      });
    });
  }

  /** At once: nothing of it is worth keeping. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #settle(message: Answer): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new Error(message.failure));
    else waiting?.resolve(message.answer);
  }
}
