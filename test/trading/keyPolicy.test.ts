import fc from 'fast-check';
import { Secret } from '../../src/domain/secret';
import { AppError } from '../../src/errors/appError';
import type { KeyPermissions, TradingPort } from '../../src/exchanges/tradingPort';
import { KeyCheck } from '../../src/trading/accounts/keyCheck';
import { judgeKey } from '../../src/trading/keyPolicy';

const fit: KeyPermissions = { mayTrade: true, mayWithdraw: false, mayTransfer: false, isIpRestricted: true };
const realMoney = { isTestnet: false };
const testnet = { isTestnet: true };

it('takes a key that trades from known addresses and can do nothing else', () => {
  expect(judgeKey(fit, realMoney)).toEqual([]);
  expect(judgeKey(fit, testnet)).toEqual([]);
});

it.each<[keyof KeyPermissions, boolean, string]>([
  ['mayWithdraw', true, 'KEY_CAN_WITHDRAW'],
  ['mayTransfer', true, 'KEY_CAN_TRANSFER'],
  ['isIpRestricted', false, 'KEY_NOT_IP_RESTRICTED'],
  ['mayTrade', false, 'KEY_CANNOT_TRADE'],
])('refuses a key whose %s is %s: %s', (permission, told, code) => {
  expect(judgeKey({ ...fit, [permission]: told }, realMoney)).toEqual([{ code, permission }]);
});

it.each<keyof KeyPermissions>(['mayWithdraw', 'mayTransfer', 'isIpRestricted', 'mayTrade'])(
  'refuses a key of which the exchange does not tell %s',
  (permission) => {
    expect(judgeKey({ ...fit, [permission]: null }, realMoney)).toEqual([
      { code: 'KEY_PERMISSIONS_UNKNOWN', permission },
    ]);
  },
);

it.each([false, null])('lets a key of a testnet be whose restriction to addresses is %s', (isIpRestricted) => {
  expect(judgeKey({ ...fit, isIpRestricted }, testnet)).toEqual([]);
});

it('refuses on a testnet as well what can withdraw, transfer or not trade', () => {
  const codes = judgeKey({ mayTrade: null, mayWithdraw: true, mayTransfer: null, isIpRestricted: false }, testnet);
  expect(codes.map(({ code }) => code)).toEqual([
    'KEY_CAN_WITHDRAW',
    'KEY_PERMISSIONS_UNKNOWN',
    'KEY_PERMISSIONS_UNKNOWN',
  ]);
});

it('takes exactly one answer of the exchange for real money, and never more where less is known', () => {
  const answer = fc.constantFrom(true, false, null);
  const permissions = fc.record({ mayTrade: answer, mayWithdraw: answer, mayTransfer: answer, isIpRestricted: answer });
  fc.assert(
    fc.property(permissions, fc.constantFrom(...(Object.keys(fit) as (keyof KeyPermissions)[])), (told, name) => {
      const isFit = Object.entries(fit).every(
        ([permission, wanted]) => told[permission as keyof KeyPermissions] === wanted,
      );
      const violations = judgeKey(told, realMoney);
      expect(violations.length === 0).toBe(isFit);
      expect(judgeKey({ ...told, [name]: null }, realMoney).length).toBeGreaterThanOrEqual(violations.length);
      expect(violations).toEqual(expect.arrayContaining([...judgeKey(told, testnet)]));
    }),
    { numRuns: 500 },
  );
});

it.each<[string, () => Promise<KeyPermissions>]>([
  ['fit', () => Promise.resolve(fit)],
  ['unfit', () => Promise.resolve({ ...fit, mayWithdraw: true })],
  ['unfit', () => Promise.reject(new AppError('CREDENTIALS_REFUSED'))],
  ['EXCHANGE_UNAVAILABLE', () => Promise.reject(new AppError('EXCHANGE_UNAVAILABLE'))],
])('hangs up when the exchange was asked about a key, which is %s', async (expected, keyPermissions) => {
  let hangUps = 0;
  const port: Partial<TradingPort> = {
    keyPermissions,
    exchangeAccount: () => Promise.resolve(null),
    positionMode: () => Promise.resolve('ONE_WAY'),
    close: () => {
      hangUps += 1;
      return Promise.resolve();
    },
  };
  const check = new KeyCheck({ openLive: () => port as TradingPort, isTestnet: () => false });
  const credentials = { apiKey: new Secret('key'), secret: new Secret('secret'), passphrase: null };
  const verdict = await check.ask('fake', credentials).then(
    ({ kind }) => kind,
    (error: unknown) => (error as AppError).code,
  );
  expect([verdict, hangUps]).toEqual([expected, 1]);
});
