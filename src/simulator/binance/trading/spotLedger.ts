import type { Account } from '../../engine/accounts/account';
import { money, toMyTrade, toOrderStatus } from './orderFormat';

/** Everything that the exchange knows of an account's spot wallet, in Binance's words. */
export function spotLedger(account: Account): object {
  const orders = [...account.orders.values()];
  return {
    balances: Object.fromEntries(
      account.assets.map((asset) => {
        const { free, locked } = account.balance(asset);
        return [asset, { free: money(free), locked: money(locked) }];
      }),
    ),
    orders: orders.map(toOrderStatus),
    trades: account.fills.map((fill) => ({ ...toMyTrade(fill), clientOrderId: fill.order.clientOrderId })),
    transfers: account.transfers.map((transfer) => ({ ...transfer, amount: money(transfer.amount) })),
    differences: differences(account),
  };
}

/** Assets whose balance is not what transfers, trades and fees come to: none, unless the exchange itself is wrong. */
function differences(account: Account): object[] {
  const expected = new Map<string, bigint>();
  const add = (asset: string, amount: bigint): void => {
    expected.set(asset, (expected.get(asset) ?? 0n) + amount);
  };
  for (const { asset, amount } of account.transfers) add(asset, amount);
  for (const { order, cost, amount, fee, feeAsset } of account.fills) {
    const sign = order.side === 'BUY' ? 1n : -1n;
    add(order.spec.base, sign * amount);
    add(order.spec.quote, -sign * cost);
    add(feeAsset, -fee);
  }
  return [...expected].flatMap(([asset, amount]) => {
    const { free, locked } = account.balance(asset);
    return free + locked === amount ? [] : [{ asset, expected: money(amount), actual: money(free + locked) }];
  });
}
