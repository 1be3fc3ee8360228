import type { DecimalString } from '../domain/decimal';
import { product } from '../domain/money';
import { isTerminal } from '../domain/orderPhases';
import type { AccountLog, AccountReader, OrderRecord } from '../trading/accountLog';
import type { BalanceView } from '../trading/balanceViews';
import { viewOrder, type OrderView } from '../trading/orderView';
import type { RiskStatus } from '../trading/risk/riskStatus';
import type { AccountContent, ReadContent } from './accountContent';

/** SNAPSHOT: every order that is not done, the oldest first. UPDATE: the order that has changed, whole. STALE: none. */
export interface OrdersBody {
  readonly orders: readonly OrderView[];
}

export interface StreamedBalance extends BalanceView {
  /** In the account's currency; null where no price is live. */
  readonly value: DecimalString | null;
}

/** All balances, every time. */
export interface BalancesBody {
  readonly accountId: string;
  readonly balances: readonly StreamedBalance[];
}

export interface RiskBody {
  readonly accountId: string;
  readonly risk: RiskStatus;
}

export class OrdersContent implements AccountContent<OrdersBody> {
  readonly stream = 'orders';
  readonly kind = 'order';
  readonly between = null;
  readonly #open = new Map<string, OrderView>();

  constructor(private readonly parts: { readonly log: Pick<AccountLog, 'orders'>; readonly accountId: string }) {}

  async read(reader: AccountReader): Promise<ReadContent | null> {
    const known = await this.parts.log.orders(reader, this.parts.accountId);
    if (known === null) return null;
    const keep = (): void => {
      this.#open.clear();
      for (const order of known.orders) this.#open.set(order.id, order);
    };
    return { seq: known.seq, keep };
  }

  toUpdate(payload: unknown): OrdersBody {
    return { orders: [viewOrder(payload as OrderRecord)] };
  }

  apply(payload: unknown): void {
    const order = payload as OrderRecord;
    if (isTerminal(order.phase)) this.#open.delete(order.id);
    else this.#open.set(order.id, viewOrder(order));
  }

  whole(): OrdersBody {
    return { orders: [...this.#open.values()] };
  }

  lastKnown(): OrdersBody {
    return { orders: [] };
  }
}

export class BalancesContent implements AccountContent<BalancesBody> {
  readonly stream = 'balances';
  readonly kind = 'balances';
  readonly between = null;
  #balances: readonly BalanceView[] = [];

  constructor(
    private readonly parts: {
      readonly log: Pick<AccountLog, 'balances'>;
      readonly accountId: string;
      /** What a unit of a currency is worth in the account's, by a price that is live; null where there is none. */
      readonly rate: (currency: string) => DecimalString | null;
    },
  ) {}

  async read(reader: AccountReader): Promise<ReadContent | null> {
    const known = await this.parts.log.balances(reader, this.parts.accountId);
    if (known === null) return null;
    const keep = (): void => {
      this.#balances = known.balances;
    };
    return { seq: known.seq, keep };
  }

  toUpdate(payload: unknown): BalancesBody {
    return this.#value((payload as { readonly balances: readonly BalanceView[] }).balances);
  }

  apply(payload: unknown): void {
    this.#balances = (payload as { readonly balances: readonly BalanceView[] }).balances;
  }

  whole(): BalancesBody {
    return this.#value(this.#balances);
  }

  lastKnown(): BalancesBody {
    return this.whole();
  }

  #value(balances: readonly BalanceView[]): BalancesBody {
    const { accountId, rate } = this.parts;
    const valued = balances.map((balance) => {
      const price = rate(balance.currency);
      return { ...balance, value: price === null ? null : product(balance.total, price) };
    });
    return { accountId, balances: valued };
  }
}

export class RiskContent implements AccountContent<RiskBody> {
  readonly stream = 'risk';
  readonly kind = 'risk';
  readonly between = null;
  #risk: RiskStatus | null = null;

  constructor(private readonly parts: { readonly log: Pick<AccountLog, 'risk'>; readonly accountId: string }) {}

  async read(reader: AccountReader): Promise<ReadContent | null> {
    const known = await this.parts.log.risk(reader, this.parts.accountId);
    if (known === null) return null;
    const keep = (): void => {
      this.#risk = known.risk;
    };
    return { seq: known.seq, keep };
  }

  toUpdate(payload: unknown): RiskBody {
    return { accountId: this.parts.accountId, risk: payload as RiskStatus };
  }

  apply(payload: unknown): void {
    this.#risk = payload as RiskStatus;
  }

  whole(): RiskBody {
    if (this.#risk === null) throw new Error('the risk of an account is told before it was read');
    return this.toUpdate(this.#risk);
  }

  lastKnown(): RiskBody {
    return this.whole();
  }
}
