import { randomUUID } from 'node:crypto';
import { InProcessBus } from '../../src/bus/inProcessBus';
import type { AccountReader } from '../../src/storage/trading/accountReader';
import { newAccount } from '../../src/storage/trading/accountTable';
import type { OrdersBody } from '../../src/streams/accountContents';
import type { AccountEvent } from '../../src/streams/accountCourse';
import { writeAccountCursor } from '../../src/streams/accountCursor';
import type { AccountFeedTiming } from '../../src/streams/accountFeeds';
import { AccountStreams } from '../../src/streams/accountStreams';
import type { OpenStream } from '../../src/streams/streamSource';
import { createLogger } from '../../src/telemetry/logger';
import { eventually } from '../kit/eventually';
import { StreamReader } from '../kit/streamReader';
import { MemoryOutbox } from './memoryOutbox';

export type OrderEvent = AccountEvent<OrdersBody>;

const logger = createLogger('silent');

/** The order streams of one account. What happened, and that something did, is told by the test: nobody looks by himself. */
export class FollowedAccount {
  readonly owner: AccountReader = { userId: randomUUID(), readsGranted: false, readsAll: false };
  readonly outbox: MemoryOutbox;
  readonly streams: AccountStreams;
  readonly #readers: StreamReader<OrderEvent>[] = [];

  constructor(timing?: AccountFeedTiming) {
    const facts = { label: 'main', exchange: 'simulator', mode: 'PAPER', currency: 'USDT', keyHint: null } as const;
    const ids = { id: randomUUID(), ownerId: this.owner.userId };
    this.outbox = new MemoryOutbox(newAccount({ ...ids, ...facts, positionMode: 'ONE_WAY', createdAt: 0 }));
    this.streams = new AccountStreams({
      log: this.outbox.log,
      bus: new InProcessBus({ logger }),
      clock: Date.now,
      newId: randomUUID,
      logger,
      ...(timing === undefined ? {} : { timing }),
    });
  }

  get id(): string {
    return this.outbox.account.id;
  }

  async stop(): Promise<void> {
    for (const reader of this.#readers) await reader.stop();
    this.streams.stop();
  }

  /** after: the cursor of a reader who was here before. */
  async follow({ after = null, as = this.owner }: { after?: string | null; as?: AccountReader } = {}) {
    return this.read(await this.streams.orders(as, { accountId: this.id, after }));
  }

  /** As a group of readers holds it. */
  async openForMany(as = this.owner): Promise<OpenStream<OrderEvent>> {
    return (await this.streams.orders(as, { accountId: this.id, after: null })).open();
  }

  read(source: AsyncIterable<OrderEvent, undefined>): StreamReader<OrderEvent> {
    const reader = new StreamReader(source);
    this.#readers.push(reader);
    return reader;
  }

  /** As another node writes it. */
  cursorAt(seq: number, isStale = false): string {
    const course = { id: 'elsewhere', number: 1 };
    return writeAccountCursor({ accountId: this.id, stream: 'orders', seq, isStale, course });
  }

  /** There may be new events. */
  wake(): void {
    this.streams.noteCommit(this.id);
  }

  /** The database goes away, and that is noticed. */
  async fallSilent(): Promise<void> {
    const before = this.outbox.count('after');
    this.outbox.isAway = true;
    this.wake();
    await eventually(() => this.outbox.count('after') > before);
    await nextTurn();
  }

  comeBack(): void {
    this.outbox.isAway = false;
    this.wake();
  }
}

/** What is answered already has been read when this resolves. */
export const nextTurn = (): Promise<void> => new Promise(setImmediate);

export const told = (events: readonly OrderEvent[]): readonly string[] =>
  events.map(({ meta, orders }) => `${meta.kind} ${meta.seq}${meta.kind === 'SNAPSHOT' ? ` of ${orders.length}` : ''}`);

export async function expectTold({ events }: StreamReader<OrderEvent>, expected: readonly string[]): Promise<void> {
  await eventually(() => events.length >= expected.length, { timeoutMs: 5_000 }).catch(() => undefined);
  expect(told(events)).toEqual(expected);
}
