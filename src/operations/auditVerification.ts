import type { LinkedRecord } from '../storage/audit/auditRecords';
import type { AuditChain } from './auditChain';
import type { Checkpoint } from './checkpointFile';

/** What is wrong with the log where it is wrong first. */
export type AuditProblem =
  /** The chain does not begin as one of this key does: another key, or the first link was changed. */
  | 'BEGINNING'
  | 'LINK_MISSING'
  | 'ENTRY_MISSING'
  | 'ORDER_CHANGED'
  | 'CONTENT_CHANGED'
  /** The log ends before a place that was signed for. */
  | 'TAIL_MISSING'
  /** The chain is whole in itself and is not the one that was signed for: it was written anew, by someone with the key. */
  | 'CHECKPOINT_DIFFERS';

export interface AuditVerification {
  readonly ok: boolean;
  /** Entries found good. */
  readonly checked: number;
  readonly firstBadSeq: number | null;
  readonly problem: AuditProblem | null;
}

export interface VerificationParts {
  readonly chain: AuditChain;
  /** The next links after a place, in order; fewer than `limit` only at the end. */
  readonly read: (after: number, limit: number) => Promise<readonly LinkedRecord[]>;
  /** Read before the log is: it may grow meanwhile, and has to hold all of these. */
  readonly checkpoints: readonly Checkpoint[];
  /** Told after each batch how many were found good. */
  readonly onProgress?: (checked: number) => void;
  /** Given every entry that was found good, in order. */
  readonly onGood?: (link: LinkedRecord) => Promise<void>;
}

/** So many at a time: the process answers others in between. */
const batchSize = 1_000;

/** Walks the whole chain, and stops where it is wrong first. */
export async function verifyAudit(parts: VerificationParts): Promise<AuditVerification> {
  const { chain, read, checkpoints, onProgress, onGood } = parts;
  const signed = new Map(checkpoints.map(({ seq, hash }) => [seq, hash]));
  let before = { seq: 0, hash: chain.genesis };
  for (;;) {
    const links = await read(before.seq, batchSize);
    for (const link of links) {
      const problem = findProblem(chain, before, link) ?? findDifference(signed, link);
      if (problem !== null) return bad(before.seq, problem);
      await onGood?.(link);
      before = link;
    }
    onProgress?.(before.seq);
    if (links.length < batchSize) break;
  }
  const furthest = Math.max(0, ...signed.keys());
  return furthest > before.seq
    ? bad(before.seq, 'TAIL_MISSING')
    : { ok: true, checked: before.seq, firstBadSeq: null, problem: null };
}

function findProblem(
  chain: AuditChain,
  before: { readonly seq: number; readonly hash: string },
  { seq, prevHash, hash, record }: LinkedRecord,
): AuditProblem | null {
  const expected = before.seq + 1;
  if (seq !== expected) return 'LINK_MISSING';
  if (record === null) return 'ENTRY_MISSING';
  if (prevHash !== before.hash) return expected === 1 ? 'BEGINNING' : 'ORDER_CHANGED';
  return hash === chain.hashOf(prevHash, seq, record) ? null : 'CONTENT_CHANGED';
}

function findDifference(signed: ReadonlyMap<number, string>, { seq, hash }: LinkedRecord): AuditProblem | null {
  const known = signed.get(seq);
  return known === undefined || known === hash ? null : 'CHECKPOINT_DIFFERS';
}

function bad(lastGood: number, problem: AuditProblem): AuditVerification {
  return { ok: false, checked: lastGood, firstBadSeq: lastGood + 1, problem };
}
