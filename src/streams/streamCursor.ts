import { AppError } from '../errors/appError';

const shape = /^[A-Za-z0-9_-]{1,64}\.\d{1,15}\.\d{1,15}$/;
const maxLength = 140;

/** The cursors of one open stream: good in this process, for as long as the stream is open. */
export class StreamCursors {
  readonly #prefix: string;

  /** epoch: names the process. stream: its streams, one after the other. */
  constructor(place: { readonly epoch: string; readonly stream: number }) {
    this.#prefix = `${place.epoch}.${place.stream}.`;
  }

  /** The position after event `seq`. */
  of(seq: number): string {
    return Buffer.from(`${this.#prefix}${seq}`).toString('base64url');
  }

  /** The event that the cursor names; null where it is of another stream or another process. */
  seqOf(cursor: string): number | null {
    const text = Buffer.from(cursor, 'base64url').toString();
    return text.startsWith(this.#prefix) ? Number(text.slice(this.#prefix.length)) : null;
  }
}

/** Throws BAD_USER_INPUT where the text is no cursor of any stream. */
export function assertCursor(cursor: string): void {
  if (cursor.length <= maxLength && shape.test(Buffer.from(cursor, 'base64url').toString())) return;
  throw new AppError('BAD_USER_INPUT', { publicMessage: '`after` must be a `meta.cursor` of an earlier event.' });
}
