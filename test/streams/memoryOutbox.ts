import type { AccountEvents, AccountState, ReplayRequest } from '../../src/storage/trading/accountEvents';
import type { AccountReader } from '../../src/storage/trading/accountReader';
import type { AccountStore } from '../../src/storage/trading/accountStore';
import type { AccountEventRecord, AccountRecord, OrderRecord } from '../../src/storage/trading/records';
import { AccountLog } from '../../src/trading/accountLog';
import { isTerminal } from '../../src/domain/orderPhases';
import { Gate } from '../kit/gate';
import { makeOrder } from '../kit/tradingRecords';

type Question = 'account' | 'heads' | 'after' | 'state' | 'replay';

/** One account's orders and their outbox in memory: each answer comes when a test says, and says what was true when it says. */
export class MemoryOutbox {
  readonly asked: Question[] = [];
  readonly readers = new Set<string>();
  readonly log: AccountLog;
  isAway = false;
  #events: AccountEventRecord[] = [];
  readonly #orders = new Map<string, OrderRecord>();
  #head = 0;
  readonly #held = new Map<Question, { readonly gate: Gate; readonly knows: 'then' | 'now' }>();

  constructor(readonly account: AccountRecord) {
    const events: Pick<AccountEvents, 'heads' | 'after' | 'replay' | 'state'> = {
      heads: () => this.#answer('heads', () => new Map([[account.id, this.#head]])),
      after: (_id, seq, most) => this.#answer('after', () => this.#after(seq).slice(0, most)),
      replay: (reader, request) => this.#answer('replay', () => (this.#mayRead(reader) ? this.#replay(request) : null)),
      state: (reader) => this.#answer('state', () => (this.#mayRead(reader) ? this.#state() : null)),
    };
    const accounts: Pick<AccountStore, 'findReadable'> = {
      findReadable: (reader, id) =>
        this.#answer('account', () => (id === account.id && this.#mayRead(reader) ? account : null)),
    };
    this.log = new AccountLog({
      events: events as AccountEvents,
      accounts: accounts as AccountStore,
      equity: { riskStatus: () => Promise.resolve(null) },
    });
  }

  /** Makes an order, or changes one; gives its id. */
  commit(changes: Partial<OrderRecord> = {}): string {
    const order = { ...makeOrder(this.account, { phase: 'OPEN' }), ...changes };
    if (isTerminal(order.phase)) this.#orders.delete(order.id);
    else this.#orders.set(order.id, order);
    this.#head += 1;
    this.#events.push({ accountId: this.account.id, seq: this.#head, kind: 'order', at: 0, payload: order });
    return order.id;
  }

  commitMany(count: number): void {
    for (let made = 0; made < count; made += 1) this.commit();
  }

  /** Events up to this one are gone. */
  prune(upTo: number): void {
    this.#events = this.#events.filter(({ seq }) => seq > upTo);
  }

  /** The next answers to this question wait; they know what is true when they are asked, or when they come. */
  hold(question: Question, knows: 'then' | 'now'): { open(): void } {
    const gate = new Gate();
    this.#held.set(question, { gate, knows });
    return {
      open: () => {
        if (this.#held.get(question)?.gate === gate) this.#held.delete(question);
        gate.open();
      },
    };
  }

  count(question: Question): number {
    return this.asked.filter((one) => one === question).length;
  }

  async #answer<Answer>(question: Question, read: () => Answer): Promise<Answer> {
    this.asked.push(question);
    const held = this.#held.get(question);
    const known = held?.knows === 'then' ? read() : null;
    await held?.gate.passed;
    if (this.isAway) throw new Error('the database is away');
    return known ?? read();
  }

  #mayRead({ userId, readsGranted }: AccountReader): boolean {
    return userId === this.account.ownerId || (readsGranted && this.readers.has(userId));
  }

  #after(seq: number): readonly AccountEventRecord[] {
    return this.#events.filter((event) => event.seq > seq);
  }

  #replay({ after, upTo, most }: ReplayRequest): readonly AccountEventRecord[] | null {
    const missed = this.#after(after).filter(({ seq }) => seq <= upTo);
    return missed.length === upTo - after && missed.length <= most ? missed : null;
  }

  #state(): AccountState {
    return { seq: this.#head, openOrders: [...this.#orders.values()], positions: [], balances: [] };
  }
}
