import type { EpochMs } from '../domain/marketData';
import { AppError } from '../errors/appError';
import { asError } from '../errors/asError';
import type { AccountEventRecord, AccountLog, AccountReader } from '../trading/accountLog';
import type { AccountContent, ReadContent } from './accountContent';
import { AccountCourse, type AccountEvent, type Beginning } from './accountCourse';
import { readAccountCursor, type AccountPlace } from './accountCursor';
import { within, type AccountFeeds } from './accountFeeds';
import { streamReasons } from './streamEvents';
import type { OpenStream, Position } from './streamSource';

export interface AccountStreamParts<Body> {
  readonly accountId: string;
  readonly reader: AccountReader;
  readonly content: AccountContent<Body>;
  readonly log: Pick<AccountLog, 'replay'>;
  readonly feeds: Pick<AccountFeeds, 'join'>;
  readonly clock: () => EpochMs;
  /** Names this course of events in cursors: 1 to 32 letters and digits. */
  readonly courseId: string;
  /** Where its one reader wants to go on; null for a stream of many, and for who begins. */
  readonly after: string | null;
  /** Told once, when it ends. */
  readonly onEnd: () => void;
}

type Step<Body> = IteratorResult<AccountEvent<Body>, undefined>;

interface Waiter<Body> {
  readonly resolve: (step: Step<Body>) => void;
  readonly reject: (error: unknown) => void;
}

/** What could not be read is asked for again after so long. */
const retryMs = 500;
/** What takes longer to be read is asked for again. */
const readWithinMs = 5_000;
/** Who has missed more begins anew. */
const mostReplayed = 5_000;

/**
 * One account's orders, positions, balances or risk as a stream that leaves nothing out: a SNAPSHOT, then each event of the account's outbox
 * by its own number. By hand, as all streams: its `return()` releases at once.
 */
export class AccountStream<Body extends object> implements OpenStream<AccountEvent<Body>> {
  readonly keepsEverything = true;
  readonly #course: AccountCourse<Body>;
  readonly #leave: () => void;
  readonly #waiters: Waiter<Body>[] = [];
  /** Told when the course has come as far as they wait for. */
  readonly #awaited = new Set<{ readonly seq: number; readonly reached: () => void }>();
  #reader: AccountReader;
  #failure: Error | null = null;
  #isDone = false;
  #readings = 0;
  #retry: NodeJS.Timeout | null = null;

  constructor(private readonly parts: AccountStreamParts<Body>) {
    const { accountId, content, clock, courseId, feeds } = parts;
    this.#reader = parts.reader;
    this.#course = new AccountCourse({ accountId, content, clock, courseId });
    content.between?.follow(() => {
      this.#course.noteChange();
      this.#wake();
    });
    this.#course.onDue = () => {
      this.#wake();
    };
    this.#leave = feeds.join(accountId, {
      onEvents: (events) => {
        this.#receive(events);
      },
      onSilent: () => {
        this.#readings += 1;
        this.#course.fallStale();
        this.#wake();
      },
      onReady: (seq) => {
        this.#course.receive([], seq);
        this.#readContent();
      },
      onGap: () => {
        this.#course.loseTrack();
        this.#readContent();
      },
    });
  }

  get accountId(): string {
    return this.parts.accountId;
  }

  get reader(): AccountReader {
    return this.#reader;
  }

  /** What its user may read from now on. */
  changeReader(reader: AccountReader): void {
    this.#reader = reader;
  }

  get position(): Position {
    return { seq: this.#course.number, items: 0 };
  }

  opening(reason: string | null): readonly AccountEvent<Body>[] {
    return this.#course.opening(reason);
  }

  since(): readonly AccountEvent<Body>[] {
    throw new Error('nothing may be left out of a stream of an account');
  }

  seqOf(cursor: string): number | null {
    const place = this.#placeOf(cursor);
    return place === null ? null : this.#course.numberOf(place);
  }

  async replay(cursor: string): Promise<readonly AccountEvent<Body>[] | null> {
    const place = this.#placeOf(cursor);
    if (place === null) return null;
    await this.#reach(place.seq);
    if (this.#isDone) return null;
    const { seq, number } = this.#course;
    // Taken before the question: what happens meanwhile is in the group's ring.
    const tail = this.#course.tailAfter(place);
    const missed = await this.#missed(place.seq, seq);
    if (missed === null) return null;
    const events = missed.map((event, index) =>
      this.#course.retell(event, tail.length === 0 && index === missed.length - 1 ? number : null),
    );
    return [...events, ...tail];
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step<Body>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#wake();
    });
  }

  return(): Promise<Step<Body>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<Step<Body>> {
    this.#end();
    return Promise.reject(asError(error));
  }

  /** Ends it with an error: its user may not see the account any more. */
  refuse(): void {
    this.#failure ??= new AppError('FORBIDDEN', { publicMessage: 'You may not read this account any more.' });
    this.#wake();
  }

  #receive(events: readonly AccountEventRecord[]): void {
    const concerned = events.filter(({ kind }) => kind === this.parts.content.kind);
    this.#course.receive(concerned, events.at(-1)?.seq ?? 0);
    this.#wake();
  }

  /** What is true now, for the SNAPSHOT that is due. Of several readings the last one counts. */
  #readContent(): void {
    this.#readings += 1;
    const reading = this.#readings;
    const isCurrent = (): boolean => !this.#isDone && reading === this.#readings;
    this.#load().then(
      (loaded) => {
        if (!isCurrent()) return;
        if (loaded === null) this.refuse();
        else this.#course.know(loaded.content, loaded.beginning);
        this.#wake();
      },
      () => {
        if (!isCurrent()) return;
        this.#retry = setTimeout(() => {
          if (isCurrent()) this.#readContent();
        }, retryMs);
      },
    );
  }

  async #load(): Promise<{ readonly content: ReadContent; readonly beginning: Beginning } | null> {
    const content = await within(this.parts.content.read(this.#reader), readWithinMs);
    if (content === null) return null;
    const { after } = this.parts;
    if (after === null || this.#course.hasOpened) return { content, beginning: { kind: 'new', reason: null } };
    const place = this.#placeOf(after);
    const missed = place === null ? null : await this.#missed(place.seq, content.seq);
    if (place === null || missed === null)
      return { content, beginning: { kind: 'new', reason: streamReasons.resumeNotAvailable } };
    return { content, beginning: { kind: 'goesOn', place, missed } };
  }

  async #missed(after: number, upTo: number): Promise<readonly AccountEventRecord[] | null> {
    if (after >= upTo) return after === upTo ? [] : null;
    const { accountId, content, log } = this.parts;
    return log.replay(this.#reader, { accountId, kind: content.kind, after, upTo, most: mostReplayed });
  }

  /** A cursor of another account, or of another stream, is none of this one. */
  #placeOf(cursor: string): AccountPlace | null {
    const place = readAccountCursor(cursor);
    const isOurs = place?.accountId === this.parts.accountId && place.stream === this.parts.content.stream;
    return isOurs ? place : null;
  }

  /** Another node may have told more than has been read here. */
  async #reach(seq: number): Promise<void> {
    if (this.#course.seq >= seq || this.#isDone) return;
    await new Promise<void>((resolve) => {
      const waiting = { seq, reached: resolve };
      this.#awaited.add(waiting);
      // A number that never was is never reached.
      setTimeout(() => {
        this.#awaited.delete(waiting);
        resolve();
      }, retryMs);
    });
  }

  #wake(): void {
    while (this.#waiters.length > 0) {
      if (this.#isDone) {
        this.#waiters.shift()?.resolve({ done: true, value: undefined });
      } else if (this.#failure !== null) {
        this.#waiters.shift()?.reject(this.#failure);
        this.#end();
      } else {
        const event = this.#course.take();
        if (event === null) return;
        this.#waiters.shift()?.resolve({ done: false, value: event });
        this.#tellReached();
      }
    }
  }

  #tellReached(): void {
    for (const waiting of this.#awaited) {
      if (waiting.seq > this.#course.seq) continue;
      this.#awaited.delete(waiting);
      waiting.reached();
    }
  }

  #end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    for (const { reached } of this.#awaited) reached();
    this.#awaited.clear();
    this.#course.close();
    this.parts.content.between?.release();
    this.#leave();
    this.parts.onEnd();
    this.#wake();
  }
}
