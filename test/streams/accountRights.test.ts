import { randomUUID } from 'node:crypto';
import type { AccountReader } from '../../src/storage/trading/accountReader';
import { eventually } from '../kit/eventually';
import type { StreamReader } from '../kit/streamReader';
import { expectTold, FollowedAccount, nextTurn, type OrderEvent } from './followedAccount';

let there: FollowedAccount;

beforeEach(() => {
  there = new FollowedAccount();
});

afterEach(() => there.stop());

describe('the right to read an account', () => {
  let analyst: AccountReader;

  beforeEach(() => {
    analyst = { userId: randomUUID(), readsGranted: true, readsAll: false };
    there.outbox.readers.add(analyst.userId);
  });

  const codeOf = ({ error }: StreamReader<OrderEvent>): unknown => (error as { code?: unknown } | null)?.code;

  it.each<readonly [news: string, tell: () => void]>([
    [
      'news of the account',
      (): void => {
        there.streams.noteNews(there.id);
      },
    ],
    [
      'a doubt whether news were missed',
      (): void => {
        there.streams.noteDoubt();
      },
    ],
  ])('ends the stream when %s comes, though the database was away, and nobody else’s', async (_news, tell) => {
    const [reader, other] = [await there.follow({ as: analyst }), await there.follow()];
    for (const one of [reader, other]) await expectTold(one, ['SNAPSHOT 0 of 0']);
    there.outbox.readers.clear();
    const asking = there.outbox.hold('account', 'now');
    tell();
    await eventually(() => there.outbox.count('account') > 2);
    there.outbox.isAway = true;
    asking.open();
    await nextTurn();
    there.outbox.isAway = false;
    await eventually(() => codeOf(reader) === 'FORBIDDEN');
    there.outbox.commit();
    there.wake();
    await expectTold(other, ['SNAPSHOT 0 of 0', 'UPDATE 1']);
    await expectTold(reader, ['SNAPSHOT 0 of 0']);
  });

  it('ends with the role that it came with, and nothing of what waits is told any more', async () => {
    const stream = await there.openForMany(analyst);
    expect((await stream.next()).value?.meta.kind).toBe('SNAPSHOT');
    there.outbox.commit();
    there.wake();
    there.outbox.asked.length = 0;
    there.streams.noteReader({ ...analyst, readsGranted: false });
    await eventually(() => there.outbox.count('account') === 1);
    await nextTurn();
    await expect(stream.next()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('is asked of the database when the stream is opened, not only at its door', async () => {
    const source = await there.streams.orders(analyst, { accountId: there.id, after: null });
    there.outbox.readers.clear();
    const reader = there.read(source);
    await eventually(() => codeOf(reader) === 'FORBIDDEN');
    expect(reader.events).toEqual([]);
  });

  it('is one question for all streams of a reader and all news of a moment', async () => {
    const streamsOfOne = [
      await there.follow({ as: analyst }),
      await there.follow({ as: analyst }),
      await there.follow({ as: analyst }),
    ];
    const unlike = await there.follow({ as: { ...there.owner, readsGranted: true } });
    for (const reader of [...streamsOfOne, unlike]) await expectTold(reader, ['SNAPSHOT 0 of 0']);
    there.outbox.asked.length = 0;
    for (let count = 0; count < 10; count += 1) there.streams.noteNews(there.id);
    await eventually(() => there.outbox.count('account') === 2);
    there.outbox.readers.clear();
    there.streams.noteNews(there.id);
    for (const reader of streamsOfOne) await eventually(() => codeOf(reader) === 'FORBIDDEN');
    expect([there.outbox.count('account'), unlike.error]).toEqual([4, null]);
  });

  it('is not asked for who has left', async () => {
    const other = { ...analyst, userId: randomUUID() };
    there.outbox.readers.add(other.userId);
    const [left, stays] = [await there.follow({ as: analyst }), await there.follow({ as: other })];
    for (const reader of [left, stays]) await expectTold(reader, ['SNAPSHOT 0 of 0']);
    await left.stop();
    there.outbox.readers.clear();
    there.outbox.asked.length = 0;
    there.streams.noteNews(there.id);
    await eventually(() => codeOf(stays) === 'FORBIDDEN');
    expect([there.outbox.count('account'), left.error]).toEqual([1, null]);
  });
});
