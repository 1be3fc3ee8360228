import type { EpochMs } from '../../domain/marketData';
import type { HeldWrite } from './heldWrites';
import type { AccountEventKind, AccountEventRecord } from './records';

/** Where other nodes hear that an account has new events. */
export const accountChannel = 'tickgate_accounts';

/** The events that one transaction appends to the account's outbox: numbered without a hole, written together when it ends. */
export class HeldEvents {
  readonly #events: AccountEventRecord[] = [];

  constructor(
    private readonly accountId: string,
    /** The number of the last event before these. */
    private readonly last: number,
  ) {}

  get all(): readonly AccountEventRecord[] {
    return this.#events;
  }

  /** payload: plain data, told to readers of the account's streams. */
  append(kind: AccountEventKind, at: EpochMs, payload: object): AccountEventRecord {
    const seq = this.last + this.#events.length + 1;
    const event = { accountId: this.accountId, seq, kind, at, payload };
    this.#events.push(event);
    return event;
  }

  /** Other nodes hear of them with the commit. */
  get writes(): readonly HeldWrite[] {
    const events = this.#events;
    if (events.length === 0) return [];
    return [
      {
        text: (first) => `INSERT INTO account_events (account_id, seq, kind, at, payload)
          SELECT $${String(first)}::uuid, event.* FROM unnest($${String(first + 1)}::bigint[], $${String(first + 2)}::text[],
            $${String(first + 3)}::timestamptz[], $${String(first + 4)}::jsonb[]) AS event`,
        values: [
          this.accountId,
          events.map(({ seq }) => seq),
          events.map(({ kind }) => kind),
          events.map(({ at }) => new Date(at)),
          events.map(({ payload }) => JSON.stringify(payload)),
        ],
      },
      {
        text: (first) => `UPDATE accounts SET event_seq = $${String(first)} WHERE id = $${String(first + 1)}::uuid
          RETURNING pg_notify($${String(first + 2)}, $${String(first + 1)}::text)`,
        values: [this.last + events.length, this.accountId, accountChannel],
      },
    ];
  }
}
