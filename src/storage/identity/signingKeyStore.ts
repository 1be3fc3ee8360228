import type { DataSource } from 'typeorm';
import type { SealedRecord } from '../../domain/sealedRecord';
import type { EpochMs } from '../../domain/marketData';
import { writeAudit } from '../trading/audit';
import type { RunRows } from '../trading/runRows';
import { endAllSessions } from './sessionEnding';
import { readRing, type RingReading, type StoredSigningKey } from './signingKeyRecords';

/** Who does something to the ring, and when: for the audit log. */
export interface RingChange {
  readonly actor: string;
  readonly at: EpochMs;
}

/** What became of a key that was to be the next one. */
export type AddedKey =
  | { readonly kind: 'added' }
  /** Another one is waiting already. */
  | { readonly kind: 'pending'; readonly kid: string }
  /** The active key is younger than was asked for. */
  | { readonly kind: 'young' }
  /** There is no ring yet. */
  | { readonly kind: 'empty' };

/** Writes to the audit log what has become of a key. */
type NoteEvent = (
  event: 'made' | 'activated' | 'retired' | 'revoked' | 'emergency',
  kid: string,
  outcome?: string,
) => Promise<void>;

/** Longer than a node that stands still can keep what it has locked (`dataSource.ts`): an emergency must not fail for one. */
const lockTimeoutMs = 10_000;

const live = `state <> 'retired'`;
const wiped = 'key_id = NULL, wrapped_key = NULL, nonce = NULL, ciphertext = NULL';

/**
 * The ring of signing keys. One change at a time, each in one transaction: whoever is cut off between two of them leaves a ring that
 * another goes on with. All times are those of the database, so that nodes need not agree on theirs.
 */
export class SigningKeyStore {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  read(): Promise<RingReading> {
    return readRing(this.#query);
  }

  /** Begins a ring with its first key, which signs at once. False where there is a ring. */
  async begin(key: StoredSigningKey, change: RingChange): Promise<boolean> {
    return this.#changeRing(change, async (run, note) => {
      if ((await run('SELECT FROM signing_keys LIMIT 1')).length > 0) return false;
      await insertKey(run, key, 'active');
      await note('made', key.kid);
      await note('activated', key.kid);
      return true;
    });
  }

  /** Takes in the key that follows the active one; minAgeMs: of the active one, for there to be a need. */
  async addPending(key: StoredSigningKey, change: RingChange & { readonly minAgeMs: number }): Promise<AddedKey> {
    return this.#changeRing(change, async (run, note) => {
      const { keys } = await readRing(run);
      const pending = keys.find(({ state }) => state === 'pending');
      const active = keys.find(({ state }) => state === 'active');
      if (pending !== undefined) return { kind: 'pending', kid: pending.kid };
      if (active === undefined) return { kind: 'empty' };
      if (active.stateAgeMs < change.minAgeMs) return { kind: 'young' };
      await insertKey(run, key, 'pending');
      await note('made', key.kid);
      return { kind: 'added' };
    });
  }

  /** The pending key signs from now on, and the active one retires. False where it has not been pending for so long, or is not any more. */
  async activate(kid: string, change: RingChange & { readonly minAgeMs: number }): Promise<boolean> {
    return this.#changeRing(change, async (run, note) => {
      const due = await run(
        `SELECT FROM signing_keys WHERE kid = $1 AND state = 'pending' AND created_at <= ${agoMs('$2')}`,
        [kid, change.minAgeMs],
      );
      if (due.length === 0) return false;
      await run(`UPDATE signing_keys SET state = 'retiring', retiring_at = clock_timestamp() WHERE state = 'active'`);
      await run(`UPDATE signing_keys SET state = 'active', activated_at = clock_timestamp() WHERE kid = $1`, [kid]);
      await note('activated', kid);
      return true;
    });
  }

  /** Retires the keys that have been retiring for so long, and wipes their private halves. */
  async retire(change: RingChange & { readonly minAgeMs: number }): Promise<void> {
    await this.#changeRing(change, async (run, note) => {
      // A CTE: the driver would give an UPDATE's rows in another shape.
      const retired = await run(
        `WITH retired AS (
           UPDATE signing_keys SET state = 'retired', retired_at = clock_timestamp(), ${wiped}
           WHERE state = 'retiring' AND retiring_at <= ${agoMs('$1')} RETURNING kid)
         SELECT kid FROM retired`,
        [change.minAgeMs],
      );
      for (const { kid } of retired) await note('retired', kid as string);
    });
  }

  /** An emergency: this key signs at once, every other one is retired at once, and every session ends. Gives how many keys and sessions did. */
  async revokeAll(
    key: StoredSigningKey,
    change: RingChange,
  ): Promise<{ readonly keys: number; readonly sessions: number }> {
    return this.#changeRing(change, async (run, note) => {
      const revoked = await run(
        `WITH revoked AS (
           UPDATE signing_keys SET state = 'retired', retired_at = clock_timestamp(), revoked = true, ${wiped}
           WHERE ${live} RETURNING kid)
         SELECT kid FROM revoked`,
      );
      await insertKey(run, key, 'active');
      const sessions = await endAllSessions(run);
      for (const { kid } of revoked) await note('revoked', kid as string);
      await note('made', key.kid);
      await note('activated', key.kid);
      await note('emergency', key.kid, `${revoked.length} keys, ${sessions} sessions ended`);
      return { keys: revoked.length, sessions };
    });
  }

  /** True of any key that is or was in the ring. */
  async knows(kid: string): Promise<boolean> {
    return (await this.#query('SELECT FROM signing_keys WHERE kid = $1', [kid])).length > 0;
  }

  /** Keeps the same key under another key-encryption key, unless another node was faster. */
  async reseal(kid: string, before: SealedRecord, after: SealedRecord): Promise<void> {
    await this.#query('UPDATE signing_keys SET key_id = $3, wrapped_key = $4 WHERE kid = $1 AND wrapped_key = $2', [
      kid,
      Buffer.from(before.wrappedKey),
      after.keyId,
      Buffer.from(after.wrappedKey),
    ]);
  }

  /** How many keys each key-encryption key seals; one that seals none is not among them. */
  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#query(
      `SELECT key_id, count(*)::int AS count FROM signing_keys WHERE ${live} GROUP BY key_id`,
    );
    return new Map(rows.map((row) => [row['key_id'] as string, row['count'] as number]));
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);

  #changeRing<Result>(change: RingChange, work: (run: RunRows, note: NoteEvent) => Promise<Result>): Promise<Result> {
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      const note: NoteEvent = (event, kid, outcome = 'done') =>
        writeAudit(run, { actor: change.actor, at: change.at, action: `signing_key.${event}`, target: kid, outcome });
      await run(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
      // Readers go on; whoever changes waits, and then sees what was changed.
      await run('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
      return work(run, note);
    });
  }
}

/** now() would be the time at which the transaction began to wait for its turn. */
function agoMs(place: string): string {
  return `clock_timestamp() - ${place} * interval '1 millisecond'`;
}

async function insertKey(run: RunRows, key: StoredSigningKey, state: 'pending' | 'active'): Promise<void> {
  const { kid, algorithm, sealed } = key;
  await run(
    `INSERT INTO signing_keys (kid, algorithm, state, created_at, activated_at, key_id, wrapped_key, nonce, ciphertext)
     VALUES ($1, $2, $3::text, clock_timestamp(), CASE $3::text WHEN 'active' THEN clock_timestamp() END, $4, $5, $6, $7)`,
    [
      kid,
      algorithm,
      state,
      sealed.keyId,
      Buffer.from(sealed.wrappedKey),
      Buffer.from(sealed.nonce),
      Buffer.from(sealed.ciphertext),
    ],
  );
}
