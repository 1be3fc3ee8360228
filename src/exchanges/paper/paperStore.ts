import type { EpochMs } from '../../domain/marketData';
import type { Fill, PositionMode } from '../../domain/orders';
import type { PaperBalance, PaperChange, PaperLedger, PaperOrder, PaperTransfer } from '../../domain/paperLedger';

/**
 * Where paper accounts are kept. What `commit` has answered survives every crash. Methods reject where the store cannot be
 * reached; of a `commit` that rejected nobody knows whether it was made.
 */
export interface PaperStore {
  /** Opens an account with these balances. An account that is there already stays as it is. */
  create(account: NewPaperAccount): Promise<void>;
  /** Null where there is no such account. */
  load(accountId: string): Promise<PaperLedger | null>;
  /**
   * Makes a change in one transaction.
   *   done       it is stored
   *   conflict   the account is not at the expected version: somebody else has changed it
   *   duplicate  a new order bears a client order id, or a transfer an id, that the account has had before
   */
  commit(change: PaperChange): Promise<'done' | 'conflict' | 'duplicate'>;
  /** By the client order id. */
  findOrder(accountId: string, clientOrderId: string): Promise<PaperOrder | null>;
  /** Of one order, oldest first. */
  fillsOf(accountId: string, orderNumber: number): Promise<readonly Fill[]>;
  /** Placed or changed at `since` or later, oldest first. */
  ordersSince(accountId: string, symbol: string, since: EpochMs): Promise<readonly PaperOrder[]>;
  /** Oldest first. */
  fillsSince(accountId: string, symbol: string, since: EpochMs): Promise<readonly Fill[]>;
  /** Oldest first. */
  transfersSince(accountId: string, since: EpochMs): Promise<readonly PaperTransfer[]>;
  /** Accounts of an exchange that have open orders or positions. */
  activeAccounts(exchange: string): Promise<readonly string[]>;
}

export interface NewPaperAccount {
  readonly accountId: string;
  /** Our name of the exchange whose markets it trades. */
  readonly exchange: string;
  readonly positionMode: PositionMode;
  readonly balances: ReadonlyMap<string, PaperBalance>;
}
