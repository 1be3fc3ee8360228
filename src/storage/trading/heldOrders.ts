import { isTerminal } from '../../domain/orderPhases';
import type { EpochMs } from '../../domain/marketData';
import type { HeldWrite } from './heldWrites';
import type { OrderRecord, TransitionRecord } from './records';
import type { RunRows } from './runRows';
import { isOpen, orderTable } from './tables';

/** A step of an order's life that is about to be written; its number follows from those before. */
export type NewTransition = Omit<TransitionRecord, 'seq'>;

/**
 * The orders of one account while its row is held, so that nobody else changes them: each is read once, and written once, when
 * the transaction ends. What is asked for in between is what it will be by then.
 */
export class HeldOrders {
  readonly #known = new Map<string, OrderRecord>();
  readonly #changed = new Set<string>();
  readonly #transitions: NewTransition[] = [];
  #haveAllOpen = false;

  constructor(
    private readonly run: RunRows,
    private readonly accountId: string,
  ) {}

  async find(id: string): Promise<OrderRecord | null> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const [row] = await this.run(`SELECT ${orderTable.list()} FROM orders WHERE account_id = $1 AND id = $2`, [
      this.accountId,
      id,
    ]);
    if (row === undefined) return null;
    const order = orderTable.read(row);
    this.#known.set(id, order);
    return order;
  }

  /** Those that are not done, the oldest first. */
  async open(): Promise<readonly OrderRecord[]> {
    if (!this.#haveAllOpen) await this.#readOpen();
    return [...this.#known.values()].filter(({ phase }) => !isTerminal(phase)).sort(byAge);
  }

  async countSince(since: EpochMs): Promise<number> {
    const [row] = await this.run(
      `SELECT count(*)::int AS count FROM orders WHERE account_id = $1 AND created_at > $2 AND origin = 'API'`,
      [this.accountId, new Date(since)],
    );
    return row?.count as number;
  }

  /** At once: its key, its attempts and its fills refer to it. */
  async insert(order: OrderRecord, transition: NewTransition): Promise<void> {
    const { text, values } = orderTable.insertion(order);
    await this.run(text, values);
    this.#known.set(order.id, order);
    this.#transitions.push(transition);
  }

  save(order: OrderRecord, transition: NewTransition | null): void {
    this.#known.set(order.id, order);
    this.#changed.add(order.id);
    if (transition !== null) this.#transitions.push(transition);
  }

  get writes(): readonly HeldWrite[] {
    const changed = [...this.#known.values()].filter(({ id }) => this.#changed.has(id));
    return [
      ...(changed.length === 0 ? [] : [orderTable.upsert(changed, 'id')]),
      ...(this.#transitions.length === 0 ? [] : [historyOf(this.#transitions)]),
    ];
  }

  async #readOpen(): Promise<void> {
    const rows = await this.run(
      `SELECT ${orderTable.list()} FROM orders
       WHERE account_id = $1 AND ${isOpen}`,
      [this.accountId],
    );
    for (const order of rows.map((row) => orderTable.read(row))) {
      // What was changed meanwhile is newer than its row.
      if (!this.#known.has(order.id)) this.#known.set(order.id, order);
    }
    this.#haveAllOpen = true;
  }
}

/** Numbered from where the history of each order has come to. */
function historyOf(steps: readonly NewTransition[]): HeldWrite {
  return {
    text: (first) => `INSERT INTO order_transitions (order_id, seq, at, from_phase, to_phase, cause)
      SELECT step.order_id,
        (SELECT count(*) FROM order_transitions t WHERE t.order_id = step.order_id)
          + row_number() OVER (PARTITION BY step.order_id ORDER BY step.place) - 1,
        step.at, step.from_phase, step.to_phase, step.cause
      FROM unnest($${String(first)}::uuid[], $${String(first + 1)}::timestamptz[], $${String(first + 2)}::text[],
          $${String(first + 3)}::text[], $${String(first + 4)}::text[])
        WITH ORDINALITY AS step (order_id, at, from_phase, to_phase, cause, place)`,
    values: [
      steps.map(({ orderId }) => orderId),
      steps.map(({ at }) => new Date(at)),
      steps.map(({ from }) => from),
      steps.map(({ to }) => to),
      steps.map(({ cause }) => cause),
    ],
  };
}

function byAge(a: OrderRecord, b: OrderRecord): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.id < b.id ? -1 : 1;
}
