import type { EpochMs } from '../domain/marketData';
import type { AccountEventRecord } from '../trading/accountLog';
import type { AccountContent, ReadContent } from './accountContent';
import { writeAccountCursor, type AccountPlace } from './accountCursor';
import { streamReasons, type StreamKind, type StreamMeta } from './streamEvents';

export type AccountEvent<Body> = Body & { readonly meta: StreamMeta };

/** How a stream begins: anew, or where its one reader was. */
export type Beginning =
  | { readonly kind: 'new'; readonly reason: string | null }
  | { readonly kind: 'goesOn'; readonly place: AccountPlace; readonly missed: readonly AccountEventRecord[] };

export interface AccountCourseParts<Body> {
  readonly accountId: string;
  readonly content: AccountContent<Body>;
  readonly clock: () => EpochMs;
  readonly courseId: string;
}

/** For who comes back from another node; what is older is asked of the database. */
const numbersKept = 100;

/**
 * What a stream of an account tells next. Events of the outbox go by the account's own number, `seq`; what comes between them (a price, STALE,
 * the SNAPSHOT behind it) repeats the last one. `number` counts everything that was told, for those who read along.
 */
export class AccountCourse<Body extends object> {
  /** Called when what an interval held back is due. */
  onDue: () => void = () => undefined;
  #number = 0;
  #seq = 0;
  /** The last thing told at each of the newest numbers of the account. */
  readonly #numbers = new Map<number, number>();
  #hasOpened = false;
  #isSnapshotDue = true;
  /** True where what has arrived and stands in the SNAPSHOT already is not told: nothing was told before it that it would continue. */
  #isNewBeginning = true;
  #isStaleDue = false;
  #isToldStale = false;
  #read: { readonly content: ReadContent; readonly beginning: Beginning } | null = null;
  #retold: AccountEvent<Body>[] = [];
  readonly #arrived: AccountEventRecord[] = [];
  /** Up to which number it is known what has happened. */
  #heardUpTo = 0;
  #hasChange = false;
  #notBefore: EpochMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: AccountCourseParts<Body>) {}

  get number(): number {
    return this.#number;
  }

  get seq(): number {
    return this.#seq;
  }

  get hasOpened(): boolean {
    return this.#hasOpened;
  }

  /** upTo: the account's newest event, of whatever kind. */
  receive(events: readonly AccountEventRecord[], upTo: number): void {
    this.#arrived.push(...events);
    this.#heardUpTo = upTo;
  }

  /** What is true now was read. */
  know(content: ReadContent, beginning: Beginning): void {
    this.#read = { content, beginning };
  }

  fallStale(): void {
    this.#isSnapshotDue = true;
    this.#read = null;
    if (this.#hasOpened && !this.#isToldStale) this.#isStaleDue = true;
  }

  /** Events are gone: the SNAPSHOT that is read from now on continues nothing. */
  loseTrack(): void {
    this.#isSnapshotDue = true;
    this.#isNewBeginning = true;
    this.#read = null;
  }

  noteChange(): void {
    this.#hasChange = true;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The next event; null where there is none yet. */
  take(): AccountEvent<Body> | null {
    if (this.#isStaleDue) return this.#tellStale();
    return this.#isSnapshotDue ? this.#takeBeginning() : this.#takeNext();
  }

  /** What somebody who joins now is told first. */
  opening(reason: string | null): readonly AccountEvent<Body>[] {
    if (!this.#hasOpened) return [];
    const snapshot = this.#toEvent('SNAPSHOT', this.parts.content.whole(), reason);
    return this.#isToldStale ? [snapshot, this.#staleEvent()] : [snapshot];
  }

  /** The number of the event that this place is behind; null where only the database can tell what came since. */
  numberOf({ course, seq, isStale }: AccountPlace): number | null {
    const { courseId, content } = this.parts;
    if (course?.id === courseId) return course.number;
    if (isStale || this.#isToldStale || content.between !== null) return null;
    return this.#numbers.get(seq) ?? null;
  }

  /** An event as it was, for who missed it. number: of the last event told by now, where nothing else follows it. */
  retell({ seq, payload }: AccountEventRecord, number: number | null): AccountEvent<Body> {
    const { accountId, content, clock, courseId } = this.parts;
    const course = number === null ? null : { id: courseId, number };
    const cursor = writeAccountCursor({ accountId, stream: content.stream, seq, isStale: false, course });
    const meta: StreamMeta = { kind: 'UPDATE', seq: String(seq), at: clock(), cursor, reason: null };
    return { ...content.toUpdate(payload), meta };
  }

  /** What who comes back has to know beside the account's events: whether what it has is old, or is no longer; and the prices of now. */
  tailAfter({ isStale }: AccountPlace): readonly AccountEvent<Body>[] {
    const { content } = this.parts;
    if (this.#isToldStale) return [this.#staleEvent()];
    if (isStale) return [this.#toEvent('SNAPSHOT', content.whole(), null)];
    return content.between === null ? [] : [this.#toEvent('UPDATE', content.whole(), null)];
  }

  #takeBeginning(): AccountEvent<Body> | null {
    if (this.#read === null) return null;
    const { content, beginning } = this.#read;
    if (!this.#isNewBeginning) {
      // What happened while nothing could be read is told as well, each event, before the SNAPSHOT that holds it.
      const [next] = this.#arrived;
      if (next !== undefined && next.seq <= content.seq) return this.#takeArrived();
      if (this.#heardUpTo < content.seq) return null;
    }
    return this.#begin(content, beginning);
  }

  /** With a SNAPSHOT, or, for who goes on, with what it has missed. */
  #begin(content: ReadContent, beginning: Beginning): AccountEvent<Body> | null {
    content.keep();
    this.#seq = content.seq;
    this.#read = null;
    this.#isSnapshotDue = false;
    this.#isNewBeginning = false;
    this.#isToldStale = false;
    this.#hasChange = false;
    this.#hasOpened = true;
    if (beginning.kind === 'new') return this.#tell('SNAPSHOT', this.parts.content.whole(), beginning.reason);
    const retold = beginning.missed.map((event) => this.retell(event, null));
    this.#retold = [...retold, ...this.tailAfter(beginning.place)];
    return this.#takeNext();
  }

  #takeNext(): AccountEvent<Body> | null {
    return this.#retold.shift() ?? this.#takeArrived() ?? this.#takeChange();
  }

  #takeArrived(): AccountEvent<Body> | null {
    let event = this.#arrived.shift();
    // The SNAPSHOT may have been read before its events were.
    while (event !== undefined && event.seq <= this.#seq) event = this.#arrived.shift();
    if (event === undefined) return null;
    this.parts.content.apply(event.payload);
    this.#seq = event.seq;
    return this.#tell('UPDATE', this.parts.content.toUpdate(event.payload), null);
  }

  #takeChange(): AccountEvent<Body> | null {
    const { content, clock } = this.parts;
    if (content.between === null || !this.#hasChange) return null;
    const now = clock();
    if (now < this.#notBefore) {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.onDue();
      }, this.#notBefore - now);
      return null;
    }
    this.#hasChange = false;
    const body = content.between.take();
    if (body === null) return null;
    this.#notBefore = now + content.between.intervalMs;
    return this.#tell('UPDATE', body, null);
  }

  #tellStale(): AccountEvent<Body> {
    this.#isStaleDue = false;
    this.#isToldStale = true;
    this.#advance();
    return this.#staleEvent();
  }

  #staleEvent(): AccountEvent<Body> {
    return this.#toEvent('STALE', this.parts.content.lastKnown(), streamReasons.sourceDisconnected);
  }

  #tell(kind: StreamKind, body: Body, reason: string | null): AccountEvent<Body> {
    this.#advance();
    return this.#toEvent(kind, body, reason);
  }

  #advance(): void {
    this.#number += 1;
    this.#numbers.delete(this.#seq);
    this.#numbers.set(this.#seq, this.#number);
    const [oldest] = this.#numbers.keys();
    if (this.#numbers.size > numbersKept && oldest !== undefined) this.#numbers.delete(oldest);
  }

  #toEvent(kind: StreamKind, body: Body, reason: string | null): AccountEvent<Body> {
    const { accountId, content, clock, courseId } = this.parts;
    const course = { id: courseId, number: this.#number };
    const place = { accountId, stream: content.stream, seq: this.#seq, isStale: this.#isToldStale, course };
    return {
      ...body,
      meta: { kind, seq: String(this.#seq), at: clock(), cursor: writeAccountCursor(place), reason },
    };
  }
}
