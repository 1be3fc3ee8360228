import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '../../../domain/marketData';

/** What a key may do. */
export interface Permissions {
  readonly mayRead: boolean;
  readonly mayTrade: boolean;
  readonly mayTradeFutures: boolean;
  readonly mayWithdraw: boolean;
  /** To other users of the exchange. */
  readonly mayTransferInternally: boolean;
  /** Between the wallets and sub-accounts of its owner. */
  readonly mayTransferUniversally: boolean;
  readonly isIpRestricted: boolean;
}

export const permissionNames = [
  'mayRead',
  'mayTrade',
  'mayTradeFutures',
  'mayWithdraw',
  'mayTransferInternally',
  'mayTransferUniversally',
  'isIpRestricted',
] as const satisfies readonly (keyof Permissions)[];

/** A careful owner's key: it trades, and nothing else. */
export const tradingOnly: Permissions = {
  mayRead: true,
  mayTrade: true,
  mayTradeFutures: true,
  mayWithdraw: false,
  mayTransferInternally: false,
  mayTransferUniversally: false,
  isIpRestricted: true,
};

/** Who a client of the exchange is, whatever wallets it has. */
export interface Identity {
  readonly name: string;
  readonly uid: number;
  apiKey: string;
  secret: string;
  readonly createdAt: EpochMs;
  permissions: Permissions;
}

/** Whether a text was signed with a client's secret: HMAC SHA-256, in hexadecimal digits. */
export function isSignedBy({ secret }: Pick<Identity, 'secret'>, text: string, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(text).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
