import type { EpochMs } from '../../../domain/marketData';
import { createRandom } from '../random';
import { parseBigUnits } from '../units';
import { Account, type Permissions } from './account';
import { moneyDecimals } from './money';

const keyLength = 64;
const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const initialBalances: Readonly<Record<string, string>> = {
  USDT: '100000',
  BTC: '2',
  ETH: '30',
  BNB: '100',
  SOL: '300',
  XRP: '20000',
  DOGE: '100000',
};

const demos: readonly { readonly name: string; readonly permissions: Permissions }[] = [
  { name: 'trader', permissions: { mayTrade: true, mayWithdraw: false } },
  { name: 'second-trader', permissions: { mayTrade: true, mayWithdraw: false } },
  { name: 'reader', permissions: { mayTrade: false, mayWithdraw: false } },
  { name: 'withdrawer', permissions: { mayTrade: true, mayWithdraw: true } },
];

/** Accounts to try the exchange with. Their keys follow from the seed and open nothing but this simulation. */
export function createDemoAccounts(seed: string, createdAt: EpochMs): readonly Account[] {
  return demos.map(({ name, permissions }, index) => {
    const random = createRandom(`${seed}/account/${name}`);
    const key = (): string =>
      Array.from({ length: keyLength }, () => keyAlphabet[random.integer(keyAlphabet.length)]).join('');
    const balances = Object.entries(initialBalances).map(
      ([asset, amount]) => [asset, parseBigUnits(amount, moneyDecimals)] as const,
    );
    const identity = { name, uid: 300_000_001 + index, apiKey: key(), secret: key(), permissions, createdAt };
    return new Account(identity, new Map(balances));
  });
}
