import { newAccount } from '../../src/storage/trading/accountTable';
import type { AccountEventRecord, OrderRecord } from '../../src/storage/trading/records';
import type { CommitListener, TradingStore } from '../../src/storage/trading/tradingStore';
import { OrderWatch } from '../../src/trading/orderWatch';
import { Gate } from '../kit/gate';
import { makeOrder } from '../kit/tradingRecords';

const account = newAccount({
  ...{ id: 'an account', ownerId: 'its owner', label: 'main', exchange: 'simulator', mode: 'PAPER', currency: 'USDT' },
  ...{ positionMode: 'ONE_WAY', keyHint: null, createdAt: 0 },
});
const stored = makeOrder(account, { phase: 'PENDING', version: 1 });
const sending = { ...stored, phase: 'SENDING', version: 2 } as const;
const closed = { ...stored, phase: 'CLOSED', version: 3 } as const;

/** What a node commits, what its database says, and its clock: stand-ins, as the order in which they speak is what matters here. */
class Surroundings {
  readonly #listeners = new Set<CommitListener>();
  #waiting: (() => void)[] = [];
  lookUps = 0;
  lookUp: () => Promise<OrderRecord | null> = () => Promise.resolve(null);
  readonly watch: OrderWatch;

  constructor(patienceMs = 1_000) {
    const store: Pick<TradingStore, 'onCommit' | 'order'> = {
      onCommit: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      order: () => {
        this.lookUps += 1;
        return this.lookUp();
      },
    };
    const schedule = (task: () => void): (() => void) => {
      this.#waiting.push(task);
      return () => (this.#waiting = this.#waiting.filter((other) => other !== task));
    };
    this.watch = new OrderWatch({ store: store as TradingStore, schedule, patienceMs });
  }

  get waits(): number {
    return this.#waiting.length;
  }

  commit(...orders: readonly OrderRecord[]): void {
    const events = orders.map((payload, index): AccountEventRecord => ({
      accountId: account.id,
      seq: index,
      kind: 'order',
      at: 0,
      payload,
    }));
    for (const listener of this.#listeners) listener(account.id, events);
  }

  passTime(): void {
    for (const task of this.#waiting.splice(0)) task();
  }
}

/** Lets everything that has been said be heard. */
const heard = (): Promise<void> => new Promise(setImmediate);

it('hears what this node commits, and looks nothing up', async () => {
  const around = new Surroundings();
  const settled = around.watch.settled(stored);
  around.commit(sending);
  around.commit({ ...sending, id: 'of another order' }, closed);
  expect(await settled).toEqual(closed);
  expect(around).toMatchObject({ lookUps: 0, waits: 0 });
});

it('takes the last of what one commit says', async () => {
  const around = new Surroundings();
  const settled = around.watch.settled(stored);
  around.commit(sending, closed);
  expect(await settled).toEqual(closed);
});

it('looks up, after a moment, what another node has committed', async () => {
  const around = new Surroundings();
  around.lookUp = () => Promise.resolve(closed);
  const settled = around.watch.settled(stored);
  around.passTime();
  expect(await settled).toEqual(closed);
  expect(around.lookUps).toBe(1);
});

it('keeps what it heard while it looked up what was before', async () => {
  const around = new Surroundings();
  const gate = new Gate();
  around.lookUp = async () => {
    await gate.passed;
    return sending;
  };
  const settled = around.watch.settled(stored);
  around.passTime();
  await heard();
  around.commit(closed);
  gate.open();
  expect(await settled).toEqual(closed);
  expect(around.lookUps).toBe(1);
});

it('gives an order that takes longer as it is', async () => {
  const around = new Surroundings(500);
  const settled = around.watch.settled(stored);
  around.commit(sending);
  around.passTime();
  await heard();
  around.passTime();
  expect(await settled).toEqual(sending);
  expect(around).toMatchObject({ lookUps: 2, waits: 0 });
});

it('lets go of an order that cannot be looked up', async () => {
  const around = new Surroundings();
  around.lookUp = () => Promise.reject(new Error('the database is away'));
  const settled = around.watch.settled(stored);
  around.passTime();
  await expect(settled).rejects.toThrow('the database is away');
});

it('waits for nothing that stands', async () => {
  const open = makeOrder(account, { phase: 'OPEN', type: 'LIMIT', timeInForce: 'GTC' });
  const around = new Surroundings();
  expect(await around.watch.settled(open)).toBe(open);
});
