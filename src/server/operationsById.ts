import type { AppError } from '../errors/appError';

/** Something that a client has asked for by id and that has not ended. */
export interface Operation {
  /** The subscription's field in the permission table; null for a query. */
  readonly rootField: string | null;
  /** True where nothing may be left out for its reader, and something waits. */
  readonly isKeptWaiting: boolean;
  /** Ends it with an `error` message. */
  refuse(error: AppError): void;
  /** Ends it without a word and releases what it holds. */
  stop(): void;
}

/** What runs on one socket, by the ids of its client. Most sockets run one thing, for which a Map would take more than all else that a connection keeps. */
export class OperationsById {
  #onlyId = '';
  #only: Operation | null = null;
  /** Takes over for good with the second operation. */
  #several: Map<string, Operation> | null = null;

  get size(): number {
    return this.#several?.size ?? (this.#only === null ? 0 : 1);
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  get(id: string): Operation | undefined {
    if (this.#several !== null) return this.#several.get(id);
    return this.#only !== null && this.#onlyId === id ? this.#only : undefined;
  }

  set(id: string, operation: Operation): void {
    const before = this.#only;
    if (this.#several !== null) {
      this.#several.set(id, operation);
    } else if (before === null || this.#onlyId === id) {
      this.#onlyId = id;
      this.#only = operation;
    } else {
      this.#several = new Map([
        [this.#onlyId, before],
        [id, operation],
      ]);
      this.#only = null;
    }
  }

  delete(id: string): void {
    if (this.#several !== null) this.#several.delete(id);
    else if (this.#onlyId === id) this.#only = null;
  }

  clear(): void {
    this.#only = null;
    this.#several = null;
  }

  /** Those of now, whatever happens to them while they are walked. */
  list(): readonly Operation[] {
    if (this.#several !== null) return [...this.#several.values()];
    return this.#only === null ? [] : [this.#only];
  }
}
