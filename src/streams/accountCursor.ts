import type { AccountStreamName } from './accountContent';

/** A place in a stream of an account. */
export interface AccountPlace {
  readonly accountId: string;
  readonly stream: AccountStreamName;
  /** The account's number of the last event: with it, the stream goes on at any node and after any restart. */
  readonly seq: number;
  /** True where the reader was told last that what it has is old. */
  readonly isStale: boolean;
  /** Which course of events of this process it is of and where in it, to go on with no question to the database; null where that is not said. */
  readonly course: { readonly id: string; readonly number: number } | null;
}

const shape =
  /^([0-9a-f-]{36})\.(orders|positions|balances|risk)\.(\d{1,15})(\.s)?(?:~([0-9a-zA-Z]{1,32})\.(\d{1,15}))?$/;
const maxLength = 200;

export function writeAccountCursor({ accountId, stream, seq, isStale, course }: AccountPlace): string {
  const hint = course === null ? '' : `~${course.id}.${course.number}`;
  return Buffer.from(`${accountId}.${stream}.${seq}${isStale ? '.s' : ''}${hint}`).toString('base64url');
}

/** Null where the text is no cursor of an account's stream. */
export function readAccountCursor(cursor: string): AccountPlace | null {
  const text = cursor.length > maxLength ? '' : Buffer.from(cursor, 'base64url').toString();
  const [, accountId, stream, seq, stale, courseId, number] = shape.exec(text) ?? [];
  if (accountId === undefined || stream === undefined || seq === undefined) return null;
  return {
    accountId,
    stream: stream as AccountStreamName,
    seq: Number.parseInt(seq, 10),
    isStale: stale !== undefined,
    course:
      courseId === undefined || number === undefined ? null : { id: courseId, number: Number.parseInt(number, 10) },
  };
}
