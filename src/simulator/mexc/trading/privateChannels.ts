import type { Account, AccountEvent, Balance } from '../../engine/accounts/account';
import type { PushBody, PushHeader } from '../protobuf';
import { money, toPrivateDeal, toPrivateOrder } from './orderFormat';

const names = {
  orders: 'spot@private.orders.v3.api.pb',
  deals: 'spot@private.deals.v3.api.pb',
  account: 'spot@private.account.v3.api.pb',
} as const;

/** Why a balance has changed. Source: MEXC spot v3, changed type. */
type Change = 'ENTRUST' | 'DEPOSIT' | 'WITHDRAW';

/** The private channels of one account on one socket. Source: MEXC spot v3, WebSocket user data streams. */
export class PrivateChannels {
  private readonly open = new Set<string>();
  private readonly told = new Map<string, Balance>();
  private readonly unlisten: () => void;
  private change: Change = 'ENTRUST';

  /** push: sends a frame with this inside. */
  constructor(
    private readonly account: Account,
    private readonly push: (header: PushHeader, body: PushBody) => void,
  ) {
    for (const asset of account.assets) this.told.set(asset, account.balance(asset));
    this.unlisten = account.events.listen((event) => {
      this.tell(event);
    });
  }

  /** False where there is no such channel. */
  subscribe(name: string): boolean {
    if (!Object.values<string>(names).includes(name)) return false;
    this.open.add(name);
    return true;
  }

  unsubscribe(name: string): void {
    this.open.delete(name);
  }

  close(): void {
    this.unlisten();
  }

  private tell(event: AccountEvent): void {
    if (event.kind === 'order') this.tellOrder(event);
    else if (event.kind === 'balances') for (const asset of event.assets) this.tellBalance(asset, event.time);
    else this.change = event.transfer.amount < 0n ? 'WITHDRAW' : 'DEPOSIT';
  }

  private tellOrder({ order, fill, time }: Extract<AccountEvent, { kind: 'order' }>): void {
    const header = { symbol: order.spec.id, sendTime: time };
    this.send({ ...header, channel: names.orders }, () => ({ privateOrders: toPrivateOrder(order) }));
    if (fill === null) return;
    this.send({ ...header, channel: names.deals }, () => ({ privateDeals: toPrivateDeal(fill) }));
  }

  private tellBalance(asset: string, time: number): void {
    const before = this.told.get(asset) ?? { free: 0n, locked: 0n };
    const after = this.account.balance(asset);
    this.told.set(asset, after);
    const type = this.change;
    this.change = 'ENTRUST';
    this.send({ channel: names.account, createTime: time, sendTime: time }, () => ({
      privateAccount: {
        vcoinName: asset,
        balanceAmount: money(after.free),
        balanceAmountChange: money(after.free - before.free),
        frozenAmount: money(after.locked),
        frozenAmountChange: money(after.locked - before.locked),
        type,
        time,
      },
    }));
  }

  private send(header: PushHeader, body: () => PushBody): void {
    if (this.open.has(header.channel)) this.push(header, body());
  }
}
