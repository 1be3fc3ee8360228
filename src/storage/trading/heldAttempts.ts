import type { HeldWrite } from './heldWrites';
import type { AttemptRecord } from './records';
import type { RunRows } from './runRows';
import { attemptTable } from './tables';

/** What an attempt is known by: the client's id, or the exchange's in a market. */
export type AttemptName =
  { readonly clientOrderId: string } | { readonly marketId: string; readonly exchangeOrderId: string };

/**
 * The sendings of one account's orders while its row is held, so that nobody else changes them: each is looked for once, and written
 * once, when the transaction ends.
 */
export class HeldAttempts {
  readonly #known = new Map<string, AttemptRecord>();
  readonly #changed = new Set<string>();
  readonly #asked = new Set<string>();

  constructor(
    private readonly run: RunRows,
    private readonly accountId: string,
  ) {}

  async find(name: AttemptName): Promise<AttemptRecord | null> {
    const known = [...this.#known.values()].find((attempt) => isCalled(attempt, name));
    if (known !== undefined) return known;
    const question = JSON.stringify(name);
    if (this.#asked.has(question)) return null;
    this.#asked.add(question);
    const [condition, values] =
      'clientOrderId' in name
        ? ['client_order_id = $2', [name.clientOrderId]]
        : ['market_id = $2 AND exchange_order_id = $3', [name.marketId, name.exchangeOrderId]];
    const [row] = await this.run(
      `SELECT ${attemptTable.list()} FROM order_attempts WHERE account_id = $1 AND ${condition}`,
      [this.accountId, ...values],
    );
    if (row === undefined) return null;
    const found = attemptTable.read(row);
    // Under its other name it may be known already, and changed since.
    const before = this.#known.get(idOf(found));
    if (before !== undefined) return isCalled(before, name) ? before : null;
    this.#known.set(idOf(found), found);
    return found;
  }

  /** Remembers a sending, or what the exchange calls it. */
  save(attempt: AttemptRecord): void {
    this.#known.set(idOf(attempt), attempt);
    this.#changed.add(idOf(attempt));
  }

  get writes(): readonly HeldWrite[] {
    const changed = [...this.#known].filter(([id]) => this.#changed.has(id)).map(([, attempt]) => attempt);
    return changed.length === 0 ? [] : [attemptTable.upsert(changed, 'order_id, attempt')];
  }
}

function idOf({ orderId, attempt }: AttemptRecord): string {
  return `${orderId} ${attempt}`;
}

function isCalled(attempt: AttemptRecord, name: AttemptName): boolean {
  return 'clientOrderId' in name
    ? attempt.clientOrderId === name.clientOrderId
    : attempt.marketId === name.marketId && attempt.exchangeOrderId === name.exchangeOrderId;
}
