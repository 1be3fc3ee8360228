import type { AppError } from '../errors/appError';
import type { StreamKind } from './streamEvents';

/** An event before it is numbered and stamped. */
export interface Draft<Body> {
  readonly kind: StreamKind;
  readonly reason: string | null;
  readonly body: Body;
}

/**
 * Where messages for one reader wait, in a form that cannot grow: what a newer message makes useless is given up.
 * Messages go in as they come; drafts are made only when the reader is ready for one.
 */
export interface Inbox<Body> {
  /** The next event, or null where there is nothing to tell. */
  take(): Draft<Body> | null;
  /** True where the next event is a SNAPSHOT or STALE, which no interval holds back. */
  readonly isUrgent: boolean;
  /** Set when the stream has no future: what is waiting is given up, and the reader gets this. */
  readonly failure: AppError | null;
}
