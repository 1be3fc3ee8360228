import type { AppError } from '../errors/appError';
import type { StreamKind } from './streamEvents';
import type { Position } from './streamSource';

/** An event before it is stamped. */
export interface Draft<Body> {
  readonly kind: StreamKind;
  readonly reason: string | null;
  readonly body: Body;
  /** The number of the event that told this first, where it is told again; otherwise it is numbered anew. */
  readonly seq?: number;
}

/**
 * Where messages for the readers of one stream wait, in a form that cannot grow: what a newer message makes useless is given up.
 * Messages go in as they come; drafts are made only when the stream is asked for one. What was told is remembered as far
 * as somebody who joins late, or falls behind, needs it.
 */
export interface Inbox<Body> {
  /** The next event, or null where there is nothing to tell. seq: the number that it will have. */
  take(seq: number): Draft<Body> | null;
  /** True where the next event is a SNAPSHOT or STALE, which no interval holds back. */
  readonly isUrgent: boolean;
  /** Set when the stream has no future: what is waiting is given up, and the reader gets this. */
  readonly failure: AppError | null;
  /** How many items the events so far have carried, or were dropped before they could. */
  readonly toldItems: number;
  /** What was told so far, as one who joins now needs it: a SNAPSHOT of what is live, STALE for what is not. */
  opening(): readonly Draft<Body>[];
  /** What was told since, with what is outdated left out. */
  since(position: Position): readonly Draft<Body>[];
}
