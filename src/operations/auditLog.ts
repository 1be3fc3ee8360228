import type { EpochMs } from '../domain/marketData';
import type { AuditEntries, AuditFilter } from '../storage/audit/auditEntries';
import type { AuditLinks } from '../storage/audit/auditLinks';
import type { LinkedRecord } from '../storage/audit/auditRecords';
import type { AuditChain } from './auditChain';
import { verifyAudit, type AuditVerification } from './auditVerification';
import { readCheckpoints } from './checkpointFile';

// What the API names of the storage room comes by way of this one.
export type { AuditFilter };

/** An entry of the chain as auditors see it. */
export interface AuditEntryView {
  readonly id: string;
  /** Its place in the chain, from 1, as decimal digits. */
  readonly seq: string;
  readonly at: EpochMs;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  readonly ip: string | null;
  /** Hex, as the next one. */
  readonly hash: string;
  readonly prevHash: string;
}

export interface AuditLogParts {
  readonly entries: Pick<AuditEntries, 'list' | 'find'>;
  readonly links: Pick<AuditLinks, 'after'>;
  readonly chain: AuditChain;
  readonly checkpointFile: string;
}

/** What auditors read, and how they know that it is whole. Whoever may is decided by the caller. */
export class AuditLog {
  #verifying: Promise<AuditVerification> | null = null;

  constructor(private readonly parts: AuditLogParts) {}

  /** The newest first. after: the place of the last one that is known. */
  async list(
    filter: AuditFilter,
    page: { readonly after: string | null; readonly size: number },
  ): Promise<{ readonly items: readonly AuditEntryView[]; readonly hasNextPage: boolean }> {
    const before = page.after === null ? null : Number(page.after);
    const found = await this.parts.entries.list(filter, { before, limit: page.size + 1 });
    return { items: found.slice(0, page.size).flatMap(viewOf), hasNextPage: found.length > page.size };
  }

  /** Null where the id is of no entry, whatever else it may be of. */
  async entry(id: string): Promise<AuditEntryView | null> {
    const seq = seqOf(id);
    const found = seq === null ? null : await this.parts.entries.find(seq);
    return found === null ? null : (viewOf(found)[0] ?? null);
  }

  /** The whole log. Those who ask while it is being verified share the answer. Throws AuditError. */
  verify(): Promise<AuditVerification> {
    this.#verifying ??= this.#verify().finally(() => {
      this.#verifying = null;
    });
    return this.#verifying;
  }

  async #verify(): Promise<AuditVerification> {
    const { chain, links, checkpointFile } = this.parts;
    const { checkpoints } = await readCheckpoints(checkpointFile, chain);
    return verifyAudit({ chain, checkpoints, read: (after, limit) => links.after(after, limit) });
  }
}

/** Ids of the API are UUIDs; these hold the place in the chain, in a form of RFC 9562 (version 8) that nothing else here has. */
const idPrefix = 'a0d17000-0000-8000-8000-';
const placeDigits = 12;

function idOf(seq: number): string {
  return `${idPrefix}${seq.toString(16).padStart(placeDigits, '0')}`;
}

function seqOf(id: string): number | null {
  const place = id.slice(idPrefix.length);
  return id.startsWith(idPrefix) && /^[0-9a-f]{12}$/.test(place) ? Number.parseInt(place, 16) : null;
}

function viewOf({ seq, hash, prevHash, record }: LinkedRecord): readonly AuditEntryView[] {
  if (record === null) return [];
  const { atUs, actor, action, target, outcome, ip } = record;
  const at = Math.floor(Number(atUs) / 1000);
  return [{ id: idOf(seq), seq: String(seq), at, actor, action, target, outcome, ip, hash, prevHash }];
}
