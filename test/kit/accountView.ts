import type { Storage } from '../../src/storage/storage';
import type { AccountRecord, AccountEventKind } from '../../src/storage/trading/records';
import { viewBalances } from '../../src/trading/balanceViews';
import { viewOrder } from '../../src/trading/orderView';
import type { Message } from './rawSocket';

export type AccountStreamName = 'orders' | 'positions' | 'balances' | 'risk';

export const accountStreamNames: readonly AccountStreamName[] = ['orders', 'positions', 'balances', 'risk'];

const fields: Readonly<Record<AccountStreamName, string>> = {
  orders: 'orders { id accountId status version }',
  positions: 'positions { id accountId side amount markPrice unrealizedPnl } removed',
  balances: 'accountId balances { currency free used total }',
  risk: 'accountId risk { state reason }',
};

export const kindOf: Readonly<Record<AccountStreamName, AccountEventKind>> = {
  orders: 'order',
  positions: 'position',
  balances: 'balances',
  risk: 'risk',
};

export function documentOf(
  stream: AccountStreamName,
  {
    account,
    after = null,
    intervalMs,
  }: { readonly account: string; readonly after?: string | null; readonly intervalMs?: number },
): string {
  const more = intervalMs === undefined ? '' : `, intervalMs: ${intervalMs}`;
  return `subscription { ${stream}(account: "${account}", after: ${JSON.stringify(after)}${more}) {
    meta { kind seq cursor reason } ${fields[stream]} } }`;
}

interface Item {
  readonly id: string;
  readonly accountId: string;
  readonly status?: string;
}

export interface AccountStreamEvent {
  readonly meta: {
    readonly kind: 'SNAPSHOT' | 'UPDATE' | 'STALE';
    readonly seq: string;
    readonly cursor: string;
    readonly reason: string | null;
  };
  readonly orders?: readonly Item[];
  readonly positions?: readonly (Item & { readonly markPrice: string | null; readonly unrealizedPnl: string | null })[];
  readonly removed?: readonly string[];
  readonly balances?: unknown;
  readonly risk?: unknown;
}

export function accountEventOf({ payload }: Message): AccountStreamEvent {
  const { data } = payload as { readonly data: Record<string, AccountStreamEvent> };
  const [event] = Object.values(data);
  if (event === undefined) throw new Error('the message carries no event');
  return event;
}

/** What a client knows by one stream and nothing but its contract, over as many connections as it takes. */
export class AccountView {
  cursor: string | null = null;
  isStale = false;
  /** Numbers of the events that told of a change. */
  readonly seqs: number[] = [];
  readonly reasons: string[] = [];
  snapshotSeq: number | null = null;
  readonly #items = new Map<string, unknown>();
  #whole: unknown = null;

  constructor(readonly stream: AccountStreamName) {}

  read(event: AccountStreamEvent): void {
    const { kind, seq, cursor, reason } = event.meta;
    this.cursor = cursor;
    this.isStale = kind === 'STALE';
    if (reason !== null) this.reasons.push(`${kind} ${reason}`);
    if (kind === 'STALE') return;
    if (kind === 'SNAPSHOT') this.#items.clear();
    if (kind === 'SNAPSHOT') this.snapshotSeq ??= Number(seq);
    else this.seqs.push(Number(seq));
    for (const order of event.orders ?? []) {
      if (order.status === 'OPEN') this.#items.set(order.id, order);
      else this.#items.delete(order.id);
    }
    for (const { id, accountId } of event.positions ?? []) this.#items.set(id, { id, accountId });
    for (const id of event.removed ?? []) this.#items.delete(id);
    this.#whole = event.balances ?? event.risk ?? null;
  }

  get state(): unknown {
    const items = [...this.#items.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
    return { items: items.map(([, item]) => item), whole: this.#whole };
  }
}

const owner = ({ ownerId }: AccountRecord) => ({ userId: ownerId, readsGranted: false, readsAll: false });

/** What the view of a stream has to be, by the database. */
export async function stateByDatabase(storage: Storage, account: AccountRecord, stream: AccountStreamName) {
  const asked = { accountId: account.id, kind: kindOf[stream] };
  const state = await storage.accountEvents.state(owner(account), asked);
  if (state === null) throw new Error('the account is gone');
  const byId = (one: { readonly id: string }, other: { readonly id: string }): number => (one.id < other.id ? -1 : 1);
  if (stream === 'orders') {
    const items = state.openOrders
      .map(viewOrder)
      .map(({ id, accountId, status, version }) => ({ id, accountId, status, version }));
    return { items: items.sort(byId), whole: null };
  }
  if (stream === 'positions') {
    return { items: state.positions.map(({ id, accountId }) => ({ id, accountId })).sort(byId), whole: null };
  }
  if (stream === 'balances') {
    return { items: [], whole: viewBalances(state.balances, state.openOrders, state.positions) };
  }
  const now = await storage.accounts.findReadable(owner(account), account.id);
  return {
    items: [],
    whole: { state: now?.tradingState, reason: now?.tradingStateReason },
  };
}

/** Numbers of all events of a stream, in order. */
export async function seqsByDatabase(storage: Storage, account: AccountRecord, stream: AccountStreamName) {
  const events = await storage.accountEvents.after(account.id, 0, 100_000);
  return events.filter(({ kind }) => kind === kindOf[stream]).map(({ seq }) => seq);
}
