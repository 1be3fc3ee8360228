/** Something that is to be done in a transaction that holds an account. */
export interface Work<Transaction> {
  /** Of the leader on whose behalf it writes; null: what any node may write. */
  readonly epoch: number | null;
  readonly run: (transaction: Transaction) => unknown;
}

/** What became of one work of a transaction that was committed. */
export type Done =
  | { readonly kind: 'value'; readonly value: unknown }
  /** It was not begun. */
  | { readonly kind: 'refused'; readonly error: unknown };

/** A work threw: the transaction is undone, and whatever else stood in it as well. */
export class WorkFailed extends Error {
  constructor(cause: unknown) {
    super('a work of a transaction failed', { cause });
    this.name = 'WorkFailed';
  }
}

interface Waiting<Transaction> extends Work<Transaction> {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** More would keep the first of them waiting for the last. */
const mostTogether = 16;

/**
 * What waits for an account while a transaction of this process holds it goes into the next transaction together, in the order in which
 * it came: many orders at once then share what each would have to read and to wait for. Where one of them throws, all of that
 * transaction is undone, and each is done again alone. So a work has to be one that can be done again.
 */
export class AccountQueues<Transaction> {
  readonly #queues = new Map<string, Waiting<Transaction>[]>();

  constructor(
    /** One transaction on an account; null where there is none. Rejects with WorkFailed where a work threw. */
    private readonly transact: (
      accountId: string,
      works: readonly Work<Transaction>[],
    ) => Promise<readonly Done[] | null>,
  ) {}

  /** What the work gives, once it is committed; null where there is no such account. */
  do<T>(
    accountId: string,
    work: { readonly epoch: number | null; readonly run: (transaction: Transaction) => T | Promise<T> },
  ): Promise<T | null> {
    return new Promise<T | null>((resolve, reject) => {
      const waiting = { ...work, resolve: resolve as (value: unknown) => void, reject };
      const queue = this.#queues.get(accountId);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const begun = [waiting];
      this.#queues.set(accountId, begun);
      void this.#doAll(accountId, begun);
    });
  }

  async #doAll(accountId: string, queue: Waiting<Transaction>[]): Promise<void> {
    while (queue.length > 0) await this.#doTogether(accountId, queue.splice(0, mostTogether));
    this.#queues.delete(accountId);
  }

  /** Never rejects: whoever waits is told. */
  async #doTogether(accountId: string, works: readonly Waiting<Transaction>[]): Promise<void> {
    try {
      const done = await this.transact(accountId, works);
      works.forEach(({ resolve, reject }, index) => {
        const result = done?.[index];
        if (result === undefined) resolve(null);
        else if (result.kind === 'value') resolve(result.value);
        else reject(result.error);
      });
    } catch (error) {
      if (error instanceof WorkFailed && works.length > 1) {
        for (const work of works) await this.#doTogether(accountId, [work]);
        return;
      }
      for (const { reject } of works) reject(error instanceof WorkFailed ? error.cause : error);
    }
  }
}
