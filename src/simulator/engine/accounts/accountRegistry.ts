import type { EpochMs } from '../../../domain/marketData';
import { Account } from './account';
import { createIdentity, createKey, initialBalances } from './demoAccounts';
import type { Identity, Permissions } from './identity';

/** Every client of the exchange; more can come at any time. */
export class AccountRegistry {
  private readonly byKey = new Map<string, Account>();
  private readonly byName = new Map<string, Account>();

  constructor(
    accounts: readonly Account[],
    private readonly options: { readonly seed: string; readonly now: () => EpochMs },
  ) {
    for (const account of accounts) this.enter(account);
  }

  get all(): readonly Account[] {
    return [...this.byName.values()];
  }

  withKey(apiKey: string): Account | null {
    return this.byKey.get(apiKey) ?? null;
  }

  named(name: string): Account | null {
    return this.byName.get(name) ?? null;
  }

  /** Opens an account; null where the name is taken. balances: null for those that every demo account begins with. */
  open(name: string, permissions: Permissions, balances: ReadonlyMap<string, bigint> | null): Account | null {
    if (this.byName.has(name)) return null;
    const { seed, now } = this.options;
    const identity = createIdentity({ seed, name, permissions, index: this.byName.size, createdAt: now() });
    const account = new Account(identity, balances ?? initialBalances);
    this.enter(account);
    return account;
  }

  /** Gives an account another key; the one before opens nothing any more. */
  renewKey(account: Account): Pick<Identity, 'apiKey' | 'secret'> {
    const { apiKey } = account.identity;
    this.byKey.delete(apiKey);
    // Of the key before: each follows from the seed, and no two are the same.
    const key = createKey(`${this.options.seed}/key/${apiKey}`);
    Object.assign(account.identity, key);
    this.enter(account);
    return key;
  }

  private enter(account: Account): void {
    this.byKey.set(account.identity.apiKey, account);
    this.byName.set(account.identity.name, account);
  }
}
