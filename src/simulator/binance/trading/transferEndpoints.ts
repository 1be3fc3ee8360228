import type { Account, Transfer } from '../../engine/accounts/account';
import type { SignedEndpoint } from '../endpoint';
import { timeRange } from '../paging';
import type { Parameters } from '../parameters';
import { money } from './orderFormat';

const dayMs = 86_400_000;
const maxRangeMs = 90 * dayMs;
const completedDeposit = 1;
const completedWithdrawal = 6;

/** Deposits and withdrawals, the newest first. Source: Binance GET /sapi/v1/capital/deposit/hisrec, /sapi/v1/capital/withdraw/history. */
export function transferEndpoints(now: () => number): readonly SignedEndpoint[] {
  const history = (
    path: string,
    reason: Transfer['reason'],
    show: (transfer: Transfer, id: string) => object,
  ): SignedEndpoint => ({
    method: 'GET',
    path: `/sapi/v1/capital/${path}`,
    weight: 1,
    needs: 'READ',
    handle: (parameters, account) => {
      const found = listed(account, parameters, now()).filter(({ transfer }) => transfer.reason === reason);
      return found.map(({ transfer, id }) => show(transfer, id)).slice(0, parameters.limit(1_000, 1_000));
    },
  });
  return [history('deposit/hisrec', 'deposit', toDeposit), history('withdraw/history', 'withdrawal', toWithdrawal)];
}

function listed(
  account: Account,
  parameters: Parameters,
  now: number,
): readonly { readonly transfer: Transfer; readonly id: string }[] {
  const isInTime = timeRange(parameters, maxRangeMs);
  return account.transfers
    .map((transfer, index) => ({ transfer, id: `${account.identity.name}-${index}` }))
    .filter(({ transfer: { time, listedAt = time } }) => isInTime(time) && listedAt <= now)
    .reverse();
}

function toDeposit({ asset, amount, time }: Transfer, id: string): object {
  return {
    id,
    amount: money(amount),
    coin: asset,
    network: asset,
    status: completedDeposit,
    address: 'simulated',
    addressTag: '',
    txId: `tx-${id}`,
    insertTime: time,
    transferType: 0,
    confirmTimes: '1/1',
  };
}

function toWithdrawal({ asset, amount, time }: Transfer, id: string): object {
  return {
    id,
    amount: money(-amount),
    transactionFee: '0',
    coin: asset,
    status: completedWithdrawal,
    address: 'simulated',
    addressTag: '',
    txId: `tx-${id}`,
    // Whole seconds, UTC.
    applyTime: new Date(time).toISOString().slice(0, 19).replace('T', ' '),
    network: asset,
    transferType: 0,
  };
}
