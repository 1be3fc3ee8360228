import type { Position } from './streamSource';

/** What a group writes once for all of its readers. */
export interface SharedPayload {
  readonly byteLength: number;
}

/** Somebody who reads along with a group. Nothing of it is called back from within `offer`. */
export interface Reader<Payload extends SharedPayload> {
  /** The group's own: where the reader stands in its list. */
  index: number;
  /** The group's own: how far a reader had come when it first refused; null where it has everything. */
  behind: Position | null;
  /** Whom the group is counted against if this reader opens it. */
  readonly payer: string;
  /** The cursor after which it wants to go on, or null. */
  readonly after: string | null;
  /** Takes a payload, or refuses it (false) and asks for `catchUp` when it can take some again. */
  offer(payload: Payload): boolean;
  /** Nothing may be left out for it, and more waits for it than is kept. */
  overrun(): void;
  /** The stream is over; with an error where it failed. */
  end(error: Error | null): void;
}
