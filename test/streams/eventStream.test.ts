import { AppError } from '../../src/errors/appError';
import { EventStream } from '../../src/streams/eventStream';
import type { Draft, Inbox } from '../../src/streams/inbox';
import { StreamCursors } from '../../src/streams/streamCursor';

interface Body {
  readonly value: number;
}

/** Keeps the newest, as most inboxes do. */
class NewestInbox implements Inbox<Body> {
  readonly toldItems = 0;
  failure: AppError | null = null;
  #draft: Draft<Body> | null = null;
  #told: readonly Draft<Body>[] = [];

  get isUrgent(): boolean {
    return this.#draft !== null && this.#draft.kind !== 'UPDATE';
  }

  put(value: number, kind: Draft<Body>['kind'] = 'UPDATE'): void {
    this.#draft = { kind, reason: null, body: { value } };
  }

  take(): Draft<Body> | null {
    const draft = this.#draft;
    this.#draft = null;
    if (draft !== null) this.#told = [draft];
    return draft;
  }

  opening(): readonly Draft<Body>[] {
    return this.#told;
  }

  since(): readonly Draft<Body>[] {
    return this.#told.map((draft) => ({ ...draft, seq: 1 }));
  }
}

const cursors = new StreamCursors({ epoch: 'here', stream: 7 });

function open(intervalMs = 0, openingReason: string | null = null) {
  const inbox = new NewestInbox();
  const release = jest.fn();
  const stream = new EventStream({
    inbox,
    intervalMs,
    openingReason,
    release,
    clock: Date.now,
    cursors,
  });
  const put = (value: number, kind?: Draft<Body>['kind']): void => {
    inbox.put(value, kind);
    stream.wake();
  };
  return { inbox, release, stream, put };
}

describe('a stream', () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000 }));
  afterEach(() => jest.useRealTimers());

  it('numbers its events from 1 and stamps each with its time and cursor', async () => {
    const { stream, put } = open();
    put(1, 'SNAPSHOT');
    expect(await stream.next()).toEqual({
      done: false,
      value: { value: 1, meta: { kind: 'SNAPSHOT', seq: '1', at: 1_000, cursor: cursors.of(1), reason: null } },
    });
    put(2);
    expect((await stream.next()).value?.meta.seq).toBe('2');
  });

  it('tells the reason of a refused resumption with the first event, be it STALE, as one who joins a group is told', async () => {
    const { stream, put } = open(0, 'RESUME_NOT_AVAILABLE');
    put(1, 'STALE');
    expect((await stream.next()).value?.meta.reason).toBe('RESUME_NOT_AVAILABLE');
    put(2, 'SNAPSHOT');
    expect((await stream.next()).value?.meta.reason).toBeNull();
  });

  it('releases its source at once when the reader leaves, though a read is still waiting', async () => {
    const { stream, release } = open();
    const waiting = stream.next();
    void stream.return();
    expect(release).toHaveBeenCalledTimes(1);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await stream.return();
    expect(release).toHaveBeenCalledTimes(1);
  });

  it('ends with its failure, once, and releases', async () => {
    const { stream, inbox, release } = open();
    const waiting = stream.next();
    inbox.failure = new AppError('MARKET_NOT_FOUND');
    stream.wake();
    await expect(waiting).rejects.toMatchObject({ code: 'MARKET_NOT_FOUND' });
    expect(release).toHaveBeenCalledTimes(1);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('tells the first event at once, then at most one in the interval, and the newest at its end', async () => {
    const { stream, put } = open(100);
    const got: [number, number][] = [];
    const read = async (): Promise<void> => {
      for await (const event of stream) got.push([Date.now(), event.value]);
    };
    const reading = read();
    put(1, 'SNAPSHOT');
    for (let value = 2; value <= 26; value += 1) {
      await jest.advanceTimersByTimeAsync(10);
      put(value);
    }
    await jest.advanceTimersByTimeAsync(1_000);
    expect(got).toEqual([
      [1_000, 1],
      [1_100, 10],
      [1_200, 20],
      [1_300, 26],
    ]);
    await stream.return();
    await reading;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not let the interval hold back STALE or a SNAPSHOT', async () => {
    const { stream, put } = open(60_000);
    put(1, 'SNAPSHOT');
    await stream.next();
    put(2, 'STALE');
    expect((await stream.next()).value).toMatchObject({ value: 2, meta: { kind: 'STALE' } });
    put(3, 'SNAPSHOT');
    expect((await stream.next()).value).toMatchObject({ value: 3, meta: { kind: 'SNAPSHOT' } });
  });

  it('knows its own cursors, and no others', async () => {
    const { stream, put } = open();
    put(1, 'SNAPSHOT');
    const { value } = await stream.next();
    expect(stream.seqOf(value?.meta.cursor ?? '')).toBe(1);
    for (const place of [
      { epoch: 'here', stream: 8 },
      { epoch: 'there', stream: 7 },
    ])
      expect(stream.seqOf(new StreamCursors(place).of(1))).toBeNull();
  });

  it('tells one who joins what was told, under the newest number and with the reason of his own', async () => {
    const { stream, put } = open();
    expect(stream.opening('RESUME_NOT_AVAILABLE')).toEqual([]);
    put(1, 'SNAPSHOT');
    await stream.next();
    put(2);
    await stream.next();
    expect(stream.position).toEqual({ seq: 2, items: 0 });
    const meta = { kind: 'UPDATE', seq: '2', at: 1_000, cursor: cursors.of(2) };
    expect(stream.opening(null)).toEqual([{ value: 2, meta: { ...meta, reason: null } }]);
    expect(stream.opening('RESUME_NOT_AVAILABLE')).toEqual([
      { value: 2, meta: { ...meta, reason: 'RESUME_NOT_AVAILABLE' } },
    ]);
    // What is told again is no new event.
    expect(stream.position.seq).toBe(2);
  });

  it('tells one who missed something what was told, under the number that it had', async () => {
    const { stream, put } = open();
    put(1, 'SNAPSHOT');
    await stream.next();
    put(2);
    await stream.next();
    const [missed] = stream.since({ seq: 0, items: 0 });
    expect(missed?.meta).toMatchObject({ seq: '1', cursor: cursors.of(1) });
  });

  it('serves several reads in the order in which they were asked', async () => {
    const { stream, put } = open();
    const reads = [stream.next(), stream.next()];
    put(1, 'SNAPSHOT');
    put(2);
    expect((await Promise.all(reads)).map(({ value }) => value?.value)).toEqual([1, 2]);
  });
});
