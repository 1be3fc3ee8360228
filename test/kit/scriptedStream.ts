import type { Reader, SharedPayload } from '../../src/streams/reader';
import type { StreamMeta } from '../../src/streams/streamEvents';
import type { OpenStream, Position, StreamEvent, StreamSource } from '../../src/streams/streamSource';

/** A payload of which a test sees what is in it. */
export class TextPayload implements SharedPayload {
  constructor(readonly text: string) {}

  get byteLength(): number {
    return this.text.length;
  }
}

export interface StreamScript {
  readonly keepsEverything: boolean;
  /** What stands in every event beside its meta. */
  readonly body?: object;
  /** For streams whose events outlive the process. */
  readonly replay?: (cursor: string) => Promise<readonly StreamEvent[] | null>;
}

function metaOf(seq: number, kind: StreamMeta['kind'], reason: string | null): StreamMeta {
  return { kind, seq: String(seq), at: 0, cursor: `c${seq}`, reason };
}

export function eventOf(seq: number, body: object = {}): StreamEvent {
  return { ...body, meta: metaOf(seq, 'UPDATE', null) };
}

type Step = IteratorResult<StreamEvent, undefined>;

/** A stream whose every event is the next number. Who joins is told a SNAPSHOT of the newest, who fell behind the numbers since. */
export class ScriptedStream implements OpenStream<StreamEvent> {
  isOpen = true;
  position: Position;
  replay?: (cursor: string) => Promise<readonly StreamEvent[] | null>;
  readonly keepsEverything: boolean;
  readonly #body: object;
  #waiting: { resolve: (step: Step) => void; reject: (error: Error) => void } | null = null;

  constructor(script: StreamScript, startsAfter = 0) {
    this.keepsEverything = script.keepsEverything;
    this.position = { seq: startsAfter, items: 0 };
    this.#body = script.body ?? {};
    if (script.replay !== undefined) this.replay = script.replay;
  }

  /** True while somebody waits for its next event. */
  get isAsked(): boolean {
    return this.#waiting !== null;
  }

  /** Gives the next event; it is on its way to the readers until `passed`. */
  give(): void {
    this.advance();
    this.deliver();
  }

  /** The event has happened, and is on its way until it is delivered. */
  advance(): void {
    this.position = { seq: this.position.seq + 1, items: 0 };
  }

  deliver(): void {
    this.#take().resolve({ done: false, value: eventOf(this.position.seq, this.#body) });
  }

  fail(error: Error): void {
    this.#take().reject(error);
  }

  opening(reason: string | null): readonly StreamEvent[] {
    return this.position.seq === 0 ? [] : [{ ...this.#body, meta: metaOf(this.position.seq, 'SNAPSHOT', reason) }];
  }

  since({ seq }: Position): readonly StreamEvent[] {
    if (this.keepsEverything) throw new Error('nothing may be left out of this stream');
    return seq === this.position.seq ? [] : [eventOf(this.position.seq, this.#body)];
  }

  seqOf(cursor: string): number | null {
    const digits = /^c(\d+)$/.exec(cursor)?.[1];
    return digits === undefined ? null : Number(digits);
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<Step> {
    this.isOpen = false;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): { resolve: (step: Step) => void; reject: (error: Error) => void } {
    const waiting = this.#waiting;
    if (waiting === null) throw new Error('nobody asks the stream for its next event');
    this.#waiting = null;
    return waiting;
  }
}

/** Opens a new scripted stream each time, and keeps them all. */
export class ScriptedSource implements StreamSource<StreamEvent> {
  readonly after = null;
  readonly opened: ScriptedStream[] = [];

  constructor(private readonly script: StreamScript = { keepsEverything: false }) {}

  open(): ScriptedStream {
    const stream = new ScriptedStream(this.script);
    this.opened.push(stream);
    return stream;
  }

  [Symbol.asyncIterator](): ScriptedStream {
    return this.open();
  }
}

/** A reader that takes or refuses as it is told, and keeps what it took. */
export class ScriptedReader implements Reader<TextPayload> {
  index = -1;
  behind: Position | null = null;
  isWilling = true;
  overruns = 0;
  readonly taken: string[] = [];
  readonly ends: (Error | null)[] = [];

  constructor(
    readonly after: string | null = null,
    readonly payer = 'somebody',
  ) {}

  offer({ text }: TextPayload): boolean {
    if (this.isWilling) this.taken.push(text);
    return this.isWilling;
  }

  overrun(): void {
    this.overruns += 1;
  }

  end(error: Error | null): void {
    this.ends.push(error);
  }
}

/** As a test names an event: its number, with what is unusual about it. */
export function renderText({ meta: { kind, seq, reason } }: StreamEvent): TextPayload {
  return new TextPayload(`${kind === 'SNAPSHOT' ? 'SNAPSHOT ' : ''}${seq}${reason === null ? '' : ` ${reason}`}`);
}

/** Lets everything that was given reach the readers. */
export function passed(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
