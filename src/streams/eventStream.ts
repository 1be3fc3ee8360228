import type { EpochMs } from '../domain/marketData';
import { asError } from '../errors/asError';
import type { Draft, Inbox } from './inbox';
import type { StreamCursors } from './streamCursor';
import type { StreamMeta } from './streamEvents';
import type { OpenStream, Position } from './streamSource';

export interface EventStreamParts<Body> {
  readonly inbox: Inbox<Body>;
  readonly clock: () => EpochMs;
  /** At most one UPDATE in this time; 0 is no limit. */
  readonly intervalMs: number;
  readonly cursors: StreamCursors;
  /** Why the first event is no continuation; null where none was asked for. */
  readonly openingReason: string | null;
  /** Lets go of the sources; called once, at once. */
  readonly release: () => void;
}

type StreamEvent<Body> = Body & { readonly meta: StreamMeta };
type Step<Body> = IteratorResult<StreamEvent<Body>, undefined>;

interface Waiter<Body> {
  readonly resolve: (step: Step<Body>) => void;
  readonly reject: (error: unknown) => void;
}

/** A place that no stream can be resumed from: the opening itself is never sent again. */
const beforeAll = 0;

/**
 * An inbox as a stream of numbered events. Written by hand, because a generator's `return()` waits for the pending `next()`,
 * which on a quiet market never comes: the source would never be released. Ours releases at once.
 */
export class EventStream<Body extends object> implements OpenStream<StreamEvent<Body>> {
  /** Prices and trades of a market: the newest is what counts. */
  readonly keepsEverything = false;
  readonly #waiters: Waiter<Body>[] = [];
  #isDone = false;
  #seq = 0;
  #notBefore: EpochMs = 0;
  #openingReason: string | null;
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: EventStreamParts<Body>) {
    this.#openingReason = parts.openingReason;
  }

  get position(): Position {
    return { seq: this.#seq, items: this.parts.inbox.toldItems };
  }

  opening(reason: string | null): readonly StreamEvent<Body>[] {
    if (this.#seq === 0) return [];
    const [first, ...others] = this.#retell(this.parts.inbox.opening());
    if (first === undefined || reason === null) return first === undefined ? [] : [first, ...others];
    return [{ ...first, meta: { ...first.meta, reason: joinReasons(reason, first.meta.reason) } }, ...others];
  }

  since(position: Position): readonly StreamEvent<Body>[] {
    return this.#retell(this.parts.inbox.since(position));
  }

  seqOf(cursor: string): number | null {
    return this.parts.cursors.seqOf(cursor);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step<Body>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.wake();
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

  /** The inbox has changed. */
  wake(): void {
    while (this.#waiters.length > 0) {
      if (this.#isDone) {
        this.#waiters.shift()?.resolve({ done: true, value: undefined });
        continue;
      }
      if (this.parts.inbox.failure !== null) {
        this.#waiters.shift()?.reject(this.parts.inbox.failure);
        this.#end();
        return;
      }
      if (this.#mustWait()) return;
      const draft = this.parts.inbox.take(this.#seq + 1);
      if (draft === null) return;
      this.#waiters.shift()?.resolve({ done: false, value: this.#stamp(draft) });
    }
  }

  #mustWait(): boolean {
    const waitMs = this.#notBefore - this.parts.clock();
    if (waitMs <= 0 || this.parts.inbox.isUrgent) return false;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.wake();
    }, waitMs);
    return true;
  }

  #stamp(draft: Draft<Body>): StreamEvent<Body> {
    this.#notBefore = this.parts.clock() + this.parts.intervalMs;
    this.#seq += 1;
    const reason = joinReasons(this.#openingReason, draft.reason);
    this.#openingReason = null;
    return this.#toEvent({ ...draft, reason }, this.#seq);
  }

  /**
   * For single readers: what the others were told already has its number. Several that share one say it all only together:
   * whoever is cut between them begins anew.
   */
  #retell(drafts: readonly Draft<Body>[]): readonly StreamEvent<Body>[] {
    return drafts.map((draft, index) => {
      const isWhole = draft.seq !== undefined || index === drafts.length - 1;
      return this.#toEvent(draft, draft.seq ?? this.#seq, isWhole ? undefined : beforeAll);
    });
  }

  #toEvent({ kind, reason, body }: Draft<Body>, seq: number, resumesAfter = seq): StreamEvent<Body> {
    const { clock, cursors } = this.parts;
    return { meta: { kind, seq: String(seq), at: clock(), cursor: cursors.of(resumesAfter), reason }, ...body };
  }

  #end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.parts.release();
    this.wake();
  }
}

/** Several reasons of one event, told in one text. */
export function joinReasons(...reasons: readonly (string | null)[]): string | null {
  const present = reasons.filter((reason) => reason !== null);
  return present.length === 0 ? null : present.join('; ');
}
