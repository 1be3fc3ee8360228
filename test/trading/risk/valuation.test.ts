import fc from 'fast-check';
import { AppError } from '../../../src/errors/appError';
import type { PositionRecord } from '../../../src/storage/trading/records';
import { markPriceOf, PriceTable } from '../../../src/trading/risk/priceTable';
import { valueAccount, type Valuation } from '../../../src/trading/risk/valuation';
import { decimal, marketOf, noon, ScriptedMarkets, times } from './riskHouse';

let now: number;
let markets: ScriptedMarkets;

beforeEach(() => {
  now = noon;
  markets = new ScriptedMarkets(() => now);
});

function value(
  balances: Record<string, string>,
  { positions = [], currency = 'USDT' }: { readonly positions?: PositionRecord[]; readonly currency?: string } = {},
): Promise<Valuation | null> {
  const prices = new PriceTable({ exchange: 'fake', markets, clock: () => now, maxAgeMs: 1_000 });
  const held = Object.entries(balances).map(([of, total]) => ({ currency: of, total: decimal(total) }));
  return valueAccount({ currency, balances: held, positions }, prices);
}

function held(symbol: string, side: 'LONG' | 'SHORT', amount: string, cost: string): PositionRecord {
  const market = marketOf(symbol);
  const zero = decimal('0');
  return {
    id: symbol,
    accountId: 'a',
    marketId: market.id,
    side,
    amount: decimal(amount),
    contractSize: market.contractSize,
    cost: decimal(cost),
    leverage: null,
    liquidationPrice: null,
    realizedPnl: zero,
    feesPaid: zero,
    fundingPaid: zero,
    currency: market.settle ?? market.quote,
    openedAt: noon,
    updatedAt: noon,
    closedAt: null,
  };
}

it('values balances directly, by the inverse market, and by way of USDT or BTC', async () => {
  markets.price('BTC/USDT', '50000');
  markets.price('ETH/BTC', '0.04');
  markets.price('USDT/TRY', '40');
  expect((await value({ USDT: '10', BTC: '0.1' }))?.equity).toBe('5010');
  expect((await value({ TRY: '80' }))?.equity).toBe('2');
  expect((await value({ ETH: '2' }))?.equity).toBe('4000');
  expect((await value({ BTC: '1' }, { currency: 'TRY' }))?.equity).toBe('2000000');
});

it('is exact where binary fractions are not', async () => {
  markets.price('BTC/USDT', '0.3');
  expect((await value({ USDT: '0.1', BTC: '0.1' }))?.equity).toBe('0.13');
});

it('agrees with whole numbers on any balance and price', async () => {
  const digits = fc.record({ whole: fc.nat(10_000_000), places: fc.nat(99_999_999) });
  const text = digits.map(({ whole, places }) => decimal(`${whole}.${String(places).padStart(8, '0')}`));
  const above = text.filter((price) => price !== '0');
  await fc.assert(
    fc.asyncProperty(text, above, async (amount, price) => {
      markets.price('BTC/USDT', price);
      expect((await value({ BTC: amount }))?.equity).toBe(times(amount, price));
    }),
    { numRuns: 300 },
  );
});

it('adds what open swaps would bring in, of both sides', async () => {
  markets.price('BTC/USDT:USDT', '110');
  const positions = [
    held('BTC/USDT:USDT', 'LONG', '2', '200'),
    { ...held('BTC/USDT:USDT', 'SHORT', '1', '100'), id: 'short' },
  ];
  expect(await value({ USDT: '1000' }, { positions })).toMatchObject({ equity: '1010', unrealized: '10' });
});

it('tells what coins of positions are worth above their cost from what else is held', async () => {
  markets.price('BTC/USDT', '120');
  const positions = [held('BTC/USDT', 'LONG', '2', '200')];
  expect(await value({ USDT: '800', BTC: '3' }, { positions })).toEqual({
    equity: '1160',
    unrealized: '40',
    holdings: { USDT: '1000', BTC: '1' },
    rates: { USDT: '1', BTC: '120' },
  });
});

it('does not know what an account is worth while one of its prices is stale, missing or at rest', async () => {
  markets.price('BTC/USDT', '100', noon - 1_001);
  expect(await value({ USDT: '10', BTC: '1' })).toBeNull();
  markets.price('BTC/USDT', '100', noon - 1_000);
  expect((await value({ USDT: '10', BTC: '1' }))?.equity).toBe('110');
  markets.deactivate('BTC/USDT');
  expect(await value({ BTC: '1' })).toBeNull();
  expect(await value({}, { positions: [held('ETH/USDT:USDT', 'LONG', '1', '1')] })).toBeNull();
});

it('does not know what a coin is worth while the exchange tells nothing of its market, or one half of the way is stale', async () => {
  markets.price('BTC/USDT', '100');
  markets.price('ETH/BTC', '0.1', noon - 1_001);
  expect(await value({ USDT: '10', ETH: '1' })).toBeNull();
  const market = jest.spyOn(markets, 'market').mockRejectedValue(new AppError('EXCHANGE_UNAVAILABLE'));
  expect(await value({ USDT: '10', AIRDROP: '1' })).toBeNull();
  // A fault of our own is not taken for an exchange that is away.
  market.mockRejectedValue(new TypeError('ours'));
  await expect(value({ AIRDROP: '1' })).rejects.toThrow('ours');
});

it('is not kept from knowing by the price of a coin of which nothing is held', async () => {
  markets.price('BTC/USDT', '100', noon - 5_000);
  expect((await value({ USDT: '10', BTC: '0' }))?.equity).toBe('10');
});

it('counts a coin without any market as nothing, and does not know what a debt of it weighs', async () => {
  expect((await value({ USDT: '10', AIRDROP: '1000000' }))?.equity).toBe('10');
  expect(await value({ USDT: '10', AIRDROP: '-1' })).toBeNull();
  markets.price('BTC/AIRDROP:AIRDROP', '1');
  expect(await value({ USDT: '10' }, { positions: [held('BTC/AIRDROP:AIRDROP', 'SHORT', '2', '1')] })).toBeNull();
});

it('asks for each price once', async () => {
  markets.price('BTC/USDT', '100');
  markets.price('ETH/BTC', '0.1');
  markets.price('SOL/BTC', '0.01');
  await value({ BTC: '1', ETH: '1', SOL: '1' });
  expect(markets.asked).toBe(3);
});

it.each([
  [{ bid: '99', ask: '101', last: '90' }, '100'],
  [{ bid: null, ask: '101', last: '90' }, '90'],
  [{ bid: '0', ask: '0', last: '90' }, null],
  [{ bid: '-3', ask: '1', last: '90' }, null],
  [{ bid: null, ask: null, last: null }, null],
])('takes %j for a price of %s', ({ bid, ask, last }, price) => {
  const read = (text: string | null) => (text === null ? null : decimal(text));
  expect(markPriceOf({ bid: read(bid), ask: read(ask), last: read(last), provenAt: noon })).toBe(price);
});
