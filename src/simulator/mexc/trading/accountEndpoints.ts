import type { Account, Transfer } from '../../engine/accounts/account';
import type { Permissions } from '../../engine/accounts/identity';
import type { SignedEndpoint } from '../endpoint';
import { MexcError } from '../mexcError';
import type { Parameters } from '../parameters';
import { money } from './orderFormat';
import type { PrivateApi } from './privateApi';

const dayMs = 86_400_000;
const loopback = '127.0.0.1';

/** Account, key, listen keys and the history of the wallet over REST. Source: MEXC spot v3. */
export function accountEndpoints({ listenKeys, venue }: PrivateApi): readonly SignedEndpoint[] {
  const call = (method: SignedEndpoint['method'], path: string, handle: SignedEndpoint['handle']): SignedEndpoint => ({
    method,
    path: `/api/v3/${path}`,
    weight: path === 'account' ? 10 : 1,
    needs: 'READ',
    handle,
  });
  const { now } = venue;
  return [
    call('GET', 'account', (_parameters, account) => accountInfo(account)),
    call('GET', 'apiKeyInfo', (parameters, account) => keyInfo(account, parameters)),
    call('GET', 'uid', (_parameters, { identity }) => ({ uid: String(identity.uid) })),
    call('GET', 'capital/deposit/hisrec', (parameters, account) =>
      transfers(account, 'deposit', period(parameters, now())).map(toDeposit),
    ),
    call('GET', 'capital/withdraw/history', (parameters, account) =>
      transfers(account, 'withdrawal', period(parameters, now())).map(toWithdrawal),
    ),
    call('POST', 'userDataStream', (_parameters, account) => ({ listenKey: listenKeys.create(account) })),
    call('GET', 'userDataStream', (_parameters, account) => ({ listenKey: listenKeys.of(account) })),
    call('PUT', 'userDataStream', (parameters, account) => {
      const listenKey = parameters.requiredText('listenKey');
      listenKeys.extend(account, listenKey);
      return { listenKey };
    }),
    call('DELETE', 'userDataStream', (parameters, account) => {
      const listenKey = parameters.requiredText('listenKey');
      listenKeys.close(account, listenKey);
      return { listenKey };
    }),
  ];
}

/** `can…` is about the account, whatever its key may do. */
function accountInfo(account: Account): object {
  const balances = account.assets.map((asset) => ({ asset, ...account.balance(asset) }));
  return {
    makerCommission: null,
    takerCommission: null,
    buyerCommission: null,
    sellerCommission: null,
    canTrade: true,
    canWithdraw: true,
    canDeposit: true,
    updateTime: null,
    accountType: 'SPOT',
    balances: balances
      .filter(({ free, locked }) => free + locked > 0n)
      .map(({ asset, free, locked }) => ({ asset, free: money(free), locked: money(locked) })),
    permissions: ['SPOT'],
  };
}

/** Throws 730706 where the key that is asked about is not this account's. */
function keyInfo({ identity }: Account, parameters: Parameters): object {
  const { apiKey, createdAt, permissions } = identity;
  if (parameters.requiredText('accessKey') !== apiKey) {
    throw new MexcError(730_706, 'API KEY information does not exist');
  }
  return {
    note: identity.name,
    accessKey: apiKey,
    createTime: new Date(createdAt).toISOString(),
    permissions: rightsOf(permissions).join(','),
    remainingValidity: permissions.isIpRestricted ? -1 : 90,
    ipWhiteList: permissions.isIpRestricted ? loopback : '',
    status: 'VALID',
  };
}

function rightsOf(permissions: Permissions): readonly string[] {
  const { mayRead, mayTrade, mayWithdraw, mayTransferInternally, mayTransferUniversally } = permissions;
  return [
    ...(mayRead ? ['SPOT_ACCOUNT_READ', 'SPOT_DEAL_READ', 'SPOT_WITHDRAW_READ', 'SPOT_TRANSFER_READ'] : []),
    ...(mayTrade ? ['SPOT_DEAL_WRITE'] : []),
    ...(mayWithdraw ? ['SPOT_WITHDRAW_WRITE'] : []),
    ...(mayTransferInternally || mayTransferUniversally ? ['SPOT_TRANSFER_WRITE'] : []),
  ];
}

/** Seven days at most, the latest where nothing is said; none of them more than ninety days ago. */
function period(parameters: Parameters, now: number): (transfer: Transfer) => boolean {
  const since = parameters.integer('startTime') ?? now - 7 * dayMs;
  const until = parameters.integer('endTime') ?? now;
  if (since < now - 90 * dayMs) throw new MexcError(400, 'The start time cannot be earlier than 90 days');
  if (until - since > 7 * dayMs) throw new MexcError(400, 'The time range cannot be greater than 7 days');
  return ({ time }) => time >= since && time <= until;
}

function transfers(
  account: Account,
  reason: Transfer['reason'],
  isAsked: (transfer: Transfer) => boolean,
): readonly Transfer[] {
  return account.transfers.filter((transfer) => transfer.reason === reason && isAsked(transfer)).toReversed();
}

/** Ids of an asset's moves: when and how much. */
function idOf({ asset, amount, time }: Transfer): string {
  return `${asset}-${time}-${amount}`;
}

function toDeposit(transfer: Transfer): object {
  const id = idOf(transfer);
  return {
    amount: money(transfer.amount),
    coin: `${transfer.asset}-SIM`,
    network: 'SIM',
    status: 5,
    address: 'simulated',
    txId: `${id}:0`,
    insertTime: transfer.time,
    unlockConfirm: '1',
    confirmTimes: '1',
    memo: null,
    transHash: id,
    updateTime: transfer.time,
    netWork: 'SIM',
  };
}

function toWithdrawal(transfer: Transfer): object {
  const id = idOf(transfer);
  return {
    id,
    txId: `${id}:0`,
    coin: `${transfer.asset}-SIM`,
    network: 'SIM',
    address: 'simulated',
    amount: money(-transfer.amount),
    transferType: 0,
    status: 7,
    transactionFee: '0',
    confirmNo: null,
    applyTime: transfer.time,
    remark: '',
    memo: null,
    transHash: id,
    updateTime: transfer.time,
    netWork: 'SIM',
  };
}
