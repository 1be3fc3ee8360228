import type { EpochMs } from '../../domain/marketData';
import type { PositionSide } from '../../domain/orders';
import { accountTable, type AccountChange } from './accountTable';
import { HeldAttempts, type AttemptName } from './heldAttempts';
import { HeldEvents } from './heldEvents';
import { HeldLedger } from './heldLedger';
import { HeldOrders, type NewTransition } from './heldOrders';
import { HeldPositions } from './heldPositions';
import { writeTogether } from './heldWrites';
import type {
  AccountEventKind,
  AccountEventRecord,
  AccountRecord,
  AttemptRecord,
  BalanceRecord,
  FillRecord,
  OrderRecord,
  PositionRecord,
} from './records';
import { fillTable } from './tables';
import type { HouseRecord } from './tradingHouse';
import type { Posting } from './posting';
import type { RunRows } from './runRows';
import { writeAudit, type AuditEntry } from './audit';

/**
 * One transaction on one account, whose row it holds: nobody else writes to the account meanwhile. What is read here is
 * what is true until the commit, so that it is read once.
 */
export class AccountTransaction {
  readonly #orders: HeldOrders;
  readonly #attempts: HeldAttempts;
  readonly #positions: HeldPositions;
  readonly #events: HeldEvents;
  #account: AccountRecord;

  constructor(
    private readonly run: RunRows,
    locked: { readonly account: AccountRecord; readonly house: HouseRecord },
  ) {
    this.#account = locked.account;
    this.house = locked.house;
    this.ledger = new HeldLedger(run, locked.account.id);
    this.#orders = new HeldOrders(run, locked.account.id);
    this.#attempts = new HeldAttempts(run, locked.account.id);
    this.#positions = new HeldPositions(run, locked.account.id);
    this.#events = new HeldEvents(locked.account.id, locked.account.eventSeq);
  }

  /** Whether anybody may trade, and who leads; held as it is until the commit. */
  readonly house: HouseRecord;
  readonly ledger: HeldLedger;

  get account(): AccountRecord {
    return this.#account;
  }

  /** What this transaction has appended so far. */
  get events(): readonly AccountEventRecord[] {
    return this.#events.all;
  }

  async updateAccount(change: AccountChange): Promise<void> {
    const { text, values } = accountTable.assignment(change, 2);
    await this.run(`UPDATE accounts SET ${text} WHERE id = $1`, [this.#account.id, ...values]);
    this.#account = { ...this.#account, ...change };
  }

  order(id: string): Promise<OrderRecord | null> {
    return this.#orders.find(id);
  }

  /** Which order, and which sending of it, is called this. */
  attempt(name: AttemptName): Promise<AttemptRecord | null> {
    return this.#attempts.find(name);
  }

  /** Remembers a sending, or what the exchange calls it. */
  saveAttempt(attempt: AttemptRecord): void {
    this.#attempts.save(attempt);
  }

  /** Orders that are not done, the oldest first. */
  openOrders(): Promise<readonly OrderRecord[]> {
    return this.#orders.open();
  }

  countOrdersSince(since: EpochMs): Promise<number> {
    return this.#orders.countSince(since);
  }

  insertOrder(order: OrderRecord, transition: NewTransition): Promise<void> {
    return this.#orders.insert(order, transition);
  }

  /** The whole order; with a transition where its phase has changed. */
  saveOrder(order: OrderRecord, transition: NewTransition | null): void {
    this.#orders.save(order, transition);
  }

  /** The order that this key of the account's owner already stands for, with the hash of what was asked then. */
  async findKey(key: string): Promise<{ readonly orderId: string; readonly bodyHash: Buffer } | null> {
    const [row] = await this.run('SELECT order_id, body_hash FROM idempotency_keys WHERE owner_id = $1 AND key = $2', [
      this.#account.ownerId,
      key,
    ]);
    return row === undefined ? null : { orderId: row.order_id as string, bodyHash: row.body_hash as Buffer };
  }

  /** False where another account of the owner has taken the key in this moment. */
  async takeKey(entry: {
    readonly key: string;
    readonly bodyHash: Buffer;
    readonly orderId: string;
    readonly at: EpochMs;
  }): Promise<boolean> {
    const rows = await this.run(
      `INSERT INTO idempotency_keys (owner_id, key, body_hash, order_id, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING key`,
      [this.#account.ownerId, entry.key, entry.bodyHash, entry.orderId, new Date(entry.at)],
    );
    return rows.length === 1;
  }

  /** Which of these executions of a market are booked. */
  async bookedAmong(marketId: string, exchangeTradeIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (exchangeTradeIds.length === 0) return new Set();
    const rows = await this.run(
      'SELECT exchange_trade_id FROM fills WHERE account_id = $1 AND market_id = $2 AND exchange_trade_id = ANY($3)',
      [this.#account.id, marketId, exchangeTradeIds],
    );
    return new Set(rows.map((row) => row.exchange_trade_id as string));
  }

  async hasFill(marketId: string, exchangeTradeId: string): Promise<boolean> {
    const rows = await this.run(
      'SELECT 1 FROM fills WHERE account_id = $1 AND market_id = $2 AND exchange_trade_id = $3',
      [this.#account.id, marketId, exchangeTradeId],
    );
    return rows.length === 1;
  }

  async insertFill(fill: FillRecord): Promise<void> {
    const { text, values } = fillTable.insertion(fill);
    await this.run(text, values);
  }

  /** Fills that came before it was known which order they are of; from now on they are of this one. */
  async attributeFills(attempt: AttemptRecord): Promise<readonly FillRecord[]> {
    const rows = await this.run(
      `WITH found AS (
         UPDATE fills SET order_id = $2
         WHERE account_id = $1 AND market_id = $3 AND exchange_order_id = $4 AND order_id IS NULL
         RETURNING ${fillTable.list()})
       SELECT ${fillTable.list('found')} FROM found ORDER BY at, exchange_trade_id`,
      [this.#account.id, attempt.orderId, attempt.marketId, attempt.exchangeOrderId],
    );
    return rows.map((row) => fillTable.read(row));
  }

  /** What the exchange calls the orders of whose fills, since then, nothing else is known. */
  async strangers(marketId: string, since: EpochMs): Promise<readonly string[]> {
    const rows = await this.run(
      `SELECT DISTINCT exchange_order_id FROM fills
       WHERE account_id = $1 AND market_id = $2 AND order_id IS NULL AND at >= $3 ORDER BY exchange_order_id`,
      [this.#account.id, marketId, new Date(since)],
    );
    return rows.map((row) => row.exchange_order_id as string);
  }

  balances(): Promise<readonly BalanceRecord[]> {
    return this.ledger.balances();
  }

  post(posting: Posting): Promise<void> {
    return this.ledger.post(posting);
  }

  /** Positions that are open now. */
  positions(): Promise<readonly PositionRecord[]> {
    return this.#positions.open();
  }

  /** Those of a market that were open then, whatever has become of them, with what each held then. */
  positionsAt(marketId: string, at: EpochMs): ReturnType<HeldPositions['openAt']> {
    return this.#positions.openAt(marketId, at);
  }

  async position(marketId: string, side: PositionSide): Promise<PositionRecord | null> {
    const positions = await this.positions();
    return positions.find((position) => position.marketId === marketId && position.side === side) ?? null;
  }

  /** The whole position, new or not; its state is kept for `asOf`. */
  savePosition(position: PositionRecord): void {
    const { seq } = this.appendEvent('position', position.updatedAt, position);
    this.#positions.save(position, seq);
  }

  /** What a comparison with the exchange has found. */
  async insertReconciliation(found: { readonly at: EpochMs; readonly differences: readonly string[] }): Promise<void> {
    await this.run(
      `INSERT INTO reconciliations (account_id, at, balanced, differences) VALUES ($1, $2, $3, $4)
       ON CONFLICT (account_id, at) DO UPDATE SET balanced = excluded.balanced, differences = excluded.differences`,
      [this.#account.id, new Date(found.at), found.differences.length === 0, found.differences],
    );
  }

  audit(entry: AuditEntry): Promise<void> {
    return writeAudit(this.run, entry);
  }

  /** One more event of the account's outbox. payload: plain data, told to readers of its streams. */
  appendEvent(kind: AccountEventKind, at: EpochMs, payload: object): AccountEventRecord {
    const event = this.#events.append(kind, at, payload);
    this.#account = { ...this.#account, eventSeq: event.seq };
    return event;
  }

  /** Writes what was held back until all is known: the last step before the commit. */
  finish(): Promise<void> {
    const { writes: orders } = this.#orders;
    const { writes: attempts } = this.#attempts;
    const { writes: events } = this.#events;
    return writeTogether(this.run, [...orders, ...attempts, ...this.#positions.takeWrites(), ...events]);
  }
}
