import type { AppError } from '../errors/appError';
import type { Operation } from './operationsById';
import type { GuardedResults } from './streamGuard';

/** An operation that graphql-ws executes for one reader: a query, or a subscription that is not shared. */
export class PlainOperation implements Operation {
  readonly isKeptWaiting = false;
  #results: GuardedResults | null = null;
  #refusal: AppError | null = null;
  #isStopped = false;

  constructor(
    readonly rootField: string | null,
    private readonly onStopped: (operation: Operation) => void,
  ) {}

  /** Its source is open. */
  opened(results: GuardedResults): void {
    this.#results = results;
    if (this.#refusal !== null) results.refuse(this.#refusal);
    else if (this.#isStopped) void results.return();
  }

  refuse(error: AppError): void {
    this.#refusal = error;
    this.#results?.refuse(error);
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    void this.#results?.return();
    this.onStopped(this);
  }
}
