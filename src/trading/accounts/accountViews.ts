import type { DecimalString } from '../../domain/decimal';
import { product } from '../../domain/money';
import type { AccountReader } from '../../storage/trading/accountReader';
import type { AccountStore, ReconciliationRecord } from '../../storage/trading/accountStore';
import type { AccountRecord } from '../../storage/trading/records';
import { viewBalances, type BalanceView } from '../balanceViews';
import type { AccountEquity } from '../risk/accountEquity';
import type { RiskStatus } from '../risk/riskStatus';

export type { AccountReader, AccountRecord, ReconciliationRecord };

export interface ValuedBalance extends BalanceView {
  /** In the account's currency; null where no price is proven to be current. */
  readonly value: DecimalString | null;
}

/** More than one person keeps an eye on; analysts who see all are given the oldest. */
const mostAccounts = 200;

/** What those who may see accounts read of them. Writes nothing; any node may ask. */
export class AccountViews {
  constructor(
    private readonly parts: {
      readonly accounts: AccountStore;
      readonly equity: AccountEquity;
    },
  ) {}

  /** The oldest first. */
  accounts(reader: AccountReader): Promise<readonly AccountRecord[]> {
    return this.parts.accounts.readable(reader, mostAccounts);
  }

  /** Null where there is none, and where it is not this reader's to see. */
  account(reader: AccountReader, id: string): Promise<AccountRecord | null> {
    return this.parts.accounts.findReadable(reader, id);
  }

  async balances(reader: AccountReader, account: AccountRecord): Promise<readonly ValuedBalance[]> {
    const { balances, openOrders, positions } = await this.parts.accounts.books(reader, account.id);
    const prices = this.parts.equity.prices(account.exchange);
    return Promise.all(
      viewBalances(balances, openOrders, positions).map(async (view) => {
        const conversion = await prices.convert(view.currency, account.currency);
        return { ...view, value: conversion.kind === 'rate' ? product(view.total, conversion.rate) : null };
      }),
    );
  }

  reconciliation(reader: AccountReader, account: AccountRecord): Promise<ReconciliationRecord | null> {
    return this.parts.accounts.reconciliation(reader, account.id);
  }

  /** Null where there is no such account, and where it is not this reader's to see. */
  risk(reader: AccountReader, id: string): Promise<RiskStatus | null> {
    return this.parts.equity.riskStatus(id, reader);
  }
}
