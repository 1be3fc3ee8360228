import fc from 'fast-check';
import { Account, type AccountEvent } from '../../src/simulator/engine/accounts/account';
import type { OrderRequest } from '../../src/simulator/engine/accounts/accountOrder';
import { tradingOnly } from '../../src/simulator/engine/accounts/identity';
import { OrderDesk } from '../../src/simulator/engine/accounts/orderDesk';
import { OrderRefused } from '../../src/simulator/engine/accounts/orderRefused';
import { flatCandle } from '../../src/simulator/engine/candle';
import { createRandom } from '../../src/simulator/engine/random';
import { SimulatedMarket } from '../../src/simulator/engine/simulatedMarket';

const now = Date.UTC(2026, 0, 5, 12);
const unit = 100_000_000n;
const start = { BTC: 10n * unit, USDT: 10_000n * unit };
const spec = {
  id: 'BTCUSDT',
  base: 'BTC',
  quote: 'USDT',
  priceDecimals: 2,
  amountDecimals: 5,
  minNotional: '5',
  maxAmount: '9000',
};

/** A market whose last price is 100.00 and whose book is empty, and two accounts. */
function setUp() {
  const last = flatCandle(now - 60_000, 10_000);
  const market = new SimulatedMarket({
    spec,
    history: { days: [], hours: [], minutes: [last] },
    firstTradeId: 1000,
    now: () => now,
  });
  const desk = new OrderDesk({ markets: new Map([[spec.id, market]]), random: createRandom('desk'), now: () => now });
  const [alice, bob] = ['alice', 'bob'].map((name, uid) => {
    const identity = { name, uid, apiKey: name, secret: name, permissions: tradingOnly, createdAt: now };
    return new Account(identity, new Map(Object.entries(start)));
  }) as [Account, Account];
  const place = (account: Account, request: Partial<OrderRequest>) => desk.place(market, account, toRequest(request));
  return { market, desk, alice, bob, place };
}

function toRequest(request: Partial<OrderRequest>): OrderRequest {
  const nothing = { price: null, amount: null, cost: null, stopPrice: null, trailingBips: null, clientOrderId: null };
  return {
    side: 'BUY',
    type: (request.price ?? null) === null ? 'MARKET' : 'LIMIT',
    timeInForce: 'GTC',
    ...nothing,
    ...request,
  };
}

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof OrderRefused) return error.reason;
    throw error;
  }
  return 'accepted';
}

describe('the order desk', () => {
  it('sets aside what an order may cost and gives it back on cancellation', () => {
    const { market, desk, alice, place } = setUp();
    const order = place(alice, { price: '99.00', amount: '2' });
    expect(alice.balance('USDT')).toEqual({ free: start.USDT - 198n * unit, locked: 198n * unit });
    expect(desk.cancel(market, alice, order)).toBe(true);
    expect(alice.balance('USDT')).toEqual({ free: start.USDT, locked: 0n });
    expect(order.status).toBe('CANCELED');
    expect(desk.cancel(market, alice, order)).toBe(false);
  });

  it('books a trade at the maker’s price, takes ten basis points of what each side receives, and returns what was saved', () => {
    const { alice, bob, place } = setUp();
    place(bob, { side: 'SELL', price: '100.00', amount: '1' });
    const order = place(alice, { price: '105.00', amount: '1' });
    expect(order).toMatchObject({ status: 'FILLED', executedCost: 100n * unit });
    expect(alice.balance('USDT')).toEqual({ free: start.USDT - 100n * unit, locked: 0n });
    expect(alice.balance('BTC').free).toBe(start.BTC + unit - unit / 1000n);
    expect(bob.balance('USDT').free).toBe(start.USDT + 100n * unit - unit / 10n);
    expect(bob.balance('BTC')).toEqual({ free: start.BTC - unit, locked: 0n });
    expect([alice.fills[0], bob.fills[0]]).toMatchObject([
      { isMaker: false, feeAsset: 'BTC', tradeId: 1000 },
      { isMaker: true, feeAsset: 'USDT', tradeId: 1000 },
    ]);
  });

  it('keeps aside only what the rest of a partly filled order may cost', () => {
    const { alice, bob, place } = setUp();
    place(bob, { side: 'SELL', price: '100.00', amount: '1' });
    const order = place(alice, { price: '105.00', amount: '3' });
    expect([order.status, order.locked]).toEqual(['PARTIALLY_FILLED', 210n * unit]);
    expect(alice.balance('USDT')).toEqual({ free: start.USDT - 310n * unit, locked: 210n * unit });
  });

  it('buys for a given cost, never for more, and sells for one', () => {
    const { alice, bob, place } = setUp();
    place(bob, { side: 'SELL', price: '100.00', amount: '0.5' });
    place(bob, { side: 'SELL', price: '101.00', amount: '5' });
    const bought = place(alice, { cost: '60' });
    // 50 for the first half, and 0.09900 × 101 = 9.999 of the ten that are left.
    expect(bought).toMatchObject({ status: 'FILLED', executedLots: 59_900, executedCost: 5_999_900_000n });
    place(bob, { price: '99.00', amount: '5' });
    expect(place(alice, { side: 'SELL', cost: '9.90' })).toMatchObject({ status: 'FILLED', executedLots: 10_000 });
  });

  it('expires what a market order, an IOC or a FOK could not fill, and frees its money', () => {
    const { alice, bob, place } = setUp();
    place(bob, { side: 'SELL', price: '100.00', amount: '1' });
    expect(place(alice, { price: '100.00', amount: '2', timeInForce: 'FOK' })).toMatchObject({
      status: 'EXPIRED',
      executedLots: 0,
    });
    expect(place(alice, { price: '100.00', amount: '2', timeInForce: 'IOC' })).toMatchObject({
      status: 'EXPIRED',
      executedLots: 100_000,
    });
    expect(place(alice, { amount: '1' })).toMatchObject({ status: 'EXPIRED', executedLots: 0 });
    expect(alice.balance('USDT')).toEqual({ free: start.USDT - 100n * unit, locked: 0n });
    expect(alice.openOrders(null)).toEqual([]);
  });

  it('never lets an account trade with itself: the order that waited expires', () => {
    const { alice, bob, place } = setUp();
    const own = place(alice, { side: 'SELL', price: '100.00', amount: '1' });
    place(bob, { side: 'SELL', price: '100.00', amount: '1' });
    const order = place(alice, { price: '100.00', amount: '1' });
    expect([own.status, order.status]).toEqual(['EXPIRED_IN_MATCH', 'FILLED']);
    expect(bob.fills).toHaveLength(1);
    expect(alice.balance('BTC').locked).toBe(0n);
  });

  it('does not count an account’s own orders towards a FOK', () => {
    const { alice, place } = setUp();
    const own = place(alice, { side: 'SELL', price: '100.00', amount: '1' });
    expect(place(alice, { price: '100.00', amount: '1', timeInForce: 'FOK' }).status).toBe('EXPIRED');
    expect(own.status).toBe('NEW');
  });

  it.each([
    ['STOP_LOSS', 'SELL', '95', 9400],
    ['STOP_LOSS', 'BUY', '105', 10_600],
    ['TAKE_PROFIT', 'SELL', '105', 10_600],
    ['TAKE_PROFIT', 'BUY', '95', 9400],
  ] as const)(
    'runs a %s to %s at %s once the price has got there, not before',
    async (type, side, stopPrice, reached) => {
      const { market, alice, bob, place } = setUp();
      const order = place(alice, { type, side, amount: '1', stopPrice });
      const trade = async (ticks: number): Promise<void> => {
        market.place({ id: market.nextOrderId(), side: 'SELL', priceTicks: ticks, lots: 1, timeInForce: 'GTC' }, now);
        market.place({ id: market.nextOrderId(), side: 'BUY', priceTicks: ticks, lots: 1, timeInForce: 'IOC' }, now);
        await Promise.resolve();
      };
      await trade(10_010);
      expect([order.status, order.workingAt]).toEqual(['NEW', null]);
      place(bob, { side: side === 'BUY' ? 'SELL' : 'BUY', price: side === 'BUY' ? '110' : '90', amount: '5' });
      await trade(reached);
      expect(order).toMatchObject({ status: 'FILLED', executedLots: 100_000, locked: 0n });
    },
  );

  describe('trailing stops', () => {
    const trade = async ({ market }: ReturnType<typeof setUp>, ticks: number): Promise<void> => {
      market.place({ id: market.nextOrderId(), side: 'SELL', priceTicks: ticks, lots: 1, timeInForce: 'GTC' }, now);
      market.place({ id: market.nextOrderId(), side: 'BUY', priceTicks: ticks, lots: 1, timeInForce: 'IOC' }, now);
      await Promise.resolve();
    };

    // The last price at the start is 100.00; 500 basis points are five percent.
    it.each([
      ['sells five percent below the highest price', 'STOP_LOSS', 'SELL', null, [10_400, 10_800, 10_261], 10_260],
      ['takes a profit five percent below the highest', 'TAKE_PROFIT', 'SELL', null, [11_000, 10_451], 10_450],
      ['buys five percent above the lowest price', 'STOP_LOSS', 'BUY', null, [9800, 9400, 9869], 9870],
      [
        'follows a rise only once its stop price is reached',
        'STOP_LOSS',
        'BUY',
        '105',
        [9000, 9900, 10_500, 11_024],
        11_025,
      ],
      [
        'follows a profit only once its stop price is reached',
        'TAKE_PROFIT',
        'SELL',
        '105',
        [10_400, 9000, 10_500, 10_000],
        9975,
      ],
    ] as const)('%s', async (_what, type, side, stopPrice, prices, last) => {
      const parts = setUp();
      const order = parts.place(parts.alice, { type, side, amount: '1', stopPrice, trailingBips: 500 });
      for (const ticks of prices) {
        await trade(parts, ticks);
        expect([ticks, order.workingAt]).toEqual([ticks, null]);
      }
      parts.place(parts.bob, {
        side: side === 'BUY' ? 'SELL' : 'BUY',
        price: String(last / 100 + (side === 'BUY' ? 1 : -1)),
        amount: '5',
      });
      await trade(parts, last);
      expect(order).toMatchObject({ status: 'FILLED', executedLots: 100_000, locked: 0n });
    });

    it.each([9, 2001])('refuses one that trails by %i basis points', (trailingBips) => {
      const { alice, place } = setUp();
      const request = { type: 'STOP_LOSS', side: 'SELL', amount: '1', trailingBips } as const;
      expect(reasonOf(() => place(alice, request))).toBe('TRAILING_DELTA');
    });
  });

  it('refuses a stop that would be triggered at once', () => {
    const { place, alice } = setUp();
    expect(reasonOf(() => place(alice, { type: 'STOP_LOSS', side: 'SELL', amount: '1', stopPrice: '101' }))).toBe(
      'WOULD_TRIGGER',
    );
  });

  it('expires a triggered buy that the account can no longer pay', async () => {
    const { market, alice, bob, place } = setUp();
    const order = place(alice, { type: 'STOP_LOSS', amount: '90', stopPrice: '110' });
    const sell = { side: 'SELL', timeInForce: 'GTC' } as const;
    market.place({ id: market.nextOrderId(), priceTicks: 11_100, lots: 10_000, ...sell }, now);
    market.place({ id: market.nextOrderId(), priceTicks: 40_000, lots: 4_000_000, ...sell }, now);
    place(bob, { price: '111', amount: '0.1' });
    await Promise.resolve();
    expect(order).toMatchObject({ status: 'EXPIRED', executedLots: 0, locked: 0n });
    expect(alice.balance('USDT')).toEqual({ free: start.USDT, locked: 0n });
  });

  it.each([
    ['a price between two ticks', { price: '100.001', amount: '1' }, 'PRICE_FILTER'],
    ['a price of nothing', { price: '0', amount: '1' }, 'PRICE_FILTER'],
    ['an amount between two lots', { price: '100', amount: '0.000001' }, 'LOT_SIZE'],
    ['an amount beyond the largest', { price: '100', amount: '9001' }, 'LOT_SIZE'],
    ['a market order beyond the largest', { amount: '2251' }, 'MARKET_LOT_SIZE'],
    ['too little money', { price: '100', amount: '0.04' }, 'NOTIONAL'],
    ['too little money at market', { cost: '4.99' }, 'NOTIONAL'],
    ['a price far above the average', { price: '501', amount: '1' }, 'PERCENT_PRICE_BY_SIDE'],
    ['a price far below the average', { price: '19', amount: '1' }, 'PERCENT_PRICE_BY_SIDE'],
    ['more than the account has', { price: '100', amount: '100.00001' }, 'INSUFFICIENT_BALANCE'],
    ['what fits exactly', { price: '100', amount: '100' }, 'accepted'],
  ])('judges %s', (_what, request, reason) => {
    const { alice, place } = setUp();
    expect(reasonOf(() => place(alice, request))).toBe(reason);
    if (reason !== 'accepted') expect([alice.orders.size, alice.balance('USDT').free]).toEqual([0, start.USDT]);
  });

  it('refuses a post-only order that would take', () => {
    const { alice, bob, place } = setUp();
    place(bob, { side: 'SELL', price: '100', amount: '1' });
    expect(reasonOf(() => place(alice, { type: 'LIMIT_MAKER', price: '100', amount: '1' }))).toBe('WOULD_TAKE');
    expect(reasonOf(() => place(alice, { type: 'LIMIT_MAKER', price: '99.99', amount: '1' }))).toBe('accepted');
  });

  it('refuses the two hundred and first open order and the sixth open stop', () => {
    const { alice, place } = setUp();
    const stop = () => place(alice, { type: 'STOP_LOSS', side: 'SELL', amount: '0.06', stopPrice: '95' });
    for (let i = 0; i < 5; i += 1) stop();
    expect(reasonOf(stop)).toBe('MAX_NUM_ALGO_ORDERS');
    const limit = () => place(alice, { price: '90', amount: '0.06' });
    for (let i = 0; i < 195; i += 1) limit();
    expect(reasonOf(limit)).toBe('MAX_NUM_ORDERS');
  });

  it('holds client ids unique among open orders only: the same id buys twice once the first order is done', () => {
    const { alice, bob, place } = setUp();
    place(bob, { side: 'SELL', price: '100', amount: '5' });
    place(alice, { amount: '1', clientOrderId: 'mine' });
    place(alice, { amount: '1', clientOrderId: 'mine' });
    expect(alice.fills).toHaveLength(2);
    const open = place(alice, { price: '90', amount: '1', clientOrderId: 'mine' });
    expect(reasonOf(() => place(alice, { price: '91', amount: '1', clientOrderId: 'mine' }))).toBe(
      'DUPLICATE_CLIENT_ID',
    );
    expect(alice.orderByClientId(spec.id, 'mine')).toBe(open);
  });

  it('tells the account of a new order, then of its trades, then of its balances', () => {
    const { alice, bob, place } = setUp();
    const told: string[] = [];
    const tell = (event: AccountEvent) =>
      told.push(event.kind === 'order' ? `${event.execution} ${event.order.status}` : event.kind);
    place(bob, { side: 'SELL', price: '100', amount: '1' });
    alice.events.listen(tell);
    place(alice, { price: '100', amount: '3', timeInForce: 'IOC' });
    expect(told).toEqual(['NEW NEW', 'TRADE PARTIALLY_FILLED', 'EXPIRED EXPIRED', 'balances']);
  });

  it('neither makes nor loses money, whatever two accounts do', () => {
    const action = fc.record({
      who: fc.nat(1),
      isCancel: fc.boolean(),
      side: fc.constantFrom('BUY' as const, 'SELL' as const),
      price: fc.option(
        fc.integer({ min: 9_800, max: 10_200 }).map((ticks) => String(ticks / 100)),
        { nil: null },
      ),
      amount: fc.integer({ min: 10_000, max: 300_000 }).map((lots) => (lots / 100_000).toFixed(5)),
      timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { market, desk, alice, bob, place } = setUp();
        const accounts = [alice, bob];
        for (const { who, isCancel, pick, ...request } of actions) {
          const account = accounts[who]!;
          const open = account.openOrders(null);
          if (isCancel && open.length > 0) desk.cancel(market, account, open[pick % open.length]!);
          else reasonOf(() => place(account, request));
        }
        for (const asset of ['BTC', 'USDT'] as const) {
          const held = accounts
            .map((account) => account.balance(asset))
            .reduce((sum, { free, locked }) => sum + free + locked, 0n);
          const fees = accounts.flatMap((account) => account.fills).filter((fill) => fill.feeAsset === asset);
          expect(held + fees.reduce((sum, fill) => sum + fill.fee, 0n)).toBe(2n * start[asset]);
          for (const account of accounts) {
            const side = asset === 'BTC' ? 'SELL' : 'BUY';
            const locked = account.openOrders(null).filter((order) => order.side === side);
            expect(account.balance(asset).locked).toBe(locked.reduce((sum, order) => sum + order.locked, 0n));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
