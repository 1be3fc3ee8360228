import { eventually } from '../kit/eventually';
import { expectTold, FollowedAccount, nextTurn, told } from './followedAccount';

let there: FollowedAccount;

beforeEach(() => {
  there = new FollowedAccount();
});

afterEach(() => there.stop());

describe('a stream of an account', () => {
  it('tells what is committed while its SNAPSHOT is read either in it or behind it', async () => {
    there.outbox.commit();
    const reading = there.outbox.hold('state', 'then');
    const early = await there.follow();
    await eventually(() => there.outbox.count('state') === 1);
    there.outbox.commit();
    there.wake();
    const later = there.outbox.hold('state', 'now');
    const late = await there.follow();
    await eventually(() => there.outbox.count('state') === 2);
    reading.open();
    later.open();
    await expectTold(early, ['SNAPSHOT 1 of 1', 'UPDATE 2']);
    await expectTold(late, ['SNAPSHOT 2 of 2']);
    there.outbox.commit();
    there.streams.noteNews(there.id);
    await expectTold(early, ['SNAPSHOT 1 of 1', 'UPDATE 2', 'UPDATE 3']);
    await expectTold(late, ['SNAPSHOT 2 of 2', 'UPDATE 3']);
  });

  it('says STALE once, then tells each event that a SNAPSHOT holds before it', async () => {
    there.outbox.commitMany(2);
    const reader = await there.follow();
    await expectTold(reader, ['SNAPSHOT 2 of 2']);
    await there.fallSilent();
    await expectTold(reader, ['SNAPSHOT 2 of 2', 'STALE 2']);
    const reading = there.outbox.hold('state', 'now');
    there.comeBack();
    await eventually(() => there.outbox.count('state') === 2);
    // Away once more, before anything could be said.
    await there.fallSilent();
    there.comeBack();
    await eventually(() => there.outbox.count('state') === 3);
    there.outbox.commitMany(2);
    reading.open();
    await eventually(() => there.outbox.count('state') === 3);
    there.outbox.commit();
    there.streams.noteDoubt();
    await eventually(() => told(reader.events).at(-1) === 'UPDATE 5');
    expect(told(reader.events)).toEqual([
      'SNAPSHOT 2 of 2',
      'STALE 2',
      'UPDATE 3',
      'UPDATE 4',
      'SNAPSHOT 4 of 4',
      'UPDATE 5',
    ]);
  });

  it('tells no state from before a silence as that of now, and none at all before it could be read', async () => {
    const reading = there.outbox.hold('state', 'then');
    const reader = await there.follow();
    await eventually(() => there.outbox.count('state') === 1);
    await there.fallSilent();
    there.outbox.isAway = false;
    reading.open();
    await eventually(() => there.outbox.asked.length > 0);
    await nextTurn();
    expect(reader.events).toEqual([]);
    there.outbox.commit();
    there.comeBack();
    await expectTold(reader, ['SNAPSHOT 1 of 1']);
  });

  it('goes on behind a silence in which nothing happened, and asks again for what could not be read', async () => {
    there.outbox.commitMany(3);
    const reader = await there.follow();
    await expectTold(reader, ['SNAPSHOT 3 of 3']);
    await there.fallSilent();
    const reading = there.outbox.hold('state', 'now');
    there.comeBack();
    await eventually(() => there.outbox.count('state') === 2);
    there.outbox.isAway = true;
    reading.open();
    await nextTurn();
    there.outbox.isAway = false;
    await expectTold(reader, ['SNAPSHOT 3 of 3', 'STALE 3', 'SNAPSHOT 3 of 3']);
    await there.fallSilent();
    await expectTold(reader, ['SNAPSHOT 3 of 3', 'STALE 3', 'SNAPSHOT 3 of 3', 'STALE 3']);
  });

  it('reads again behind a silence what was read before it and not told yet', async () => {
    there.outbox.commitMany(2);
    const reader = await there.follow();
    await expectTold(reader, ['SNAPSHOT 2 of 2']);
    await there.fallSilent();
    const reading = there.outbox.hold('state', 'now');
    there.comeBack();
    await eventually(() => there.outbox.count('state') === 2);
    there.outbox.commitMany(2);
    reading.open();
    await nextTurn();
    await there.fallSilent();
    there.outbox.commit();
    there.comeBack();
    const missed = ['UPDATE 3', 'UPDATE 4', 'UPDATE 5'];
    await expectTold(reader, ['SNAPSHOT 2 of 2', 'STALE 2', ...missed, 'SNAPSHOT 5 of 5']);
  });

  it('begins anew where events are gone that nobody was told of', async () => {
    there.outbox.commit();
    const reader = await there.follow();
    await expectTold(reader, ['SNAPSHOT 1 of 1']);
    there.outbox.commitMany(4);
    there.outbox.prune(3);
    there.wake();
    await expectTold(reader, ['SNAPSHOT 1 of 1', 'SNAPSHOT 5 of 5']);
    there.outbox.commit();
    there.wake();
    await expectTold(reader, ['SNAPSHOT 1 of 1', 'SNAPSHOT 5 of 5', 'UPDATE 6']);
  });

  it('begins with nothing that was read before events were gone, and not told yet', async () => {
    const stream = await there.openForMany();
    await eventually(() => there.outbox.count('state') === 1);
    await nextTurn();
    const reading = there.outbox.hold('state', 'now');
    there.outbox.commitMany(4);
    there.outbox.prune(2);
    there.wake();
    await eventually(() => there.outbox.count('state') === 2);
    const first = there.read(stream);
    reading.open();
    await expectTold(first, ['SNAPSHOT 4 of 4']);
  });
});

describe('who comes back', () => {
  it('is told what was missed, and begins anew only where that is not known or too much', async () => {
    there.outbox.commitMany(5_002);
    const [near, far, future] = [
      await there.follow({ after: there.cursorAt(5_000) }),
      await there.follow({ after: there.cursorAt(1) }),
      await there.follow({ after: there.cursorAt(6_000) }),
    ];
    await expectTold(near, ['UPDATE 5001', 'UPDATE 5002']);
    const all = await there.follow({ after: there.cursorAt(2) });
    await eventually(() => all.events.length === 5_000);
    for (const reader of [far, future]) {
      await expectTold(reader, ['SNAPSHOT 5002 of 5002']);
      expect(reader.events[0]?.meta.reason).toBe('RESUME_NOT_AVAILABLE');
    }
  });

  it('is told what was missed before what has happened since', async () => {
    there.outbox.commitMany(2);
    const source = await there.streams.orders(there.owner, { accountId: there.id, after: there.cursorAt(1) });
    const stream = source[Symbol.asyncIterator]();
    await eventually(() => there.outbox.count('replay') === 1);
    there.outbox.commit();
    there.wake();
    await eventually(() => there.outbox.count('after') === 2);
    await nextTurn();
    await expectTold(there.read(stream), ['UPDATE 2', 'UPDATE 3']);
  });

  it('goes on once: behind a silence of its own stream it is told the state of now', async () => {
    there.outbox.commitMany(2);
    const reader = await there.follow({ after: there.cursorAt(1) });
    await expectTold(reader, ['UPDATE 2']);
    await there.fallSilent();
    await expectTold(reader, ['UPDATE 2', 'STALE 2']);
    there.comeBack();
    await expectTold(reader, ['UPDATE 2', 'STALE 2', 'SNAPSHOT 2 of 2']);
  });

  it('is told that what it has is old, or is no longer', async () => {
    there.outbox.commitMany(2);
    const stale = await there.follow({ after: there.cursorAt(1, true) });
    await expectTold(stale, ['UPDATE 2', 'SNAPSHOT 2 of 2']);
    const stream = await there.openForMany();
    const reader = there.read(stream);
    await expectTold(reader, ['SNAPSHOT 2 of 2']);
    expect(told((await stream.replay!(there.cursorAt(2, true)))!)).toEqual(['SNAPSHOT 2 of 2']);
    // The number of its place says nothing of that: it is not told what others were, who did not know.
    expect([stream.seqOf(there.cursorAt(2)), stream.seqOf(there.cursorAt(2, true))]).toEqual([1, null]);
    await there.fallSilent();
    await expectTold(reader, ['SNAPSHOT 2 of 2', 'STALE 2']);
    // Who has read the SNAPSHOT alone has missed the STALE.
    expect(reader.events.map(({ meta }) => stream.seqOf(meta.cursor))).toEqual([1, 2]);
    expect(stream.seqOf(there.cursorAt(2))).toBeNull();
    expect(told((await stream.replay!(there.cursorAt(2)))!)).toEqual(['STALE 2']);
    expect(told(stream.opening(null))).toEqual(['SNAPSHOT 2 of 2', 'STALE 2']);
  });

  it('goes on from a cursor of another node, be it ahead of this one, and loses nothing at the seams', async () => {
    there.outbox.commitMany(3);
    const stream = await there.openForMany();
    const reader = there.read(stream);
    expect(stream.opening(null)).toEqual([]);
    await expectTold(reader, ['SNAPSHOT 3 of 3']);
    const missed = await stream.replay!(there.cursorAt(1));
    expect(told(missed!)).toEqual(['UPDATE 2', 'UPDATE 3']);
    // Only behind the last of them is what the readers of this node were told.
    expect(missed!.map(({ meta }) => stream.seqOf(meta.cursor))).toEqual([null, 1]);
    there.outbox.commit();
    const ahead = stream.replay!(there.cursorAt(4));
    there.wake();
    expect(await ahead).toEqual([]);
    await expectTold(reader, ['SNAPSHOT 3 of 3', 'UPDATE 4']);
    expect(await stream.replay!(there.cursorAt(99))).toBeNull();
    const never = stream.replay!(there.cursorAt(99));
    await reader.stop();
    expect(await never).toBeNull();
  });
});
