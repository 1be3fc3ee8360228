import { eventually } from '../kit/eventually';
import { expectTold, FollowedAccount, nextTurn } from './followedAccount';

let there: FollowedAccount;

beforeEach(() => {
  there = new FollowedAccount({ pollMs: 20, answerWithinMs: 200 });
});

afterEach(() => there.stop());

describe('the events of an account', () => {
  it('are told in one go, be they more than a page', async () => {
    const reader = await there.follow();
    await expectTold(reader, ['SNAPSHOT 0 of 0']);
    there.outbox.commitMany(1_200);
    there.wake();
    await eventually(() => reader.events.length > 1_200);
    expect(reader.events.map(({ meta }) => Number(meta.seq))).toEqual(Array.from({ length: 1_201 }, (_, seq) => seq));
  });

  it('are read no more when the last reader has left, and what waited for the next one ends', async () => {
    const [one, other] = [await there.follow(), await there.follow()];
    for (const reader of [one, other]) await expectTold(reader, ['SNAPSHOT 0 of 0']);
    await one.stop();
    await eventually(() => one.isDone);
    there.outbox.commit();
    there.wake();
    await expectTold(other, ['SNAPSHOT 0 of 0', 'UPDATE 1']);
    await other.stop();
    there.outbox.asked.length = 0;
    there.wake();
    await eventually(() => other.isDone);
    const another = await there.follow();
    await expectTold(another, ['SNAPSHOT 1 of 1']);
    expect(there.outbox.asked).toEqual(['account', 'heads', 'after', 'state']);
  });

  it('are read again where something happened while they were read', async () => {
    const reader = await there.follow();
    await expectTold(reader, ['SNAPSHOT 0 of 0']);
    const reading = there.outbox.hold('after', 'then');
    there.wake();
    await eventually(() => there.outbox.count('after') === 2);
    there.outbox.commit();
    there.wake();
    reading.open();
    await expectTold(reader, ['SNAPSHOT 0 of 0', 'UPDATE 1']);
  });

  it.each(['after', 'heads'] as const)(
    'count as old when the question for %s is not answered in time',
    async (question) => {
      const reader = await there.follow();
      await expectTold(reader, ['SNAPSHOT 0 of 0']);
      const reading = there.outbox.hold(question, 'now');
      if (question === 'heads') there.streams.start();
      else there.wake();
      await expectTold(reader, ['SNAPSHOT 0 of 0', 'STALE 0']);
      reading.open();
      await nextTurn();
      there.wake();
      await expectTold(reader, ['SNAPSHOT 0 of 0', 'STALE 0', 'SNAPSHOT 0 of 0']);
    },
  );

  it('are looked for without any news, and so is the database after it was away', async () => {
    const reader = await there.follow();
    const expected = ['SNAPSHOT 0 of 0', 'UPDATE 1', 'STALE 1', 'SNAPSHOT 1 of 1'];
    await expectTold(reader, expected.slice(0, 1));
    there.streams.start();
    there.outbox.commit();
    await expectTold(reader, expected.slice(0, 2));
    there.outbox.isAway = true;
    await expectTold(reader, expected.slice(0, 3));
    there.outbox.isAway = false;
    await expectTold(reader, expected);
  });
});
