import fc from 'fast-check';
import { Account } from '../../src/simulator/engine/accounts/account';
import { tradingOnly } from '../../src/simulator/engine/accounts/identity';
import { flatCandle } from '../../src/simulator/engine/candle';
import { FuturesHouse } from '../../src/simulator/engine/futures/futuresHouse';
import type { FuturesRequest } from '../../src/simulator/engine/futures/futuresOrder';
import { FuturesRefused } from '../../src/simulator/engine/futures/futuresRefused';
import { marginState } from '../../src/simulator/engine/futures/margin';
import { Position } from '../../src/simulator/engine/futures/position';
import { createRandom } from '../../src/simulator/engine/random';
import { SimulatedMarket } from '../../src/simulator/engine/simulatedMarket';

const now = Date.UTC(2026, 0, 5, 12);
const unit = 100_000_000n;
const spec = {
  id: 'BTCUSDT',
  base: 'BTC',
  quote: 'USDT',
  priceDecimals: 1,
  amountDecimals: 3,
  minNotional: '5',
  maxAmount: '1000',
};

describe('a futures position', () => {
  it('is carried at average cost and realizes the difference when it shrinks or turns', () => {
    const position = new Position(spec, 'BOTH');
    expect(position.trade(1000, 1000, now)).toBe(0n);
    expect(position.trade(1000, 1100, now)).toBe(0n);
    expect(position.entryPrice()).toBe(105n * unit);
    expect(position.trade(-500, 1200, now)).toBe((15n * unit) / 2n);
    expect(position.unrealized(110n * unit)).toBe((15n * unit) / 2n);
    expect(position.trade(-2500, 1000, now)).toBe((-15n * unit) / 2n);
    expect([position.lots, position.entryPrice()]).toEqual([-1000, 100n * unit]);
    expect(position.unrealized(90n * unit)).toBe(10n * unit);
    expect(position.notional(90n * unit)).toBe(-90n * unit);
  });

  it('realizes in all exactly what was paid and got, once it is flat', () => {
    const trade = fc.record({
      lots: fc.integer({ min: -5000, max: 5000 }),
      ticks: fc.integer({ min: 1, max: 2_000_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(
          trade.filter(({ lots }) => lots !== 0),
          { minLength: 1, maxLength: 40 },
        ),
        (trades) => {
          const position = new Position(spec, 'BOTH');
          const held = trades.reduce((total, { lots }) => total + lots, 0);
          const closing = held === 0 ? [] : [{ lots: -held, ticks: 1000 }];
          let cash = 0n;
          let realized = 0n;
          for (const { lots, ticks } of [...trades, ...closing]) {
            realized += position.trade(lots, ticks, now);
            // Ticks of 0.1 and lots of 0.001: 1e-4 together.
            cash -= BigInt(lots) * BigInt(ticks) * 10_000n;
          }
          expect([position.lots, position.entryCost, realized]).toEqual([0, 0n, cash]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the futures house', () => {
  function setUp() {
    const last = flatCandle(now - 60_000, 1000);
    const history = { days: [], hours: [], minutes: [last] };
    const market = new SimulatedMarket({ spec, history, firstTradeId: 1000, now: () => now });
    const house = new FuturesHouse({
      markets: new Map([[spec.id, market]]),
      random: createRandom('house'),
      now: () => now,
    });
    const accounts = ['alice', 'bob'].map((name, uid) => {
      const identity = { name, uid, apiKey: name, secret: name, permissions: tradingOnly, createdAt: now };
      return house.accountOf(new Account(identity, new Map()));
    });
    house.fixMark(market, 100n * unit);
    return { market, house, accounts };
  }

  const request = (asked: Partial<FuturesRequest>): FuturesRequest => ({
    side: 'BUY',
    type: asked.price === undefined ? 'MARKET' : 'LIMIT',
    timeInForce: 'GTC',
    price: null,
    amount: '1',
    positionSide: 'BOTH',
    isReduceOnly: false,
    clientOrderId: null,
    algo: null,
    ...asked,
  });

  it('sets initial margin aside for the larger exposure that open orders could lead to', () => {
    const { market, house, accounts } = setUp();
    const [alice] = accounts;
    alice!.setLeverage(spec.id, 10, now);
    house.desk.place(market, alice!, request({ price: '99.0', amount: '10' }));
    house.desk.place(market, alice!, request({ side: 'SELL', price: '101.0', amount: '4' }));
    const { openOrderInitial, available } = marginState(alice!, house.marks.of);
    expect([openOrderInitial, available]).toEqual([99n * unit, 9901n * unit]);
  });

  it('expires the waiting one of two orders of an account that would trade with each other', () => {
    const { market, house, accounts } = setUp();
    const [alice, bob] = accounts;
    const own = house.desk.place(market, alice!, request({ side: 'SELL', price: '100.0' }));
    house.desk.place(market, bob!, request({ side: 'SELL', price: '100.0' }));
    const order = house.desk.place(market, alice!, request({ price: '100.0' }));
    expect([own.status, order.status]).toEqual(['EXPIRED_IN_MATCH', 'FILLED']);
  });

  it('neither makes nor loses money between accounts, whatever they trade: wallets, fees and open profit add up', () => {
    const action = fc.record({
      who: fc.nat(1),
      side: fc.constantFrom('BUY' as const, 'SELL' as const),
      price: fc.integer({ min: 970, max: 1030 }).map((ticks) => (ticks / 10).toFixed(1)),
      amount: fc.integer({ min: 100, max: 9000 }).map((lots) => (lots / 1000).toFixed(3)),
      timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const, 'GTX' as const),
      isReduceOnly: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { market, house, accounts } = setUp();
        for (const { who, ...asked } of actions) {
          try {
            house.desk.place(market, accounts[who]!, request(asked));
          } catch (error) {
            if (!(error instanceof FuturesRefused)) throw error;
          }
        }
        const all = <T>(of: (account: (typeof accounts)[0]) => readonly T[]): T[] =>
          accounts.flatMap((each) => [...of(each)]);
        const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
        const fees = sum(all((account) => account.fills.map(({ fee }) => fee)));
        const wallets = sum(accounts.map(({ wallet }) => wallet));
        const open = sum(all((account) => account.positions.map((position) => position.unrealized(100n * unit))));
        expect(wallets + fees + open).toBe(20_000n * unit);
        expect(all((account) => account.positions.map(({ lots }) => lots)).reduce((a, b) => a + b, 0)).toBe(0);
        for (const order of all((account) => account.openOrders(null)).filter((each) => each.isReduceOnly)) {
          expect(order.lots).toBeGreaterThan(order.executedLots);
        }
      }),
      { numRuns: 150 },
    );
  });
});
