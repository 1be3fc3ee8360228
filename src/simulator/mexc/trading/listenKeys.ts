import type { EpochMs } from '../../../domain/marketData';
import type { Account } from '../../engine/accounts/account';
import type { Random } from '../../engine/random';
import { MexcError } from '../mexcError';

const validMs = 3_600_000;
const maxKeys = 60;
const keyLength = 64;
const alphabet = 'abcdef0123456789';

interface Entry {
  readonly account: Account;
  expiresAt: EpochMs;
  /** Ends the sockets that it has opened. */
  readonly sockets: Set<() => void>;
}

/**
 * Keys that open the private channels of an account: each call makes another, up to 60, good for an hour from its last extension.
 * Source: MEXC spot v3, WebSocket user data streams.
 */
export class ListenKeys {
  private readonly byKey = new Map<string, Entry>();

  constructor(private readonly options: { readonly random: Random; readonly now: () => EpochMs }) {}

  /** Throws 730002 where the account has as many as it may. */
  create(account: Account): string {
    if (this.of(account).length >= maxKeys) throw new MexcError(730_002, 'Too many listen keys.');
    const { random, now } = this.options;
    const key = Array.from({ length: keyLength }, () => alphabet[random.integer(alphabet.length)]).join('');
    this.byKey.set(key, { account, expiresAt: now() + validMs, sockets: new Set() });
    return key;
  }

  /** Those that are good. */
  of(account: Account): readonly string[] {
    return [...this.byKey.keys()].filter((key) => this.find(key)?.account === account);
  }

  /** Makes a key good for another hour. Throws 730002 where the account has none like it. */
  extend(account: Account, key: string): void {
    this.owned(account, key).expiresAt = this.options.now() + validMs;
  }

  /** Ends a key and the sockets that it has opened. Throws 730002 where the account has none like it. */
  close(account: Account, key: string): void {
    const { sockets } = this.owned(account, key);
    this.byKey.delete(key);
    for (const end of sockets) end();
  }

  /** Whose channels a key opens; null where it is not good (any more). end: ends the socket; gives what forgets it. */
  attach(key: string, end: () => void): { readonly account: Account; readonly leave: () => void } | null {
    const entry = this.find(key);
    if (entry === null) return null;
    entry.sockets.add(end);
    return { account: entry.account, leave: () => entry.sockets.delete(end) };
  }

  private owned(account: Account, key: string): Entry {
    const entry = this.find(key);
    if (entry?.account !== account) throw new MexcError(730_002, 'The listen key does not exist.');
    return entry;
  }

  private find(key: string): Entry | null {
    const entry = this.byKey.get(key);
    return entry === undefined || entry.expiresAt < this.options.now() ? null : entry;
  }
}
