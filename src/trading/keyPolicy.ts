import type { KeyPermissions } from '../exchanges/tradingPort';

/** Stable: clients and alarms go by them. */
export type KeyViolationCode =
  'KEY_CAN_WITHDRAW' | 'KEY_CAN_TRANSFER' | 'KEY_NOT_IP_RESTRICTED' | 'KEY_CANNOT_TRADE' | 'KEY_PERMISSIONS_UNKNOWN';

export interface KeyViolation {
  readonly code: KeyViolationCode;
  /** What it is about: KEY_PERMISSIONS_UNKNOWN can be about several. */
  readonly permission: keyof KeyPermissions;
}

interface Demand {
  readonly permission: keyof KeyPermissions;
  readonly wanted: boolean;
  readonly code: KeyViolationCode;
  /** True where an exchange without real money is let off. */
  readonly isForRealMoney: boolean;
}

const demands: readonly Demand[] = [
  { permission: 'mayWithdraw', wanted: false, code: 'KEY_CAN_WITHDRAW', isForRealMoney: false },
  { permission: 'mayTransfer', wanted: false, code: 'KEY_CAN_TRANSFER', isForRealMoney: false },
  { permission: 'isIpRestricted', wanted: true, code: 'KEY_NOT_IP_RESTRICTED', isForRealMoney: true },
  { permission: 'mayTrade', wanted: true, code: 'KEY_CANNOT_TRADE', isForRealMoney: false },
];

/**
 * Why a key of an exchange is not taken, or may not be used any longer: it must trade, and neither withdraw nor transfer, from the addresses
 * of its owner alone. Empty where it is fit. What the exchange does not tell is a violation too.
 * isTestnet: true of testnets and of the simulator, whose keys need no restriction to addresses.
 */
export function judgeKey(
  permissions: KeyPermissions,
  options: { readonly isTestnet: boolean },
): readonly KeyViolation[] {
  return demands
    .filter((demand) => !(demand.isForRealMoney && options.isTestnet))
    .flatMap(({ permission, wanted, code }) => {
      const told = permissions[permission];
      if (told === wanted) return [];
      return [{ code: told === null ? 'KEY_PERMISSIONS_UNKNOWN' : code, permission }];
    });
}
