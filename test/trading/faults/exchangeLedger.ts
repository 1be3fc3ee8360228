import { toDecimalString, type DecimalString } from '../../../src/domain/decimal';
import { sum } from '../../../src/domain/money';
import type { RunningSimulator } from '../../kit/simulator';

export interface ExchangeOrder {
  readonly symbol: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly status: 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH' | 'REJECTED';
  readonly origQty: string;
  readonly executedQty: string;
  /** When the exchange took it. */
  readonly time: number;
}

export interface ExchangeTrade {
  readonly symbol: string;
  readonly id: number;
  readonly orderId: number;
  readonly price: string;
  readonly qty: string;
  readonly commission: string;
  readonly commissionAsset: string;
}

/** What the exchange itself knows of one account: the truth that the database is held against. */
export interface ExchangeLedger {
  readonly orders: readonly ExchangeOrder[];
  readonly trades: readonly ExchangeTrade[];
  /** Free and locked together, of all wallets, by currency. */
  readonly balances: ReadonlyMap<string, DecimalString>;
  /** Client ids that more than one order ever had: what was sent twice. */
  readonly repeatedClientIds: readonly object[];
}

export async function exchangeLedger(simulator: RunningSimulator, account: string): Promise<ExchangeLedger> {
  const { accounts } = (await simulator.control('GET', `ledger?account=${account}`)) as {
    readonly accounts: readonly {
      readonly spot: {
        readonly orders: readonly ExchangeOrder[];
        readonly trades: readonly ExchangeTrade[];
        readonly balances: Readonly<Record<string, { readonly free: string; readonly locked: string }>>;
        readonly differences: readonly object[];
      };
      readonly usdm: { readonly wallet: string };
      readonly repeatedClientIds: readonly object[];
    }[];
  };
  const [found] = accounts;
  if (found === undefined) throw new Error(`the exchange has no account ${account}`);
  const { spot, usdm, repeatedClientIds } = found;
  if (spot.differences.length > 0) throw new Error('the simulated exchange does not add up itself');
  const balances = Object.entries(spot.balances).map(
    ([currency, { free, locked }]) =>
      [currency, sum(...[free, locked, currency === 'USDT' ? usdm.wallet : '0'].map(toDecimalString))] as const,
  );
  return { orders: spot.orders, trades: spot.trades, balances: new Map(balances), repeatedClientIds };
}
