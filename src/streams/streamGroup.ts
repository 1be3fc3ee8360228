import { asError } from '../errors/asError';
import type { Reader, SharedPayload } from './reader';
import { ReplayRing, type RingBounds } from './replayRing';
import { streamReasons } from './streamEvents';
import type { OpenStream, Position, StreamEvent } from './streamSource';

export interface StreamGroupParts<Event extends StreamEvent, Payload extends SharedPayload> {
  readonly stream: OpenStream<Event>;
  /** The one execution and serialization of an event. */
  readonly render: (event: Event) => Payload;
  readonly ringBounds: RingBounds;
  /** Resolves in the next turn of the event loop, for all groups at once. */
  readonly nextTurn: () => Promise<void>;
  /** The stream has ended or failed by itself. */
  readonly onOver: () => void;
}

/** The position of a reader that refused its very opening. */
const atTheDoor: Position = { seq: 0, items: 0 };

/**
 * Everybody who asked for the same thing: one stream, one rendering an event, the same payload for each reader.
 * A reader costs an event one call of `offer`: no promise, no callback, no iterator.
 */
export class StreamGroup<Event extends StreamEvent, Payload extends SharedPayload> {
  readonly #readers: Reader<Payload>[] = [];
  /** Those who joined before the first event, or while one was between the stream and the readers. */
  readonly #waiting = new Set<Reader<Payload>>();
  /** Those who can take more again, while an event was between the stream and the readers. */
  readonly #returning = new Set<Reader<Payload>>();
  /** Those for whom events are being fetched from where they outlive the process. */
  readonly #replaying = new Set<Reader<Payload>>();
  /** What readers at one position have missed is rendered once, and so is what those who join are told. */
  readonly #missed = new Map<Position, readonly Payload[]>();
  readonly #openings = new Map<string | null, readonly Payload[]>();
  #ring: ReplayRing<Payload> | null = null;
  #position: Position;
  #isOver = false;

  constructor(private readonly parts: StreamGroupParts<Event, Payload>) {
    this.#position = parts.stream.position;
    this.#run().catch((error: unknown) => {
      this.#finish(asError(error));
    });
  }

  /** Anybody of the group, to be counted for it. */
  get anyPayer(): string | null {
    const [waiting] = this.#waiting;
    const [replaying] = this.#replaying;
    return (this.#readers[0] ?? waiting ?? replaying)?.payer ?? null;
  }

  /** True where no event may be left out for a reader. */
  get keepsEverything(): boolean {
    return this.parts.stream.keepsEverything;
  }

  join(reader: Reader<Payload>): void {
    if (this.#isBetween || this.#ring === null) this.#waiting.add(reader);
    else this.#admit(reader, this.#ring);
  }

  leave(reader: Reader<Payload>): void {
    this.#returning.delete(reader);
    if (this.#waiting.delete(reader) || this.#replaying.delete(reader)) return;
    const last = this.#readers.at(-1);
    if (this.#readers[reader.index] !== reader || last === undefined) return;
    this.#readers[reader.index] = last;
    last.index = reader.index;
    this.#readers.pop();
  }

  /** Brings a reader that had refused up to date. */
  catchUp(reader: Reader<Payload>): void {
    const { behind } = reader;
    if (behind === null || this.#ring === null || this.#isOver) return;
    if (this.#isBetween) {
      this.#returning.add(reader);
      return;
    }
    try {
      this.#bringUpToDate(reader, { behind, ring: this.#ring });
    } catch (error) {
      // It is the socket that asks, and it has no answer to this.
      this.#finish(asError(error));
    }
  }

  #bringUpToDate(
    reader: Reader<Payload>,
    { behind, ring }: { readonly behind: Position; readonly ring: ReplayRing<Payload> },
  ): void {
    reader.behind = null;
    if (behind === atTheDoor) {
      this.leave(reader);
      this.#admit(reader, ring);
      return;
    }
    const missed = this.#missedSince(behind);
    if (missed === null) reader.overrun();
    else if (!offerAll(reader, missed)) reader.behind = behind;
  }

  /** Releases the stream; nobody is told. */
  close(): void {
    this.#isOver = true;
    void this.parts.stream.return?.();
  }

  /** True while an event that the stream has given is on its way to the readers: who is told the state in between would be told the event again. */
  get #isBetween(): boolean {
    return this.parts.stream.position.seq !== this.#position.seq;
  }

  async #run(): Promise<void> {
    for (;;) {
      const step = await this.parts.stream.next();
      if (this.#isOver) return;
      if (step.done === true) {
        this.#finish(null);
        return;
      }
      this.#publish(step.value);
      // What comes faster than once a turn is conflated by the stream: many groups of many markets leave room for others.
      if (!this.keepsEverything) await this.parts.nextTurn();
    }
  }

  #publish(event: Event): void {
    const before = this.#position;
    this.#position = this.parts.stream.position;
    this.#forgetTold();
    const payload = this.parts.render(event);
    if (this.#ring === null) {
      this.#ring = new ReplayRing(this.parts.ringBounds, this.#position.seq);
      // The first event is the opening of those who wait for it.
      this.#openings.set(null, [payload]);
    } else {
      this.#ring.push(this.#position.seq, payload);
      for (const reader of this.#readers) {
        if (reader.behind === null && !reader.offer(payload)) reader.behind = before;
      }
      if (this.keepsEverything) this.#dropOverrun(this.#ring);
    }
    if (this.#waiting.size > 0) this.#admitWaiting(this.#ring);
    if (this.#returning.size > 0) this.#catchUpReturning();
  }

  /** Only where there is something: clearing what is empty costs a new table, for each event of each group. */
  #forgetTold(): void {
    if (this.#missed.size > 0) this.#missed.clear();
    if (this.#openings.size > 0) this.#openings.clear();
  }

  #admitWaiting(ring: ReplayRing<Payload>): void {
    for (const reader of this.#waiting) {
      this.#admit(reader, ring);
      this.#waiting.delete(reader);
    }
  }

  #catchUpReturning(): void {
    for (const reader of [...this.#returning]) this.catchUp(reader);
    this.#returning.clear();
  }

  #dropOverrun(ring: ReplayRing<Payload>): void {
    for (const reader of this.#readers) {
      const { behind } = reader;
      if (behind !== null && behind !== atTheDoor && !ring.holdsAfter(behind.seq)) reader.overrun();
    }
  }

  #admit(reader: Reader<Payload>, ring: ReplayRing<Payload>): void {
    const { after } = reader;
    const { stream } = this.parts;
    const seq = after === null ? null : stream.seqOf(after);
    const missed = seq === null || seq > this.#position.seq ? null : ring.after(seq);
    if (missed !== null) {
      this.#add(reader, missed);
    } else if (after !== null && stream.replay !== undefined) {
      this.#replaying.add(reader);
      stream
        .replay(after)
        .catch(() => null)
        .then((events) => {
          this.#addReplayed(reader, events);
        })
        .catch((error: unknown) => {
          this.#finish(asError(error));
        });
    } else {
      this.#add(reader, this.#opening(after === null ? null : streamReasons.resumeNotAvailable));
    }
  }

  /** Between what was fetched and now lies what the ring holds. */
  #addReplayed(reader: Reader<Payload>, events: readonly Event[] | null): void {
    if (this.#isOver || !this.#replaying.has(reader)) return;
    if (this.#isBetween) {
      setImmediate(() => {
        this.#addReplayed(reader, events);
      });
      return;
    }
    const last = events?.at(-1)?.meta.cursor ?? reader.after;
    const seq = last === null ? null : this.parts.stream.seqOf(last);
    const rest = seq === null ? null : (this.#ring?.after(seq) ?? null);
    const first =
      events === null || rest === null
        ? this.#opening(streamReasons.resumeNotAvailable)
        : [...events.map(this.parts.render), ...rest];
    this.#replaying.delete(reader);
    this.#add(reader, first);
  }

  #add(reader: Reader<Payload>, first: readonly Payload[]): void {
    reader.index = this.#readers.push(reader) - 1;
    if (!offerAll(reader, first)) reader.behind = atTheDoor;
  }

  #opening(reason: string | null): readonly Payload[] {
    const known = this.#openings.get(reason);
    const opening = known ?? this.parts.stream.opening(reason).map(this.parts.render);
    this.#openings.set(reason, opening);
    return opening;
  }

  #missedSince(position: Position): readonly Payload[] | null {
    if (this.keepsEverything) return this.#ring?.after(position.seq) ?? null;
    const known = this.#missed.get(position);
    const missed = known ?? this.parts.stream.since(position).map(this.parts.render);
    this.#missed.set(position, missed);
    return missed;
  }

  #finish(error: Error | null): void {
    if (this.#isOver) return;
    this.close();
    const readers = [...this.#readers, ...this.#waiting, ...this.#replaying];
    this.#readers.length = 0;
    this.#waiting.clear();
    this.#replaying.clear();
    this.parts.onOver();
    for (const reader of readers) reader.end(error);
  }
}

/** All or nothing: whether a reader can take more does not change within a turn. */
function offerAll<Payload extends SharedPayload>(reader: Reader<Payload>, payloads: readonly Payload[]): boolean {
  return payloads.every((payload) => reader.offer(payload));
}
