import { BadMarketData } from '../badMarketData';
import type { CcxtAccountExchange } from '../ccxtTypes';
import { optional, readRecord, readText } from '../readNumbers';
import type { KeyPermissions } from '../tradingPort';

const unknown: KeyPermissions = { mayTrade: null, mayWithdraw: null, mayTransfer: null, isIpRestricted: null };

/** Rights to change something that move no money out of the account. Source: MEXC spot v3, ENUM definitions, permission. */
const harmless = ['SPOT_ACCOUNT', 'SPOT_DEAL', 'SPOT_DEPOSIT', 'CONTRACT_ACCOUNT', 'CONTRACT_DEAL'];

/**
 * A right that is not known could be one to move money: where there is one, neither is said to be excluded.
 * Source: MEXC spot v3, query api key info. `canWithdraw` of the account is not asked: it says nothing of the key.
 */
export async function mexcKeyPermissions(exchange: CcxtAccountExchange): Promise<KeyPermissions> {
  const { apiKey } = exchange;
  const told = readRecord(await exchange.spotPrivateGetApiKeyInfo({ accessKey: apiKey }), 'key');
  if (told.accessKey !== apiKey) throw new BadMarketData('the answer is about another key');
  if (typeof told.permissions !== 'string') return unknown;
  const rights = told.permissions.split(',').map((right) => right.trim());
  const writes = rights.flatMap((right) => (isToRead(right) ? [] : [right.replace(/_(WRITE|W)$/, '')]));
  const isEveryKnown = writes.every((right) => [...harmless, 'SPOT_WITHDRAW', 'SPOT_TRANSFER'].includes(right));
  const may = (right: string): boolean | null => writes.includes(right) || (isEveryKnown ? false : null);
  return {
    mayTrade: told.status === 'VALID' && writes.includes('SPOT_DEAL'),
    mayWithdraw: may('SPOT_WITHDRAW'),
    mayTransfer: may('SPOT_TRANSFER'),
    isIpRestricted: typeof told.ipWhiteList === 'string' ? told.ipWhiteList.trim() !== '' : null,
  };
}

/** Source: MEXC spot v3, query UID. */
export async function mexcAccount(exchange: CcxtAccountExchange): Promise<string | null> {
  const { uid } = readRecord(await exchange.spotPrivateGetUid(), 'account');
  return optional(uid, (told) => readText(told, 'uid'));
}

function isToRead(right: string): boolean {
  return right === '' || /_(READ|R)$/.test(right);
}
