import { StreamGroup } from '../../src/streams/streamGroup';
import type { StreamEvent } from '../../src/streams/streamSource';
import { Gate } from '../kit/gate';
import {
  eventOf,
  passed,
  renderText,
  ScriptedReader,
  ScriptedStream,
  type StreamScript,
  type TextPayload,
} from '../kit/scriptedStream';

interface Options extends Partial<StreamScript> {
  readonly startsAfter?: number;
  readonly maxEntries?: number;
  readonly render?: (event: StreamEvent) => TextPayload;
  readonly nextTurn?: () => Promise<void>;
}

function open({
  keepsEverything = true,
  startsAfter = 0,
  maxEntries = 100,
  render = renderText,
  nextTurn = () => Promise.resolve(),
  replay,
}: Options = {}) {
  const stream = new ScriptedStream({ keepsEverything, ...(replay === undefined ? {} : { replay }) }, startsAfter);
  const rendered = jest.fn(render);
  const onOver = jest.fn();
  const group = new StreamGroup<StreamEvent, TextPayload>({
    stream,
    render: rendered,
    ringBounds: { maxEntries, maxBytes: 100_000 },
    nextTurn,
    onOver,
  });
  const give = async (count = 1): Promise<void> => {
    for (let given = 0; given < count; given += 1) {
      stream.give();
      await passed();
    }
  };
  const join = (after: string | null = null): ScriptedReader => {
    const reader = new ScriptedReader(after);
    group.join(reader);
    return reader;
  };
  return { stream, group, rendered, onOver, give, join };
}

describe('a group of readers', () => {
  it('renders an event once, and offers the same to everybody', async () => {
    const { rendered, give, join } = open();
    const readers = [join(), join(), join()];
    await give(2);
    for (const { taken } of readers) expect(taken).toEqual(['1', '2']);
    expect(rendered).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['asks for the next event in the next turn alone, where the newest is what counts', false],
    ['asks for the next event at once, where nothing may be left out', true],
  ])('%s', async (_how, keepsEverything) => {
    const turn = new Gate();
    const { stream, give, join } = open({ keepsEverything, nextTurn: () => turn.passed });
    const { taken } = join();
    await give();
    const asksAtOnce = stream.isAsked;
    turn.open();
    await passed();
    expect([asksAtOnce, stream.isAsked]).toEqual([keepsEverything, true]);
    await give();
    expect(taken).toEqual(['1', '2']);
  });

  it('tells one who joins later the state, then all that follows; the others notice nothing', async () => {
    const { give, join } = open();
    const early = join();
    await give(3);
    const late = join();
    await give();
    expect([early.taken, late.taken]).toEqual([
      ['1', '2', '3', '4'],
      ['SNAPSHOT 3', '4'],
    ]);
  });

  it('tells nobody an event twice who joins while it is on its way', async () => {
    const { stream, join, give } = open();
    join();
    await give();
    stream.give();
    const reader = join();
    await passed();
    await give();
    expect(reader.taken).toEqual(['SNAPSHOT 2', '3']);
  });

  it('leaves out nobody when another leaves, in whatever place', async () => {
    const { group, give, join } = open();
    const readers = [join(), join(), join(), join()];
    await give();
    for (const gone of [readers[0]!, readers[2]!]) group.leave(gone);
    await give();
    group.leave(readers[0]!);
    await give();
    expect(readers.map(({ taken }) => taken.length)).toEqual([1, 3, 1, 3]);
  });

  it('tells a reader nothing that has left before the first event', async () => {
    const { group, give, join } = open();
    const [gone, stays] = [join(), join()];
    group.leave(gone);
    await give();
    expect([gone.taken, stays.taken]).toEqual([[], ['1']]);
  });

  describe('whose stream ends', () => {
    it.each([
      ['by itself', (stream: ScriptedStream) => void stream.return(), null],
      [
        'with an error',
        (stream: ScriptedStream) => {
          stream.fail(new Error('lost'));
        },
        'lost',
      ],
    ])('%s, ends for all, once for each, and is over', async (_how, end, message) => {
      const { stream, onOver, give, join } = open();
      const readers = [join(), join()];
      await give();
      readers.push(join());
      end(stream);
      await passed();
      for (const { ends } of readers) expect(ends.map((error) => error?.message ?? null)).toEqual([message]);
      expect(onOver).toHaveBeenCalledTimes(1);
      expect(stream.isOpen).toBe(false);
    });

    it.each([0, 1])(
      'by a rendering that throws after %d events: an error for all, and the stream is released',
      async (good) => {
        const render = (event: StreamEvent): TextPayload => {
          if (Number(event.meta.seq) > good) throw new Error('cannot be rendered');
          return renderText(event);
        };
        const { stream, onOver, give, join } = open({ render });
        const readers = [join(), join()];
        await give(good + 1);
        for (const { ends } of readers) expect(ends).toEqual([new Error('cannot be rendered')]);
        expect([stream.isOpen, onOver.mock.calls.length]).toEqual([false, 1]);
      },
    );

    it('by an opening that cannot be rendered: each is told once, those admitted before it too', async () => {
      const render = (event: StreamEvent): TextPayload => {
        if (event.meta.reason !== null) throw new Error('cannot be rendered');
        return renderText(event);
      };
      const { stream, give, join } = open({ render });
      const readers = [join(), join('of another stream'), join()];
      await give();
      for (const { ends } of readers) expect(ends).toEqual([new Error('cannot be rendered')]);
      expect(stream.isOpen).toBe(false);
    });
  });

  it('tells nobody anything any more when it was closed', async () => {
    const { stream, group, join, onOver } = open();
    const reader = join();
    group.close();
    await passed();
    expect([reader.taken, reader.ends, stream.isOpen, onOver.mock.calls.length]).toEqual([[], [], false, 0]);
  });
});

describe('a reader that refuses', () => {
  it.each([
    ['gets the state since, where the newest is what counts', false, ['1', '4']],
    ['gets all that it missed, where nothing may be left out', true, ['1', '2', '3', '4']],
  ])('%s', async (_what, keepsEverything, expected) => {
    const { group, give, join } = open({ keepsEverything });
    const [slow, quick] = [join(), join()];
    await give();
    slow.isWilling = false;
    await give(3);
    slow.isWilling = true;
    group.catchUp(slow);
    expect(slow.taken).toEqual(expected);
    await give();
    expect(slow.taken).toEqual([...expected, '5']);
    expect(quick.taken).toEqual(['1', '2', '3', '4', '5']);
  });

  it('is offered nothing until it asks', async () => {
    const { give, join } = open();
    const slow = join();
    await give();
    slow.isWilling = false;
    await give();
    slow.isWilling = true;
    await give();
    expect(slow.taken).toEqual(['1']);
  });

  it('stays behind where it refuses again, and misses nothing', async () => {
    const { group, give, join } = open();
    const slow = join();
    await give();
    slow.isWilling = false;
    await give(2);
    group.catchUp(slow);
    slow.isWilling = true;
    group.catchUp(slow);
    expect(slow.taken).toEqual(['1', '2', '3']);
  });

  it('misses nothing and gets nothing twice where it asks while an event is on its way', async () => {
    const { stream, group, give, join } = open();
    const slow = join();
    await give();
    slow.isWilling = false;
    await give();
    slow.isWilling = true;
    stream.give();
    group.catchUp(slow);
    await passed();
    await give();
    expect(slow.taken).toEqual(['1', '2', '3', '4']);
  });

  it('its opening, gets the opening of the moment when it asks', async () => {
    const { group, give, join } = open();
    join();
    await give();
    const late = new ScriptedReader();
    late.isWilling = false;
    group.join(late);
    await give(2);
    late.isWilling = true;
    group.catchUp(late);
    await give();
    expect(late.taken).toEqual(['SNAPSHOT 3', '4']);
  });

  it('is overrun where more waits for it than the ring holds, and nothing may be left out; not before', async () => {
    const { give, join } = open({ maxEntries: 3 });
    const slow = join();
    await give();
    slow.isWilling = false;
    await give(3);
    expect(slow.overruns).toBe(0);
    await give();
    expect(slow.overruns).toBe(1);
  });

  it('is never overrun where the newest is what counts', async () => {
    const { group, give, join } = open({ keepsEverything: false, maxEntries: 3 });
    const slow = join();
    await give();
    slow.isWilling = false;
    await give(9);
    slow.isWilling = true;
    group.catchUp(slow);
    expect([slow.overruns, slow.taken]).toEqual([0, ['1', '10']]);
  });

  it('ends with the others where what it missed cannot be rendered', async () => {
    let isBroken = false;
    const render = (event: StreamEvent): TextPayload => {
      if (isBroken) throw new Error('cannot be rendered');
      return renderText(event);
    };
    const { stream, group, give, join } = open({ keepsEverything: false, render });
    const [slow, quick] = [join(), join()];
    await give();
    slow.isWilling = false;
    await give();
    isBroken = true;
    group.catchUp(slow);
    for (const { ends } of [slow, quick]) expect(ends).toEqual([new Error('cannot be rendered')]);
    expect(stream.isOpen).toBe(false);
  });
});

describe('a reader that comes back', () => {
  it('goes on from the ring after its cursor, without a SNAPSHOT', async () => {
    const { give, join } = open();
    join();
    await give(4);
    const back = join('c2');
    const newest = join('c4');
    await give();
    expect([back.taken, newest.taken]).toEqual([['3', '4', '5'], ['5']]);
  });

  it.each([
    ['is of another stream', 'x2'],
    ['is older than the ring', 'c1'],
    ['is of an event that has not happened', 'c9'],
  ])('gets a SNAPSHOT that says why where its cursor %s', async (_what, cursor) => {
    const { give, join } = open({ maxEntries: 2 });
    join();
    await give(4);
    expect(join(cursor).taken).toEqual(['SNAPSHOT 4 RESUME_NOT_AVAILABLE']);
  });
});

describe('a stream whose events outlive the process', () => {
  /** Answers when the test says so. */
  function deferred() {
    const asked: {
      readonly cursor: string;
      readonly answer: (events: readonly StreamEvent[] | null) => void;
      readonly fail: () => void;
    }[] = [];
    const replay = (cursor: string): Promise<readonly StreamEvent[] | null> =>
      new Promise((answer, reject) =>
        asked.push({
          cursor,
          answer,
          fail: () => {
            reject(new Error('down'));
          },
        }),
      );
    return { asked, replay };
  }
  const events = (from: number, to: number): readonly StreamEvent[] =>
    Array.from({ length: to - from + 1 }, (_, index) => eventOf(from + index));

  it('gives what was fetched, then from the ring what came while it was fetched, then what follows', async () => {
    const { asked, replay } = deferred();
    const { give, join } = open({ replay, startsAfter: 10 });
    join();
    await give();
    const back = join('c8');
    expect(asked.map(({ cursor }) => cursor)).toEqual(['c8']);
    await give(2);
    asked[0]!.answer(events(9, 11));
    await passed();
    await give();
    expect(back.taken).toEqual(['9', '10', '11', '12', '13', '14']);
  });

  it('gives no event twice that is on its way when the answer comes', async () => {
    const { asked, replay } = deferred();
    const { stream, give, join } = open({ replay, startsAfter: 10 });
    join();
    await give();
    const back = join('c8');
    stream.advance();
    asked[0]!.answer(events(9, 12));
    await passed();
    stream.deliver();
    await passed();
    await passed();
    await give();
    expect(back.taken).toEqual(['9', '10', '11', '12', '13']);
  });

  it('asks for those, too, who came before the first event', async () => {
    const { asked, replay } = deferred();
    const { give, join } = open({ replay, startsAfter: 10 });
    const back = join('c9');
    await give();
    asked[0]!.answer(events(10, 11));
    await passed();
    expect(back.taken).toEqual(['10', '11']);
  });

  it('goes on from the ring alone where that reaches back far enough', async () => {
    const { asked, replay } = deferred();
    const { give, join } = open({ replay });
    join();
    await give(3);
    expect([join('c2').taken, asked]).toEqual([['3'], []]);
  });

  it.each([
    [
      'are gone',
      (answer: { answer: (events: null) => void }) => {
        answer.answer(null);
      },
    ],
    [
      'cannot be fetched',
      (answer: { fail: () => void }) => {
        answer.fail();
      },
    ],
  ])('gives a SNAPSHOT that says why where they %s', async (_what, answer) => {
    const { asked, replay } = deferred();
    const { give, join } = open({ replay, startsAfter: 10 });
    join();
    await give();
    const back = join('c3');
    answer(asked[0]!);
    await passed();
    await give();
    expect(back.taken).toEqual(['SNAPSHOT 11 RESUME_NOT_AVAILABLE', '12']);
  });

  it('gives a SNAPSHOT, not a gap, where more came while it was fetched than the ring holds', async () => {
    const { asked, replay } = deferred();
    const { give, join } = open({ replay, startsAfter: 10, maxEntries: 2 });
    join();
    await give();
    const back = join('c9');
    await give(3);
    asked[0]!.answer(events(10, 11));
    await passed();
    expect(back.taken).toEqual(['SNAPSHOT 14 RESUME_NOT_AVAILABLE']);
  });

  it('gives nothing to one who left meanwhile, and ends for one who did not', async () => {
    const { asked, replay } = deferred();
    const { stream, group, give, join } = open({ replay, startsAfter: 10 });
    join();
    await give();
    const [gone, stays] = [join('c8'), join('c8')];
    group.leave(gone);
    asked[0]!.answer(events(9, 11));
    stream.fail(new Error('lost'));
    await passed();
    expect([gone.taken, gone.ends, stays.ends.length]).toEqual([[], [], 1]);
    asked[1]!.answer(events(9, 11));
    await passed();
    expect(stays.taken).toEqual([]);
  });

  it('ends with an error for all where what was fetched cannot be rendered', async () => {
    const { asked, replay } = deferred();
    const render = (event: StreamEvent): TextPayload => {
      if (event.meta.seq === '9') throw new Error('cannot be rendered');
      return renderText(event);
    };
    const { stream, give, join } = open({ replay, render, startsAfter: 10 });
    const present = join();
    await give();
    const back = join('c8');
    asked[0]!.answer(events(9, 11));
    await passed();
    for (const { ends } of [present, back]) expect(ends).toEqual([new Error('cannot be rendered')]);
    expect(stream.isOpen).toBe(false);
  });
});
