import type { Account, Transfer } from '../engine/accounts/account';

/** An order that was taken once, whatever has become of it. */
export interface PlacedOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly orderId: number;
}

/** A part of the exchange with wallets and markets of its own, as the control endpoint sees it. */
export interface ExchangePart {
  readonly name: 'spot' | 'usdm';
  /** Symbols of its markets, e.g. "BTCUSDT". */
  readonly symbols: readonly string[];
  /** Trades a market to a price, at once. False where the price is not one of its ticks. */
  move(symbol: string, price: string): boolean;
  /**
   * Moves money in or out of an account's wallet; false where there is not as much free. amount: decimal, signed. listAfterMs: so much
   * later the histories show it. Throws RangeError for an amount that is none.
   */
  transfer(
    account: Account,
    transfer: { asset: string; amount: string; reason: Transfer['reason']; listAfterMs: number },
  ): boolean;
  placedOrders(account: Account): readonly PlacedOrder[];
  ledger(account: Account): object;
}
