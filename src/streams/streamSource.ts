import type { StreamMeta } from './streamEvents';

export interface StreamEvent {
  readonly meta: StreamMeta;
}

/** How far a reader of a stream has come. */
export interface Position {
  /** `meta.seq` of the last event it was told. */
  readonly seq: number;
  /** How many items (trades) the stream had told by then, or had dropped before it could. */
  readonly items: number;
}

/** One course of events that many readers may share. `next` is asked by one of them; the rest is for those who join it or fall behind. */
export interface OpenStream<Event extends StreamEvent> extends AsyncIterableIterator<Event, undefined> {
  /** Of the newest event that `next` has given. */
  readonly position: Position;
  /** What somebody who joins after the newest event is told first, to be followed by all that `next` gives. Empty before the first event. */
  opening(reason: string | null): readonly Event[];
  /** True where no event may be left out for anybody: `since` is then not asked. */
  readonly keepsEverything: boolean;
  /** What brings a reader from there to the newest event, with what is outdated left out. */
  since(position: Position): readonly Event[];
  /** The number of the event that a cursor names; null where it is of another stream. */
  seqOf(cursor: string): number | null;
  /**
   * For streams whose events outlive the process: those after the cursor, up to the newest or somewhat less, or null
   * where they are gone. Absent: what the process has forgotten is gone.
   */
  replay?(cursor: string): Promise<readonly Event[] | null>;
}

/** A stream that has been found in order (its markets exist, its arguments are within their bounds) and holds nothing open yet. */
export interface StreamSource<Event extends StreamEvent> extends AsyncIterable<Event, undefined> {
  /** The cursor after which its reader wants to go on, or null. */
  readonly after: string | null;
  /** Opens it for many readers. */
  open(): OpenStream<Event>;
  /** Opens it for one reader, who is told by the first event where `after` could not be honoured. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Event, undefined>;
}

export function isStreamSource(value: unknown): value is StreamSource<StreamEvent> {
  return typeof value === 'object' && value !== null && 'open' in value && Symbol.asyncIterator in value;
}
