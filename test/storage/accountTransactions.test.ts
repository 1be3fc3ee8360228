import { Client } from 'pg';
import { AccountQueues, WorkFailed } from '../../src/storage/trading/accountQueues';
import type { AccountTransaction } from '../../src/storage/trading/accountTransaction';
import type { AccountEventRecord, AccountRecord, OrderRecord } from '../../src/storage/trading/records';
import { LeadershipLost } from '../../src/storage/trading/tradingStore';
import { Gate } from '../kit/gate';
import { openTestStorage } from '../kit/postgres';
import { makeOrder, makeOwner, makePosition, money, writeOrders } from '../kit/tradingRecords';

let database: Awaited<ReturnType<typeof openTestStorage>>;
let watcher: Client;
let account: AccountRecord;

beforeAll(async () => {
  database = await openTestStorage();
  watcher = new Client({ connectionString: database.url });
  await watcher.connect();
}, 60_000);

beforeEach(async () => {
  account = await makeOwner(database.storage);
});

afterAll(async () => {
  await watcher.end();
  await database.stop();
});

const hold = <T>(work: (tx: AccountTransaction) => T | Promise<T>, epoch: number | null = null): Promise<T | null> =>
  database.storage.trading.transaction({ accountId: account.id, epoch }, work);

/** Works that come while another one holds the account. */
async function together(begin: () => readonly Promise<unknown>[]): Promise<readonly PromiseSettledResult<unknown>[]> {
  const [begun, end] = [new Gate(), new Gate()];
  const first = hold(async () => {
    begun.open();
    await end.passed;
  });
  await begun.passed;
  const works = begin();
  end.open();
  await first;
  return Promise.allSettled(works);
}

function insert(tx: AccountTransaction, order: OrderRecord): Promise<void> {
  return tx.insertOrder(order, { orderId: order.id, at: 0, from: null, to: 'PENDING', cause: 'created' });
}

async function transactionsOf(orders: readonly OrderRecord[]): Promise<readonly string[]> {
  const { rows } = await watcher.query<{ readonly xmin: string }>('SELECT xmin FROM orders WHERE id = ANY($1)', [
    orders.map(({ id }) => id),
  ]);
  return rows.map(({ xmin }) => xmin);
}

describe('works that wait for one account', () => {
  it('share a transaction, in the order in which they came, and are told of once', async () => {
    const orders = [1, 2, 3].map(() => makeOrder(account));
    const told: (readonly AccountEventRecord[])[] = [];
    const leave = database.storage.trading.onCommit((accountId, events) => {
      if (accountId === account.id) told.push(events);
    });
    const results = await together(() =>
      orders.map((order) =>
        hold(async (tx) => {
          await insert(tx, order);
          return tx.appendEvent('order', 0, { id: order.id }).seq;
        }),
      ),
    );
    leave();
    const seqs = [1, 2, 3].map((seq) => account.eventSeq + seq);
    expect(results).toEqual(seqs.map((value) => ({ status: 'fulfilled', value })));
    expect(told).toMatchObject([orders.map(({ id }, index) => ({ seq: seqs[index], payload: { id } }))]);
    const written = await transactionsOf(orders);
    expect(written).toHaveLength(3);
    expect(new Set(written).size).toBe(1);
  });

  it('lose nothing by one that fails', async () => {
    const orders = [1, 2, 3].map(() => makeOrder(account));
    const failure = new Error('the second cannot');
    const results = await together(() =>
      orders.map((order, index) =>
        hold(async (tx) => {
          await insert(tx, order);
          if (index === 1) throw failure;
          return index;
        }),
      ),
    );
    expect(results).toEqual([
      { status: 'fulfilled', value: 0 },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 2 },
    ]);
    expect(await transactionsOf(orders)).toHaveLength(2);
    expect(await transactionsOf([orders[1]!])).toEqual([]);
  });

  it('are refused alone where another node leads by now', async () => {
    const { epoch } = await database.storage.trading.house();
    const mine = jest.fn(() => 'done');
    const stale = jest.fn();
    const results = await together(() => [hold(stale, epoch - 1), hold(mine, epoch), hold(mine)]);
    expect(results).toEqual([
      { status: 'rejected', reason: expect.any(LeadershipLost) as unknown },
      { status: 'fulfilled', value: 'done' },
      { status: 'fulfilled', value: 'done' },
    ]);
    expect(stale).not.toHaveBeenCalled();
    expect(mine).toHaveBeenCalledTimes(2);
  });

  it('are not done again where nobody knows whether they were committed', async () => {
    const lost = new Error('the connection was lost with the commit');
    const transact = jest.fn(() => Promise.reject(lost));
    const queues = new AccountQueues<null>(transact);
    const works = [1, 2, 3].map(() => queues.do('one', { epoch: null, run: () => null }));
    expect(await Promise.allSettled(works)).toEqual(works.map(() => ({ status: 'rejected', reason: lost })));
    // The first had nothing to wait for.
    expect(transact).toHaveBeenCalledTimes(2);
  });

  it('are told why they fail by what they threw', async () => {
    const cause = new Error('no');
    const queues = new AccountQueues<null>(() => Promise.reject(new WorkFailed(cause)));
    await expect(queues.do('one', { epoch: null, run: () => null })).rejects.toBe(cause);
  });
});

describe('a transaction that holds an account', () => {
  it('lets a position end and another of its side begin', async () => {
    const [first, second] = [makePosition(account), makePosition(account, { openedAt: 5, updatedAt: 5 })];
    await hold((tx) => {
      tx.savePosition(first);
    });
    const open = await hold(async (tx) => {
      expect(await tx.positions()).toEqual([first]);
      tx.savePosition({ ...first, amount: money('0'), closedAt: 5, updatedAt: 5 });
      tx.savePosition(second);
      return tx.positions();
    });
    expect(open).toEqual([second]);
    expect(await hold((tx) => tx.positions())).toEqual([second]);
    const { rows } = await watcher.query(
      `SELECT position_id, state->>'amount' AS amount FROM position_changes WHERE account_id = $1 ORDER BY seq`,
      [account.id],
    );
    expect(rows).toEqual([
      { position_id: first.id, amount: '2' },
      { position_id: first.id, amount: '0' },
      { position_id: second.id, amount: '2' },
    ]);
  });

  it('knows what it has changed of a position when it is asked what was held', async () => {
    const position = makePosition(account);
    const { marketId, updatedAt } = position;
    const found = await hold(async (tx) => {
      tx.savePosition(position);
      tx.savePosition({ ...position, amount: money('3'), updatedAt: updatedAt + 10 });
      const then = await tx.positionsAt(marketId, updatedAt + 5);
      tx.savePosition({ ...position, amount: money('4'), updatedAt: updatedAt + 20 });
      return { then, now: await tx.positionsAt(marketId, updatedAt + 20) };
    });
    expect(found!.then).toMatchObject([{ held: '2', position: { amount: '3' } }]);
    expect(found!.now).toMatchObject([{ held: '4', position: { amount: '4' } }]);
  });

  it('knows a sending by what it is called now', async () => {
    const order = makeOrder(account);
    await writeOrders(database.storage, account, [{ order }]);
    const { id: orderId, accountId, marketId } = order;
    const sent = { accountId, orderId, attempt: 1, marketId, clientOrderId: 'ours', exchangeOrderId: 'waiting' };
    await hold((tx) => {
      tx.saveAttempt(sent);
    });
    const found = await hold(async (tx) => {
      const before = await tx.attempt({ clientOrderId: 'ours' });
      tx.saveAttempt({ ...sent, exchangeOrderId: 'executing' });
      return {
        before,
        byClient: await tx.attempt({ clientOrderId: 'ours' }),
        byNew: await tx.attempt({ marketId, exchangeOrderId: 'executing' }),
        byOld: await tx.attempt({ marketId, exchangeOrderId: 'waiting' }),
      };
    });
    const renamed = { ...sent, exchangeOrderId: 'executing' };
    expect(found).toEqual({ before: sent, byClient: renamed, byNew: renamed, byOld: null });
    expect(await hold((tx) => tx.attempt({ marketId, exchangeOrderId: 'executing' }))).toEqual(renamed);
  });
});
