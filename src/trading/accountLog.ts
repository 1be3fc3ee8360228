import type { AccountEvents, ReplayRequest } from '../storage/trading/accountEvents';
import type { AccountReader } from '../storage/trading/accountReader';
import type { AccountStore } from '../storage/trading/accountStore';
import type {
  AccountEventKind,
  AccountEventRecord,
  AccountRecord,
  OrderRecord,
  PositionRecord,
} from '../storage/trading/records';
import { viewBalances, type BalanceView } from './balanceViews';
import { viewOrder, type OrderView } from './orderView';
import type { AccountEquity } from './risk/accountEquity';
import type { RiskStatus } from './risk/riskStatus';

export type { AccountEventKind, AccountEventRecord, AccountReader, AccountRecord, OrderRecord, PositionRecord };

/** What was true at one moment; `seq`: of the newest event of its kind by then. Null: not there, or not for this reader. */
export type Known<Facts> = Promise<(Facts & { readonly seq: number }) | null>;

/** What happened to accounts, and what came of it: what their streams are made of. */
export class AccountLog {
  constructor(
    private readonly parts: {
      readonly events: AccountEvents;
      readonly accounts: AccountStore;
      readonly equity: Pick<AccountEquity, 'riskStatus'>;
    },
  ) {}

  /** Null where there is none, and where it is not this reader's to see. */
  account(reader: AccountReader, accountId: string): Promise<AccountRecord | null> {
    return this.parts.accounts.findReadable(reader, accountId);
  }

  /** The number of the newest event of each. */
  heads(accountIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.parts.events.heads(accountIds);
  }

  after(accountId: string, seq: number, most: number): Promise<readonly AccountEventRecord[]> {
    return this.parts.events.after(accountId, seq, most);
  }

  /** Null where some of it is gone, or too much, or not for this reader. */
  replay(reader: AccountReader, request: ReplayRequest): Promise<readonly AccountEventRecord[] | null> {
    return this.parts.events.replay(reader, request);
  }

  /** Those that are not done, the oldest first. */
  async orders(reader: AccountReader, accountId: string): Known<{ readonly orders: readonly OrderView[] }> {
    const state = await this.parts.events.state(reader, { accountId, kind: 'order' });
    return state === null ? null : { seq: state.seq, orders: state.openOrders.map(viewOrder) };
  }

  async positions(reader: AccountReader, accountId: string): Known<{ readonly positions: readonly PositionRecord[] }> {
    return this.parts.events.state(reader, { accountId, kind: 'position' });
  }

  async balances(reader: AccountReader, accountId: string): Known<{ readonly balances: readonly BalanceView[] }> {
    const state = await this.parts.events.state(reader, { accountId, kind: 'balances' });
    if (state === null) return null;
    return { seq: state.seq, balances: viewBalances(state.balances, state.openOrders, state.positions) };
  }

  /** Valued after the number was read: it may hold an event more, which is then told again. */
  async risk(reader: AccountReader, accountId: string): Known<{ readonly risk: RiskStatus }> {
    const state = await this.parts.events.state(reader, { accountId, kind: 'risk' });
    const risk = state === null ? null : await this.parts.equity.riskStatus(accountId, reader);
    return state === null || risk === null ? null : { seq: state.seq, risk };
  }
}
