import type { EpochMs } from '../../../domain/marketData';
import type { Account } from '../../engine/accounts/account';
import type { Random } from '../../engine/random';
import { BinanceError } from '../binanceError';

const validMs = 3_600_000;
const keyLength = 64;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Keys that open an account's event stream: one an account, valid for an hour from the last call that asked for it. */
export class ListenKeys {
  private readonly byKey = new Map<string, { readonly account: Account; expiresAt: EpochMs }>();

  constructor(private readonly options: { readonly random: Random; readonly now: () => EpochMs }) {}

  /** Gives the account's key, a new one where it has none that is still valid. */
  create(account: Account): string {
    const expiresAt = this.options.now() + validMs;
    for (const [key, entry] of this.byKey) {
      if (entry.account !== account || this.account(key) === null) continue;
      entry.expiresAt = expiresAt;
      return key;
    }
    const { random } = this.options;
    const key = Array.from({ length: keyLength }, () => alphabet[random.integer(alphabet.length)]).join('');
    this.byKey.set(key, { account, expiresAt });
    return key;
  }

  /** Makes the account's key valid for another hour. Throws -1125 where it has none. */
  extend(account: Account): string {
    if (![...this.byKey].some(([key, entry]) => entry.account === account && this.account(key) !== null)) {
      throw new BinanceError(-1125, 'This listenKey does not exist.');
    }
    return this.create(account);
  }

  close(account: Account): void {
    for (const [key, entry] of this.byKey) if (entry.account === account) this.byKey.delete(key);
  }

  /** Whose events a key opens; null where it is not valid (any more). */
  account(key: string): Account | null {
    const entry = this.byKey.get(key);
    return entry === undefined || entry.expiresAt < this.options.now() ? null : entry.account;
  }
}
