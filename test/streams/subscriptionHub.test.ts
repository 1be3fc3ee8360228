import { SubscriptionHub } from '../../src/streams/subscriptionHub';
import { passed, renderText, ScriptedReader, ScriptedSource, type TextPayload } from '../kit/scriptedStream';

const maxGroupsPerPayer = 2;

function makeHub() {
  const groupCounts: number[] = [];
  const source = new ScriptedSource();
  const hub = new SubscriptionHub<TextPayload>({
    ringBounds: { maxEntries: 100, maxBytes: 100_000 },
    keptBounds: { maxEntries: 1_000, maxBytes: 1_000_000 },
    onPayerFull: () => undefined,
    maxGroupsPerPayer,
    onGroups: (count) => groupCounts.push(count),
  });
  const newRender = jest.fn(() => renderText);
  const join = (key: string, payer: string, reader = new ScriptedReader(null, payer)) => {
    const group = hub.join({ key, source, newRender }, reader);
    return {
      reader,
      leave: () => {
        group.leave(reader);
      },
    };
  };
  const openCount = (): number => source.opened.filter(({ isOpen }) => isOpen).length;
  return { hub, source, groupCounts, newRender, join, openCount };
}

describe('the subscription hub', () => {
  it('opens a stream once for all of one key, and another for another key', async () => {
    const { source, newRender, groupCounts, join } = makeHub();
    const [one, other, apart] = [join('a', 'ann'), join('a', 'bob'), join('b', 'bob')];
    expect([source.opened.length, newRender.mock.calls.length, groupCounts]).toEqual([2, 2, [1, 2]]);
    source.opened[0]!.give();
    await passed();
    expect([one.reader.taken, other.reader.taken, apart.reader.taken]).toEqual([['1'], ['1'], []]);
  });

  it('waits for the next turn once for all of its streams', async () => {
    const { source, join } = makeHub();
    for (const key of ['a', 'b']) join(key, 'ann');
    const wait = jest.spyOn(global, 'setImmediate');
    for (const stream of source.opened) stream.give();
    // The events reach the readers within this turn, and every group waits.
    for (let steps = 0; steps < 20; steps += 1) await Promise.resolve();
    const waits = wait.mock.calls.length;
    wait.mockRestore();
    expect([waits, source.opened.map(({ isAsked }) => isAsked)]).toEqual([1, [false, false]]);
    await passed();
    expect(source.opened.map(({ isAsked }) => isAsked)).toEqual([true, true]);
  });

  it('releases the stream at once when the last has left, not before, and opens it anew for who comes later', () => {
    const { source, groupCounts, join, openCount } = makeHub();
    const [one, other] = [join('a', 'ann'), join('a', 'bob')];
    one.leave();
    one.leave();
    expect(openCount()).toBe(1);
    other.leave();
    expect(openCount()).toBe(0);
    join('a', 'cat');
    expect([source.opened.length, openCount(), groupCounts]).toEqual([2, 1, [1, 0, 1]]);
  });

  it('opens a stream anew after it has ended, for who comes then; who was there leaves without harm', async () => {
    const { source, groupCounts, join, openCount } = makeHub();
    const early = join('a', 'ann');
    source.opened[0]!.fail(new Error('lost'));
    await passed();
    expect(early.reader.ends).toHaveLength(1);
    const late = join('a', 'bob');
    early.leave();
    expect(openCount()).toBe(1);
    source.opened[1]!.give();
    await passed();
    expect([late.reader.taken, groupCounts]).toEqual([['1'], [1, 0, 1]]);
  });

  describe('counts a group against a payer', () => {
    it('who opened it: beyond the limit nothing is opened, and nothing is left behind', () => {
      const { source, groupCounts, join } = makeHub();
      join('a', 'ann');
      join('b', 'ann');
      expect(() => join('c', 'ann')).toThrow(expect.objectContaining({ code: 'TOO_MANY_SUBSCRIPTIONS' }) as Error);
      expect([source.opened.length, groupCounts.at(-1)]).toEqual([2, 2]);
      join('c', 'bob');
      expect(source.opened).toHaveLength(3);
    });

    it('not who joins one that is open', () => {
      const { join } = makeHub();
      for (const key of ['a', 'b']) join(key, 'ann');
      for (const key of ['c', 'd']) join(key, 'bob');
      expect(() => ['a', 'b', 'c', 'd'].map((key) => join(key, 'bob'))).not.toThrow();
    });

    it('until it is closed', () => {
      const { join } = makeHub();
      const [first] = [join('a', 'ann'), join('b', 'ann')];
      first.leave();
      expect(() => join('c', 'ann')).not.toThrow();
      expect(() => join('d', 'ann')).toThrow();
    });

    it('until its stream has ended by itself', async () => {
      const { source, join } = makeHub();
      const [first] = [join('a', 'ann'), join('b', 'ann')];
      source.opened[0]!.fail(new Error('lost'));
      await passed();
      first.leave();
      expect(() => join('c', 'ann')).not.toThrow();
      expect(() => join('d', 'ann')).toThrow();
    });

    it('and against one of those who stay when the payer leaves', () => {
      const { join } = makeHub();
      const opener = join('a', 'ann');
      const heir = join('a', 'bob');
      opener.leave();
      join('b', 'bob');
      expect(() => join('c', 'bob')).toThrow();
      for (const key of ['d', 'e']) join(key, 'ann');
      heir.leave();
      expect(() => join('c', 'bob')).not.toThrow();
    });

    it('and not against another when somebody leaves who did not pay', () => {
      const { join } = makeHub();
      join('a', 'ann');
      const guest = join('a', 'bob');
      guest.leave();
      for (const key of ['b', 'c']) join(key, 'bob');
      join('d', 'ann');
      expect(() => join('e', 'ann')).toThrow();
    });
  });
});
