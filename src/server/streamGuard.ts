import { subscribe, type ExecutionArgs, type ExecutionResult, type GraphQLError } from 'graphql';
import { AppError } from '../errors/appError';
import { asError } from '../errors/asError';

type Events = AsyncGenerator<ExecutionResult, void, void>;
type Step = IteratorResult<ExecutionResult, void>;

/**
 * graphql-js's `subscribe`, with one difference: a refusal ends the subscription as an `error` message on its id.
 * Refused at the door, the plain one would send a `next` with errors; refused for an event (the token has expired),
 * it would go on asking for every event.
 */
export async function guardedSubscribe(args: ExecutionArgs): Promise<GuardedResults> {
  const opened = await subscribe(args);
  if (Symbol.asyncIterator in opened) return new GuardedResults(opened);
  const results = new GuardedResults(null);
  results.refuse(opened.errors?.[0] ?? new Error('the subscription gave neither events nor an error'));
  return results;
}

/** Events that can be refused from outside. By hand: `return()` of an async generator function would wait for the pending `next()` and keep the source open. */
export class GuardedResults implements Events {
  #refusal: Error | null = null;
  #isEnded = false;
  #rejectPending: ((error: Error) => void) | null = null;

  constructor(private readonly events: Events | null) {}

  next(): Promise<Step> {
    if (this.#refusal !== null) {
      const refusal = this.#refusal;
      this.#refusal = null;
      return Promise.reject(refusal);
    }
    const { events } = this;
    if (this.#isEnded || events === null) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#rejectPending = reject;
      events.next().then((step) => {
        this.#rejectPending = null;
        const refusal = step.done === true ? undefined : step.value.errors?.find(isRefusal);
        if (refusal === undefined) {
          resolve(step);
          return;
        }
        this.#end();
        reject(refusal);
      }, reject);
    });
  }

  /** Ends the stream with this error, for whoever waits for an event or asks for the next one. */
  refuse(error: Error): void {
    if (this.#isEnded) return;
    this.#end();
    if (this.#rejectPending === null) this.#refusal = error;
    else this.#rejectPending(error);
  }

  return(): Promise<Step> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<Step> {
    this.#end();
    return Promise.reject(asError(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #end(): void {
    this.#isEnded = true;
    void this.events?.return();
  }
}

function isRefusal(error: GraphQLError): boolean {
  const { originalError } = error;
  return (
    originalError instanceof AppError &&
    (originalError.code === 'UNAUTHENTICATED' || originalError.code === 'FORBIDDEN')
  );
}
