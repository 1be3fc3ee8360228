import type { EpochMs } from '../../../domain/marketData';
import { createRandom } from '../random';
import { parseBigUnits } from '../units';
import { Account } from './account';
import { tradingOnly, type Identity, type Permissions } from './identity';
import { moneyDecimals } from './money';

const keyLength = 64;
const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const firstUid = 300_000_001;

const initialAmounts: Readonly<Record<string, string>> = {
  USDT: '100000',
  BTC: '2',
  ETH: '30',
  BNB: '100',
  SOL: '300',
  XRP: '20000',
  DOGE: '100000',
};

/** What every demo account begins with. */
export const initialBalances: ReadonlyMap<string, bigint> = new Map(
  Object.entries(initialAmounts).map(([asset, amount]) => [asset, parseBigUnits(amount, moneyDecimals)]),
);

const demos: readonly { readonly name: string; readonly permissions: Permissions }[] = [
  { name: 'trader', permissions: tradingOnly },
  { name: 'second-trader', permissions: tradingOnly },
  { name: 'reader', permissions: { ...tradingOnly, mayTrade: false, mayTradeFutures: false } },
  { name: 'withdrawer', permissions: { ...tradingOnly, mayWithdraw: true, mayTransferInternally: true } },
];

/** Accounts to try the exchange with. */
export function createDemoAccounts(seed: string, createdAt: EpochMs): readonly Account[] {
  return demos.map((demo, index) => new Account(createIdentity({ ...demo, seed, index, createdAt }), initialBalances));
}

/** What a seed makes is the same each time. */
export function createKey(seed: string): Pick<Identity, 'apiKey' | 'secret'> {
  const random = createRandom(seed);
  const key = (): string =>
    Array.from({ length: keyLength }, () => keyAlphabet[random.integer(keyAlphabet.length)]).join('');
  return { apiKey: key(), secret: key() };
}

/** An account's name and keys, which follow from the seed and its name and open nothing but this simulation. */
export function createIdentity(options: {
  readonly seed: string;
  readonly name: string;
  readonly index: number;
  readonly permissions: Permissions;
  readonly createdAt: EpochMs;
}): Identity {
  const { seed, name, index, permissions, createdAt } = options;
  return { name, uid: firstUid + index, ...createKey(`${seed}/account/${name}`), permissions, createdAt };
}
