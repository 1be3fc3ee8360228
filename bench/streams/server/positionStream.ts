import type { OpenStream, Position, StreamEvent, StreamSource } from '../../../src/streams/streamSource';

/** A stream whose events are made from another's, one from each. */
export function mapSource<From extends StreamEvent, To extends StreamEvent>(
  source: StreamSource<From>,
  toEvent: (event: From) => To,
): StreamSource<To> {
  return {
    after: source.after,
    open: () => new MappedStream(source.open(), toEvent),
    [Symbol.asyncIterator]: () => mapSteps(source[Symbol.asyncIterator](), toEvent),
  };
}

class MappedStream<From extends StreamEvent, To extends StreamEvent> implements OpenStream<To> {
  readonly keepsEverything: boolean;
  readonly #steps: AsyncIterableIterator<To, undefined>;

  constructor(
    private readonly source: OpenStream<From>,
    private readonly toEvent: (event: From) => To,
  ) {
    this.keepsEverything = source.keepsEverything;
    this.#steps = mapSteps(source, toEvent);
  }

  get position(): Position {
    return this.source.position;
  }

  opening(reason: string | null): readonly To[] {
    return this.source.opening(reason).map(this.toEvent);
  }

  since(position: Position): readonly To[] {
    return this.source.since(position).map(this.toEvent);
  }

  seqOf(cursor: string): number | null {
    return this.source.seqOf(cursor);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<To, undefined>> {
    return this.#steps.next();
  }

  async return(): Promise<IteratorResult<To, undefined>> {
    await this.source.return?.();
    return { done: true, value: undefined };
  }
}

/** By hand: `return()` of a generator would wait for the next event, and keep the source open until then. */
function mapSteps<From, To>(
  events: AsyncIterator<From, undefined>,
  toEvent: (event: From) => To,
): AsyncIterableIterator<To, undefined> {
  const steps: AsyncIterableIterator<To, undefined> = {
    async next() {
      const step = await events.next();
      return step.done === true ? { done: true, value: undefined } : { done: false, value: toEvent(step.value) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => steps,
  };
  return steps;
}
