import { toDecimalString, type DecimalString } from '../../domain/decimal';
import type { EpochMs } from '../../domain/marketData';
import { writeTogether, type HeldWrite } from './heldWrites';
import type { PositionRecord } from './records';
import type { RunRows } from './runRows';
import { positionTable } from './tables';

/** A state that a position came to, for `asOf`; `seq` of the event that tells it orders the states. */
interface PositionChange {
  readonly seq: number;
  readonly state: PositionRecord;
}

/**
 * The positions of one account while its row is held, so that nobody else changes them: those that are open are read once, and each is
 * written once, when the transaction ends, with every state that it came to.
 */
export class HeldPositions {
  #open: readonly PositionRecord[] | null = null;
  readonly #changed = new Map<string, PositionRecord>();
  readonly #changes: PositionChange[] = [];

  constructor(
    private readonly run: RunRows,
    private readonly accountId: string,
  ) {}

  /** Those that are open now, the oldest first. */
  async open(): Promise<readonly PositionRecord[]> {
    if (this.#open === null) {
      const read = (await this.#read()).filter(({ id }) => !this.#changed.has(id));
      const changed = [...this.#changed.values()].filter(({ closedAt }) => closedAt === null);
      this.#open = [...read, ...changed].sort(byAge);
    }
    return this.#open;
  }

  /** Those of a market that were open then, whatever has become of them, with what each held then. */
  async openAt(
    marketId: string,
    at: EpochMs,
  ): Promise<readonly { readonly position: PositionRecord; readonly held: DecimalString }[]> {
    await writeTogether(this.run, this.takeWrites());
    const rows = await this.run(
      `SELECT ${positionTable.list('p')}, was.state->>'amount' AS held FROM positions p
       CROSS JOIN LATERAL (
         SELECT c.state FROM position_changes c WHERE c.position_id = p.id AND c.at <= $3 ORDER BY c.seq DESC LIMIT 1) was
       WHERE p.account_id = $1 AND p.market_id = $2 AND (p.closed_at IS NULL OR p.closed_at > $3)
       ORDER BY p.opened_at, p.id`,
      [this.accountId, marketId, new Date(at)],
    );
    return rows.map((row) => ({ position: positionTable.read(row), held: toDecimalString(row.held) }));
  }

  /** The whole position as it is now, new or not. */
  save(position: PositionRecord, seq: number): void {
    this.#changed.set(position.id, position);
    this.#changes.push({ seq, state: position });
    if (this.#open === null) return;
    const others = this.#open.filter(({ id }) => id !== position.id);
    this.#open = position.closedAt === null ? [...others, position].sort(byAge) : others;
  }

  /** What is not written yet, for once. */
  takeWrites(): readonly HeldWrite[] {
    const positions = [...this.#changed.values()];
    const changes = [...this.#changes];
    this.#changed.clear();
    this.#changes.length = 0;
    return positions.length === 0 ? [] : [positionTable.upsert(positions, 'id'), this.#historyOf(changes)];
  }

  async #read(): Promise<readonly PositionRecord[]> {
    const rows = await this.run(
      `SELECT ${positionTable.list()} FROM positions WHERE account_id = $1 AND closed_at IS NULL ORDER BY opened_at, id`,
      [this.accountId],
    );
    return rows.map((row) => positionTable.read(row));
  }

  #historyOf(changes: readonly PositionChange[]): HeldWrite {
    return {
      text: (first) => `INSERT INTO position_changes (position_id, account_id, seq, at, state)
        SELECT change.position_id, $${String(first)}::uuid, change.seq, change.at, change.state
        FROM unnest($${String(first + 1)}::uuid[], $${String(first + 2)}::bigint[], $${String(first + 3)}::timestamptz[],
          $${String(first + 4)}::jsonb[]) AS change (position_id, seq, at, state)`,
      values: [
        this.accountId,
        changes.map(({ state }) => state.id),
        changes.map(({ seq }) => seq),
        changes.map(({ state }) => new Date(state.updatedAt)),
        changes.map(({ state }) => JSON.stringify(state)),
      ],
    };
  }
}

function byAge(a: PositionRecord, b: PositionRecord): number {
  if (a.openedAt !== b.openedAt) return a.openedAt - b.openedAt;
  return a.id < b.id ? -1 : 1;
}
