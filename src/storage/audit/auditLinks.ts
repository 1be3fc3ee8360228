import type { DataSource } from 'typeorm';
import type { RunRows } from '../trading/runRows';
import {
  linkColumns,
  readLink,
  readRecord,
  recordColumns,
  type AuditRow,
  type ChainHead,
  type LinkedRecord,
  type NewLink,
  type PendingRecord,
} from './auditRecords';

/** An arbitrary number that only this lock uses. */
const lockNumber = 7_146_302;

/** Entries that are looked through to find those of a chain that nobody has looked at since a start. */
const firstLookTimeout = '10min';

export interface LinkingRequest {
  /** What an earlier call of this process has given; null looks through the whole log. */
  readonly settled: string | null;
  readonly batch: number;
  /** Makes the links of entries, in their order, behind where the chain stands; null: of an empty one. */
  readonly link: (head: ChainHead | null, entries: readonly PendingRecord[]) => readonly NewLink[];
}

/** settled: every entry of a transaction older than this one is linked. */
export type Linking =
  /** Another node is about it. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'idle'; readonly settled: string }
  | {
      readonly kind: 'linked';
      /** Where the chain stood, and where it stands now. */
      readonly found: ChainHead | null;
      readonly head: ChainHead | null;
      readonly settled: string | null;
      /** There may be more to link at once. */
      readonly hasMore: boolean;
    };

/** The chain of the audit log in the database. */
export class AuditLinks {
  constructor(private readonly parts: { readonly dataSource: DataSource }) {}

  /**
   * Links what is committed and not linked. One works at a time, by an advisory lock; were there two, the primary key of the links
   * would let one of them through.
   *
   * Nothing is skipped: an entry can only appear under a transaction that was open at the look before, so what to look through begins
   * at the oldest of those. Numbers of entries would not do: they are given before anything tells that they are.
   */
  async linkPending({ settled, batch, link }: LinkingRequest): Promise<Linking> {
    const idle = settled === null ? null : await this.#findIdle(settled);
    if (idle !== null) return { kind: 'idle', settled: idle };
    return this.parts.dataSource.transaction(async (manager) => {
      const run: RunRows = (text, values = []) => manager.query(text, [...values]);
      if (settled === null) await run(`SET LOCAL statement_timeout = '${firstLookTimeout}'`);
      // The snapshot of this statement is older than the lock; as a bound from below that is as good.
      const [taken] = await run(
        'SELECT pg_try_advisory_xact_lock($1) AS taken, pg_snapshot_xmin(pg_current_snapshot())::text AS oldest',
        [lockNumber],
      );
      if (taken?.taken !== true) return { kind: 'busy' };
      const found = await readHead(run);
      const entries = await readPending(run, settled, batch);
      const links = link(found, entries);
      await insertLinks(run, links);
      const hasMore = entries.length === batch;
      const last = links.at(-1);
      return {
        kind: 'linked',
        found,
        head: last === undefined ? found : { seq: last.seq, hash: last.hash },
        settled: hasMore ? settled : (taken.oldest as string),
        hasMore,
      };
    });
  }

  head(): Promise<ChainHead | null> {
    return readHead(this.#query);
  }

  /** The next ones after a place in the chain, in its order. */
  async after(seq: number, limit: number): Promise<readonly LinkedRecord[]> {
    return readLinksAfter(this.#query, seq, limit);
  }

  async find(seq: number): Promise<LinkedRecord | null> {
    const [row] = await this.#query(
      `SELECT ${linkColumns} FROM audit_links l LEFT JOIN audit_entries e ON e.number = l.entry WHERE l.seq = $1`,
      [seq],
    );
    return row === undefined ? null : readLink(row);
  }

  /** Entries that are committed and not linked, in the whole log. */
  async countPending(): Promise<number> {
    const [row] = await this.#query(
      `SELECT count(*)::int AS count FROM audit_entries e
       WHERE NOT EXISTS (SELECT FROM audit_links l WHERE l.entry = e.number)`,
    );
    return row?.count as number;
  }

  /** Where everything that can be seen is linked, the oldest transaction that is open; else null. */
  async #findIdle(settled: string): Promise<string | null> {
    const [row] = await this.#query(
      `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest,
         EXISTS (SELECT FROM audit_entries e WHERE e.xid >= $1::xid8
           AND NOT EXISTS (SELECT FROM audit_links l WHERE l.entry = e.number)) AS waits`,
      [settled],
    );
    return row?.waits === false ? (row.oldest as string) : null;
  }

  #query: RunRows = (text, values = []) => this.parts.dataSource.query(text, [...values]);
}

/** The next links after a place in the chain, by whichever connection runs the statement. */
export async function readLinksAfter(run: RunRows, seq: number, limit: number): Promise<readonly LinkedRecord[]> {
  const rows = await run(
    `SELECT ${linkColumns} FROM audit_links l LEFT JOIN audit_entries e ON e.number = l.entry
     WHERE l.seq > $1 ORDER BY l.seq LIMIT $2`,
    [seq, limit],
  );
  return rows.map(readLink);
}

async function readHead(run: RunRows): Promise<ChainHead | null> {
  const [row] = await run(`SELECT seq, encode(hash, 'hex') AS hash FROM audit_links ORDER BY seq DESC LIMIT 1`);
  return row === undefined ? null : { seq: Number(row.seq), hash: row.hash as string };
}

async function readPending(run: RunRows, settled: string | null, batch: number): Promise<readonly PendingRecord[]> {
  const rows = await run(
    `SELECT e.number::text AS number, ${recordColumns} FROM audit_entries e
     WHERE e.xid >= $1::xid8 AND NOT EXISTS (SELECT FROM audit_links l WHERE l.entry = e.number)
     ORDER BY e.number LIMIT $2`,
    [settled ?? '0', batch],
  );
  return rows.map((row: AuditRow) => ({ number: row.number as string, record: readRecord(row) }));
}

async function insertLinks(run: RunRows, links: readonly NewLink[]): Promise<void> {
  if (links.length === 0) return;
  await run(
    `INSERT INTO audit_links (seq, entry, prev_hash, hash)
     SELECT seq, entry, decode(prev_hash, 'hex'), decode(hash, 'hex')
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS link (seq, entry, prev_hash, hash)`,
    [
      links.map(({ seq }) => seq),
      links.map(({ number }) => number),
      links.map(({ prevHash }) => prevHash),
      links.map(({ hash }) => hash),
    ],
  );
}
