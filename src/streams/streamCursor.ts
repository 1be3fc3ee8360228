import { AppError } from '../errors/appError';

const shape = /^[A-Za-z0-9_-]{1,64}\.\d{1,15}$/;

/** A position in a stream of this process. epoch: names the process. */
export function toCursor(epoch: string, seq: number): string {
  return Buffer.from(`${epoch}.${seq}`).toString('base64url');
}

/** Throws BAD_USER_INPUT where the text is no cursor of any stream. */
export function assertCursor(cursor: string): void {
  if (cursor.length <= 120 && shape.test(Buffer.from(cursor, 'base64url').toString())) return;
  throw new AppError('BAD_USER_INPUT', { publicMessage: '`after` must be a `meta.cursor` of an earlier event.' });
}
