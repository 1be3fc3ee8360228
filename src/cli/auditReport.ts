import type { AuditProblem, AuditVerification } from '../operations/auditVerification';
import type { Checkpoint } from '../operations/checkpointFile';

export interface AuditReport extends AuditVerification {
  readonly checkpoints: readonly Checkpoint[];
  /** Lines of the files of checkpoints that this key has not signed. */
  readonly foreignLines: number;
  /** Entries that are not linked yet. */
  readonly waiting: number;
}

const wholeStatus = 0;
const tamperedStatus = 1;
/** sysexits.h: the settings do not fit. */
const configStatus = 78;

export function statusOf(report: AuditReport): number {
  if (report.ok) return wholeStatus;
  return isOfAnotherKey(report) ? configStatus : tamperedStatus;
}

/** What was found, in sentences. */
export function describeVerification(report: AuditReport): string {
  const { ok, checked, checkpoints, foreignLines, waiting } = report;
  const newest = checkpoints.reduce<Checkpoint | null>(
    (last, next) => (last === null || next.seq > last.seq ? next : last),
    null,
  );
  return [
    ok ? `The audit log is whole: ${checked} entries.` : describeProblem(report),
    newest === null
      ? 'No checkpoint is signed with this key: whether entries are missing at the end cannot be told.'
      : `Signed for up to entry ${newest.seq}, at ${newest.at}; what was cut off behind it cannot be told.`,
    ...(foreignLines > 0 ? [`${foreignLines} lines of the checkpoints are not signed with this key.`] : []),
    ...(waiting > 0 ? [`${waiting} entries wait to be linked: a server does that within a second.`] : []),
    '',
  ].join('\n');
}

function describeProblem(report: AuditReport): string {
  const seq = String(report.firstBadSeq);
  if (isOfAnotherKey(report))
    return 'AUDIT_KEY is not the key that this log was begun with (or its very first link was changed): set that one.';
  const what: Readonly<Record<AuditProblem, string>> = {
    BEGINNING: `link ${seq} does not begin a chain of this key: it was changed`,
    LINK_MISSING: `link ${seq} is missing: it was deleted, or moved`,
    ENTRY_MISSING: `the entry of link ${seq} is missing: it was deleted`,
    ORDER_CHANGED: `link ${seq} does not follow the one before it: links were inserted, deleted or put in another order`,
    CONTENT_CHANGED: `entry ${seq} is not what was linked: it was changed, inserted or put in the place of another`,
    TAIL_MISSING: `the log ends before entry ${seq}, and a checkpoint was signed for more: its end was cut off`,
    CHECKPOINT_DIFFERS: `entry ${seq} is not the one that a checkpoint was signed for: the chain was written anew`,
  };
  const problem = report.problem === null ? 'it is not whole' : what[report.problem];
  return `The audit log was TAMPERED WITH: ${problem}. The ${report.checked} entries before it are good.`;
}

/** A log that begins otherwise, and no checkpoint that says that the key is right. */
function isOfAnotherKey({ problem, checkpoints }: AuditReport): boolean {
  return problem === 'BEGINNING' && checkpoints.length === 0;
}
