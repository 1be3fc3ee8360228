import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from 'pg';

type Query = (this: Client, ...args: unknown[]) => unknown;

/** The texts of the statements that some work sends to PostgreSQL, or all of this process; what goes on beside the work is not told. */
export class WatchedStatements {
  readonly texts: string[] = [];
  readonly #within = new AsyncLocalStorage<{ isOpen: boolean }>();
  readonly #stop: () => void;

  constructor(of: 'work' | 'everything' = 'work') {
    const prototype = Client.prototype as unknown as { query: Query };
    const { query } = prototype;
    const note = (asked: unknown): void => {
      if (of === 'work' && this.#within.getStore()?.isOpen !== true) return;
      const text = typeof asked === 'string' ? asked : (asked as { readonly text?: unknown }).text;
      this.texts.push(String(text).replace(/\s+/g, ' '));
    };
    prototype.query = function watched(...args) {
      note(args[0]);
      return query.apply(this, args);
    };
    this.#stop = () => {
      prototype.query = query;
    };
  }

  /** Until what is given is there: what goes on behind it is no part of the work. */
  during<Answer>(work: () => Answer): Answer {
    const scope = { isOpen: true };
    const answer = this.#within.run(scope, work);
    const close = (): void => {
      scope.isOpen = false;
    };
    if (answer instanceof Promise) answer.then(close, close);
    else close();
    return answer;
  }

  stop(): void {
    this.#stop();
  }
}
